package downloader

import (
	"errors"
	"fmt"
	"mime"
	"strings"
)

// MediaType says which Content-Types are taken: those that match one of its
// patterns, and none of those that begin with '!'. A pattern is a media type
// (RFC 9110 section 8.3.1) whose subtype may be '*'. With only '!' patterns,
// everything else is taken.
type MediaType struct{ want, refuse []string }

// errMediaType is wrapped by every error of ParseMediaType.
var errMediaType = errors.New("bad media type")

// ParseMediaType reads patterns parted by commas: "image/*", "!text/html",
// "application/pdf, application/x-pdf". The empty string takes everything.
func ParseMediaType(s string) (MediaType, error) {
	var m MediaType
	for p := range strings.SplitSeq(s, ",") {
		p = strings.ToLower(strings.TrimSpace(p))
		if p == "" {
			continue
		}
		kind, sub, ok := strings.Cut(strings.TrimPrefix(p, "!"), "/")
		if !ok || kind == "" || sub == "" || strings.ContainsAny(p, " \t;") {
			return MediaType{}, fmt.Errorf("%w: %q is not TYPE/SUBTYPE", errMediaType, p)
		}
		if refused, not := strings.CutPrefix(p, "!"); not {
			m.refuse = append(m.refuse, refused)
		} else {
			m.want = append(m.want, p)
		}
	}
	return m, nil
}

// Takes reports whether a Content-Type, with or without parameters, is taken. One
// that the server did not say is taken unless a pattern asks for something.
func (m MediaType) Takes(contentType string) bool {
	got, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		got, _, _ = strings.Cut(contentType, ";")
		got = strings.ToLower(strings.TrimSpace(got))
	}
	for _, p := range m.refuse {
		if matchesType(p, got) {
			return false
		}
	}
	for _, p := range m.want {
		if matchesType(p, got) {
			return true
		}
	}
	return len(m.want) == 0
}

func matchesType(pattern, got string) bool {
	if kind, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(got, kind)
	}
	return pattern == got
}
