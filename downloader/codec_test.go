package downloader

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-9a1263fe/haul/downloader/session"
	"github.com/seed-9a1263fe/haul/store"
)

// drawRequest draws any request at all, fit or not.
func drawRequest(t *rapid.T) Request {
	text := rapid.String()
	r := Request{
		Dir:      text.Draw(t, "dir"),
		Out:      text.Draw(t, "out"),
		Checksum: store.Digest{Algorithm: text.Draw(t, "algorithm"), Sum: text.Draw(t, "sum")},
		Size:     rapid.Int64Min(0).Draw(t, "size"),
		Type:     text.Draw(t, "type"),
		List:     text.Draw(t, "list"),
		Line:     rapid.Int64Min(0).Draw(t, "line"),
	}
	for range rapid.IntRange(0, 3).Draw(t, "urls") {
		r.URLs = append(r.URLs, text.Draw(t, "url"))
	}
	for range rapid.IntRange(0, 3).Draw(t, "fields") {
		r.Header = append(r.Header, Field{text.Draw(t, "name"), text.Draw(t, "value")})
	}
	if rapid.Bool().Draw(t, "has meta") {
		r.Meta = []byte(`{"k":` + rapid.StringMatching(`[0-9]{1,9}`).Draw(t, "meta") + `}`)
	}
	if rapid.Bool().Draw(t, "has defect") {
		r.Defect = &Failure{session.Kind(text.Draw(t, "kind")), text.Draw(t, "message")}
	}
	return r
}

func TestBinaryFormIsReadBackTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawRequest(t)
		b := want.AppendBinary([]byte("before"))
		if !bytes.HasPrefix(b, []byte("before")) {
			t.Fatalf("what stood before is gone: %q", b)
		}
		got := Request{Dir: "left over", Defect: &Failure{}}
		if err := got.UnmarshalBinary(b[len("before"):]); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got  %+v\nwant %+v", got, want)
		}
	})
}

func TestCutBinaryFormIsRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRequest(t)
		b := r.AppendBinary(nil)
		for n := range b {
			var got Request
			if err := got.UnmarshalBinary(b[:n]); !errors.Is(err, errBody) {
				t.Fatalf("%d bytes of %d: got %v, want %v", n, len(b), err, errBody)
			}
		}
		var got Request
		if err := got.UnmarshalBinary(append(b, 0)); !errors.Is(err, errBody) {
			t.Fatalf("a byte too many: got %v, want %v", err, errBody)
		}
	})
}

func TestBodyOfALaterVersionIsRefused(t *testing.T) {
	r := Request{URLs: []string{"http://h/a"}}
	b := r.AppendBinary(nil)
	b[0] = requestVersion + 1
	if err := r.UnmarshalBinary(b); !errors.Is(err, errBody) {
		t.Errorf("got %v, want %v", err, errBody)
	}
}

// Bodies lie in queues on disk between two releases, so the form of a version
// must not change.
func TestBinaryFormIsStable(t *testing.T) {
	r := Request{
		URLs: []string{"http://h/a", "http://m/a"}, Dir: "d", Out: "o",
		Checksum: store.Digest{Algorithm: "adler32", Sum: "\x00\x01\x02\x03"},
		Size:     300, Header: []Field{{"A", "b"}}, Type: "t/*", Meta: []byte(`1`), List: "l", Line: 2,
		Defect: &Failure{session.KindInvalidURL, "no"},
	}
	const want = "\x01" +
		"\x02\x0ahttp://h/a\x0ahttp://m/a" + "\x01d" + "\x01o" +
		"\x07adler32\x04\x00\x01\x02\x03" + "\xac\x02" + "\x01\x01A\x01b" + "\x03t/*" + "\x011" + "\x01l" + "\x02" +
		"\x01\x0binvalid_url\x02no"
	if got := string(r.AppendBinary(nil)); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func FuzzUnmarshalBinary(f *testing.F) {
	full := Request{
		URLs: []string{"http://h/a"}, Out: "o", Checksum: store.Digest{Algorithm: "md5", Sum: "x"}, Size: math.MaxInt64,
		Header: []Field{{"A", "b"}}, Type: "t/*", Meta: []byte(`{}`), List: "l", Line: 1, Defect: &Failure{"io", "m"},
	}
	f.Add(full.AppendBinary(nil))
	f.Add((&Request{}).AppendBinary(nil))
	f.Add([]byte{requestVersion, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, b []byte) {
		var r, again Request
		if r.UnmarshalBinary(b) != nil {
			return
		}
		if r.Size < 0 || r.Line < 0 {
			t.Fatalf("%x: size %d, line %d", b, r.Size, r.Line)
		}
		if err := again.UnmarshalBinary(r.AppendBinary(nil)); err != nil || !reflect.DeepEqual(again, r) {
			t.Fatalf("%x:\nfirst %+v\nagain %+v, %v", b, r, again, err)
		}
	})
}
