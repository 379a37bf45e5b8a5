package list

import (
	"bytes"
	"compress/gzip"
	"io"
	"slices"
	"testing"
	"testing/iotest"
)

// pauses yields its pieces, each followed by a pause, and notes how many of them
// were asked for.
type pauses struct {
	pieces []string
	asked  int
	paused bool
}

func (p *pauses) Read(b []byte) (int, error) {
	if p.asked > 0 && !p.paused {
		p.paused = true
		return 0, ErrPause
	}
	if p.asked == len(p.pieces) {
		return 0, io.EOF
	}
	p.paused = false
	p.asked++
	return copy(b, p.pieces[p.asked-1]), nil
}

func TestEntryIsGivenOutWhenTheWriterPauses(t *testing.T) {
	r := &pauses{pieces: []string{"http://a/1\n", "http://a/2\n out=two\n", "http://a/", "3\n", "# end\n"}}
	src, err := Open(r, Config{Name: "-"})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var urls, outs []string
	var when []int
	for e, err := range src.Requests() {
		if err != nil {
			t.Fatal(err)
		}
		urls, outs, when = append(urls, e.Request.URLs[0]), append(outs, e.Request.Out), append(when, r.asked)
	}
	if want := []string{"http://a/1", "http://a/2", "http://a/3"}; !slices.Equal(urls, want) {
		t.Errorf("URLs %q, want %q", urls, want)
	}
	if want := []string{"", "two", ""}; !slices.Equal(outs, want) {
		t.Errorf("names %q, want %q", outs, want)
	}
	if want := []int{1, 2, 4}; !slices.Equal(when, want) {
		t.Errorf("given out after the pieces %v, want %v", when, want)
	}
}

func TestPausesDoNotDisturbCompressionAndTables(t *testing.T) {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	io.WriteString(w, "http://a/1\nhttp://a/2\n")
	w.Close()
	for name, data := range map[string]string{"gzip": z.String(), "csv": "url,out\nhttp://a/1,x\nhttp://a/2,y\n"} {
		var pieces []string
		for i := range len(data) {
			pieces = append(pieces, data[i:i+1])
		}
		src, err := Open(iotest.OneByteReader(&pauses{pieces: pieces}), Config{Name: "l." + name})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		n := 0
		for _, err := range src.Requests() {
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			n++
		}
		src.Close()
		if n != 2 {
			t.Errorf("%s: %d entries, want 2", name, n)
		}
	}
}
