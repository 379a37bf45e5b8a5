package origin

import (
	"slices"
	"strings"
	"testing"
)

func TestParseRange(t *testing.T) {
	for _, c := range []struct {
		field string
		size  int64
		want  []span
		ok    bool
	}{
		{"bytes=0-9", 100, []span{{0, 10}}, true},
		{"Bytes=0-9", 100, []span{{0, 10}}, true},
		{"bytes=90-", 100, []span{{90, 10}}, true},
		{"bytes=90-999", 100, []span{{90, 10}}, true},
		{"bytes=-5", 100, []span{{95, 5}}, true},
		{"bytes=-500", 100, []span{{0, 100}}, true},
		{"bytes=0-0, 5-6 ,-1", 100, []span{{0, 1}, {5, 2}, {99, 1}}, true},
		{"bytes=0-99999999999999999999", 100, []span{{0, 100}}, true},
		{"bytes=200-300,0-1", 100, []span{{0, 2}}, true},
		{"bytes=100-", 100, nil, true},
		{"bytes=0-", 0, nil, true},
		{"bytes=-0", 100, nil, true},
		{"bytes=-5", 0, nil, true},
		{"bytes=5-4", 100, nil, false},
		{"bytes=-", 100, nil, false},
		{"bytes=", 100, nil, false},
		{"bytes=+1-2", 100, nil, false},
		{"bytes=1-2x", 100, nil, false},
		{"bytes 1-2", 100, nil, false},
		{"lines=1-2", 100, nil, false},
		{"bytes=" + strings.Repeat("0-1,", maxSpans) + "0-1", 100, nil, false},
	} {
		got, ok := parseRange(c.field, c.size)
		if ok != c.ok || !slices.Equal(got, c.want) {
			t.Errorf("%q of %d: got %v %v, want %v %v", c.field, c.size, got, ok, c.want, c.ok)
		}
	}
}

func FuzzParseRange(f *testing.F) {
	f.Add("bytes=0-9,-5,7-", int64(100))
	f.Add("bytes=-99999999999999999999", int64(0))
	f.Fuzz(func(t *testing.T, field string, size int64) {
		if size < 0 {
			return
		}
		spans, ok := parseRange(field, size)
		if !ok && spans != nil || len(spans) > maxSpans {
			t.Fatalf("%v %v", spans, ok)
		}
		for _, s := range spans {
			if s.off < 0 || s.n <= 0 || s.n > size || s.off > size-s.n {
				t.Fatalf("%q of %d: span %v lies outside", field, size, s)
			}
		}
	})
}
