package origin

import (
	"net/http"
	"strings"
	"time"
)

// verdict is what the conditions of a request come to.
type verdict int

const (
	goOn        verdict = iota
	notModified         // 304
	failed              // 412
)

// precondition evaluates the conditions of r in the order of RFC 9110 section
// 13.2.2, but for If-Range.
func precondition(r *http.Request, etag string, mod time.Time) verdict {
	if m := r.Header.Values("If-Match"); len(m) > 0 {
		if !matches(m, etag, strongEqual) {
			return failed
		}
	} else if since, ok := date(r, "If-Unmodified-Since"); ok && !mod.IsZero() && mod.After(since) {
		return failed
	}
	if m := r.Header.Values("If-None-Match"); len(m) > 0 {
		if matches(m, etag, weakEqual) {
			return notModified
		}
	} else if since, ok := date(r, "If-Modified-Since"); ok && !mod.IsZero() && !mod.After(since) {
		return notModified
	}
	return goOn
}

// rangeHolds evaluates If-Range (RFC 9110 section 13.1.5): a strong ETag that is
// equal, or a date that is exactly the Last-Modified.
func rangeHolds(r *http.Request, etag string, mod time.Time) bool {
	v := r.Header.Get("If-Range")
	if v == "" {
		return true
	}
	if strings.HasPrefix(v, `"`) || strings.HasPrefix(v, "W/") {
		return strongEqual(v, etag)
	}
	t, ok := date(r, "If-Range")
	return ok && !mod.IsZero() && t.Equal(mod)
}

func date(r *http.Request, field string) (time.Time, bool) {
	t, err := http.ParseTime(r.Header.Get(field))
	return t, err == nil
}

// matches looks for etag in the lists of an If-Match or If-None-Match.
func matches(fields []string, etag string, equal func(a, b string) bool) bool {
	for _, f := range fields {
		for f != "" {
			var tag string
			tag, f = cutTag(f)
			if tag == "*" || equal(tag, etag) {
				return true
			}
		}
	}
	return false
}

// cutTag takes the first element off a list of entity tags. A comma inside the
// quotes belongs to the tag (RFC 9110 section 8.8.3).
func cutTag(list string) (tag, rest string) {
	list = strings.TrimLeft(list, " \t,")
	quoted := false
	for i := range len(list) {
		switch list[i] {
		case '"':
			quoted = !quoted
		case ',':
			if !quoted {
				return strings.TrimRight(list[:i], " \t"), list[i+1:]
			}
		}
	}
	return strings.TrimRight(list, " \t"), ""
}

// strongEqual and weakEqual are the comparisons of RFC 9110 section 8.8.3.2.
func strongEqual(a, b string) bool {
	return a == b && strings.HasPrefix(a, `"`)
}

func weakEqual(a, b string) bool {
	a, b = strings.TrimPrefix(a, "W/"), strings.TrimPrefix(b, "W/")
	return a == b && strings.HasPrefix(a, `"`)
}
