package downloader

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-9a1263fe/haul/store"
)

// An ID names the job in queues and stores on disk: were it to change, all that
// was begun would begin anew.
func TestIDIsStable(t *testing.T) {
	tests := []struct {
		r    Request
		want string
	}{
		{Request{URLs: []string{"http://h/a"}}, "0d5423bee2a1e9c34c947693cbd10578"},
		{Request{URLs: []string{"http://h/a", "http://m/a"}, Dir: "d", Out: "o",
			Checksum: store.Digest{Algorithm: "adler32", Sum: "\x00\x01\x02\x03"}}, "c0ff26ea0a36a86e9fe1c906ab4bdcf1"},
		{Request{List: "l.txt", Line: 3, Defect: &Failure{"invalid_url", "no URL"}}, "0d9def0582b09b7af53a440bba42f4fa"},
	}
	for _, tt := range tests {
		if got := tt.r.ID().String(); got != tt.want {
			t.Errorf("ID of %+v is %s, want %s", tt.r, got, tt.want)
		}
	}
}

func TestIDIsOfTheWorkAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawRequest(t)
		b := a
		b.Header = append(b.Header, Field{"Authorization", "token of today"})
		b.Meta = []byte(`"other"`)
		b.Size++
		if a.Defect == nil {
			b.List, b.Line = "another", a.Line+1
		}
		if a.ID() != b.ID() {
			t.Fatalf("%+v and %+v are the same work", a, b)
		}
		if a.ID().IsZero() {
			t.Fatal("zero ID")
		}
	})
}

func TestIDDiffersWithTheWork(t *testing.T) {
	work := func(r Request) []any {
		w := []any{append([]string{}, r.URLs...), r.Dir, r.Out, r.Checksum.String()}
		if r.Defect != nil {
			w = append(w, r.List, r.Line)
		}
		return w
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawRequest(t), drawRequest(t)
		if rapid.Bool().Draw(t, "nearly the same") {
			b.URLs, b.Dir, b.Out, b.Checksum = a.URLs, a.Dir, a.Out, a.Checksum
		}
		if got, want := a.ID() == b.ID(), reflect.DeepEqual(work(a), work(b)); got != want {
			t.Fatalf("same ID: %v, same work: %v\na %+v\nb %+v", got, want, a, b)
		}
	})
}

// Where the URLs end must not be something that a URL or a name can imitate:
// these two were one job when a byte 0xff stood there, which also begins the
// length of the second one's URL.
func TestIDPartsCannotRunIntoEachOther(t *testing.T) {
	rest := strings.Repeat("x", 252)
	a := Request{Dir: "d", Out: rest + "\xff\x00\x00"}
	b := Request{URLs: []string{"d\xff\x01" + rest}}
	if a.ID() == b.ID() {
		t.Errorf("%+v and %+v have one ID", a, b)
	}
}

func TestOriginIsThatOfTheFirstURL(t *testing.T) {
	for in, want := range map[string]string{
		"http://Example.com/a":       "http://example.com:80",
		"https://u:p@h/a":            "https://h:443",
		"https://[::1]:8443/":        "https://[::1]:8443",
		"www.example.com/a":          "",
		"http://h:port/":             "",
		"http://bücher.example/b ":   "http://bücher.example:80",
		"HTTPS://H:1/%zz is no path": "",
	} {
		r := Request{URLs: []string{in, "http://mirror/"}}
		if got := r.Origin(); got != want {
			t.Errorf("Origin of %q is %q, want %q", in, got, want)
		}
	}
	if got := (&Request{}).Origin(); got != "" {
		t.Errorf("Origin of nothing is %q", got)
	}
}

func TestJobIsReadBackAsTheRequest(t *testing.T) {
	want := Request{URLs: []string{"http://h/a"}, Out: "o", List: "l", Line: 1}
	j := want.Job()
	if j.ID != want.ID() || j.Host != "http://h:80" || j.Attempt != 0 || j.Done {
		t.Errorf("got %+v", j)
	}
	var got Request
	if err := got.UnmarshalBinary(j.Body); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}
