package store

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"path"
	"strings"
	"testing"
	"time"
)

func TestKeysStayInside(t *testing.T) {
	for _, k := range []Key{"a", "a/b", "a.b/..c", "ä/ö", "a b", ".hidden", Key(strings.Repeat("x", MaxSegment))} {
		if err := k.Validate(); err != nil {
			t.Errorf("%q: %v", k, err)
		}
	}
	for _, k := range []Key{
		"", "/", "/a", ".", "..", "../a", "a/../b", "a/..", "./a", "a/", "a//b", `a\b`, "a\x00", "a\nb", "\x7f",
		".haul", ".haul/x", ".HAUL/x", Key(strings.Repeat("x", MaxSegment+1)),
	} {
		if err := k.Validate(); !errors.Is(err, ErrKey) {
			t.Errorf("%q: got %v, want %v", k, err, ErrKey)
		}
	}
}

func FuzzKeysStayInside(f *testing.F) {
	for _, s := range []string{"a/b", "../a", "/a", "a/./b", ".haul/LOCK", "a\\b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if Key(s).Validate() != nil {
			return
		}
		if joined := path.Join("/out", s); !strings.HasPrefix(joined, "/out/") || strings.HasPrefix(strings.ToLower(joined), "/out/.haul/") {
			t.Errorf("%q leads to %q", s, joined)
		}
	})
}

func TestIdentitiesAreTheSameWhenNothingDiffers(t *testing.T) {
	then := time.Unix(1e9, 0)
	for name, c := range map[string]struct {
		a, b Identity
		want bool
	}{
		"equal":                       {Identity{10, `"x"`, then}, Identity{10, `"x"`, then}, true},
		"other size":                  {Identity{10, `"x"`, then}, Identity{11, `"x"`, then}, false},
		"other tag":                   {Identity{10, `"x"`, then}, Identity{10, `"y"`, then}, false},
		"other time":                  {Identity{10, `"x"`, then}, Identity{10, `"x"`, then.Add(time.Second)}, false},
		"same tag, weak":              {Identity{10, `"x"`, then}, Identity{10, `W/"x"`, then}, true},
		"size known to one":           {Identity{UnknownSize, `"x"`, then}, Identity{10, `"x"`, then}, true},
		"only the size in common":     {Identity{10, `"x"`, time.Time{}}, Identity{10, "", then}, true},
		"nothing in common":           {Identity{UnknownSize, `"x"`, time.Time{}}, Identity{10, "", then}, false},
		"same instant in other zones": {Identity{10, "", then}, Identity{10, "", then.UTC()}, true},
	} {
		if got := c.a.Same(c.b); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
		if got := c.b.Same(c.a); got != c.want {
			t.Errorf("%s, the other way round: got %v, want %v", name, got, c.want)
		}
	}
}

func TestOnlyStrongTagsVouchForRanges(t *testing.T) {
	for tag, want := range map[string]string{`"x"`: `"x"`, `W/"x"`: "", "": "", "bare": ""} {
		if got := (Identity{ETag: tag}).StrongETag(); got != want {
			t.Errorf("tag %s: got %q, want %q", tag, got, want)
		}
	}
}

func TestDigestsAreReadAsListsHaveThem(t *testing.T) {
	sum := md5.Sum([]byte("data"))
	text := hex.EncodeToString(sum[:])
	for _, name := range []string{"md5", "MD5", " md5 "} {
		d, err := ParseDigest(name, " "+strings.ToUpper(text)+" ")
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		if d.String() != "md5="+text {
			t.Errorf("%q: got %v", name, d)
		}
		h := d.Hash()
		h.Write([]byte("data"))
		if string(h.Sum(nil)) != d.Sum {
			t.Errorf("%q: its hash does not make its sum", name)
		}
	}
	for _, c := range [][2]string{{"md5", "zz"}, {"md5", text + "00"}, {"md5", ""}, {"rot13", text}, {"", text}} {
		if _, err := ParseDigest(c[0], c[1]); !errors.Is(err, ErrDigest) {
			t.Errorf("%q of %q: got %v, want %v", c[0], c[1], err, ErrDigest)
		}
	}
	if h := (Digest{Algorithm: "rot13"}).Hash(); h != nil {
		t.Error("an unknown algorithm has a hash")
	}
	if s := (Digest{}).String(); s != "" {
		t.Errorf("no digest is written as %q", s)
	}
}

func TestEachAlgorithmHasTheSizeOfItsHash(t *testing.T) {
	for _, a := range algorithms {
		for _, name := range append([]string{a.name}, a.aliases...) {
			d, err := ParseDigest(name, strings.Repeat("00", a.size))
			if err != nil || d.Algorithm != a.name {
				t.Errorf("%s: got %v, %v", name, d, err)
			}
		}
		if n := a.make().Size(); n != a.size {
			t.Errorf("%s: the hash makes %d bytes, want %d", a.name, n, a.size)
		}
	}
}
