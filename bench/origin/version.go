package origin

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
)

// version is a File as it stands at its path until it is replaced. Answers
// under way keep the version they began with.
type version struct {
	File
	sums *sums // of the content, shared by all copies of the version
}

// sums remembers the digests of a content, which are dear for a large one.
type sums struct {
	mu sync.Mutex
	of map[string][]byte // by algorithm
}

func newVersion(f File) *version {
	return &version{File: f, sums: &sums{of: map[string][]byte{}}}
}

// tagged returns a copy of v that shows another ETag.
func (v *version) tagged(n int) *version {
	c := *v
	c.ETag = fmt.Sprintf(`"%016x-%d"`, v.fingerprint(), n)
	return &c
}

// validators are the fields that a 304 has as well (RFC 9110 section 15.4.5).
func (v *version) validators() http.Header {
	h := http.Header{}
	if v.ETag != "" {
		h.Set("ETag", v.ETag)
	}
	if !v.ModTime.IsZero() {
		h.Set("Last-Modified", v.ModTime.UTC().Format(http.TimeFormat))
	}
	return h
}

// fields are those of every answer that carries the file or a part of it.
func (v *version) fields() http.Header {
	h := v.validators()
	h.Set("Content-Type", v.ContentType)
	if v.NoRanges {
		h.Set("Accept-Ranges", "none")
	} else {
		h.Set("Accept-Ranges", "bytes")
	}
	if v.Disposition != "" {
		h.Set("Content-Disposition", v.Disposition)
	}
	for name, values := range v.Header {
		// net/http may append to what it is given.
		h[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
	return h
}

func (v *version) section(s span) io.Reader { return io.NewSectionReader(v, s.off, s.n) }
