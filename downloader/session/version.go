package session

import (
	"net/http"
	"strings"
	"time"
)

// UnknownSize is the Size of a Version whose origin did not say it.
const UnknownSize = -1

// Version is what an origin says of a file's content at one time.
type Version struct {
	// Size in bytes of the whole; UnknownSize if not said.
	Size int64
	// ETag as sent, quotes and weakness mark included (RFC 9110 section 8.8.3).
	ETag string
	// LastModified in whole seconds (RFC 9110 section 8.8.2); zero if not sent.
	LastModified time.Time
}

// How says by which evidence an answer is held to be of the version asked.
type How int

// The ways to know a version, from the best. A caller steps down where a server
// is imperfect: some know only dates, some have another entity tag on each of
// their machines.
const (
	// Auto sends the best validator that there is, and nothing that both sides
	// say may differ.
	Auto How = iota
	// ByETag sends and compares the strong entity tag, and the size.
	ByETag
	// ByDate sends and compares Last-Modified, and the size; tags may differ.
	ByDate
	// ByCheck sends no precondition, and compares size and date.
	ByCheck
)

// String names h as the log does.
func (h How) String() string {
	switch h {
	case Auto:
		return "auto"
	case ByETag:
		return "etag"
	case ByDate:
		return "date"
	}
	return "check"
}

// strongTag returns the entity tag if it is a strong one, else "". Only those
// may stand in If-Range (RFC 9110 sections 8.8.1 and 13.1.5).
func (v Version) strongTag() string {
	if strings.HasPrefix(v.ETag, `"`) {
		return v.ETag
	}
	return ""
}

// ifRange returns the value of the If-Range field that asks for v, "" if none
// can (RFC 9110 section 13.1.5).
func (v Version) ifRange(how How) string {
	tag := v.strongTag()
	date := ""
	if !v.LastModified.IsZero() {
		date = httpDate(v.LastModified)
	}
	switch how {
	case ByETag:
		return tag
	case ByDate:
		return date
	case ByCheck:
		return ""
	}
	if tag != "" {
		return tag
	}
	return date
}

// differs reports whether got contradicts v by the evidence that how counts.
func (v Version) differs(got Version, how How) bool {
	if v.Size >= 0 && got.Size >= 0 && v.Size != got.Size {
		return true
	}
	tags := v.ETag != "" && got.ETag != "" && !sameTag(v.ETag, got.ETag)
	dates := !v.LastModified.IsZero() && !got.LastModified.IsZero() && !v.LastModified.Equal(got.LastModified)
	switch how {
	case ByETag:
		return tags
	case ByDate, ByCheck:
		return dates
	}
	return tags || dates
}

// shows reports whether got is v by the evidence that how counts: nothing
// differs, and there is something beyond the size that agrees.
func (v Version) shows(got Version, how How) bool {
	if v.differs(got, how) {
		return false
	}
	tags := v.ETag != "" && v.ETag == got.ETag
	strong := tags && v.strongTag() != ""
	dates := !v.LastModified.IsZero() && v.LastModified.Equal(got.LastModified)
	sizes := v.Size >= 0 && v.Size == got.Size
	switch how {
	case ByETag:
		return strong
	case ByDate:
		return dates && sizes
	case ByCheck:
		return sizes
	}
	return strong || (sizes && (tags || dates))
}

// sameTag compares strongly (RFC 9110 section 8.8.3.2) if a is strong. A weak
// one can only be compared weakly.
func sameTag(a, b string) bool {
	if strings.HasPrefix(a, "W/") {
		return a[2:] == strings.TrimPrefix(b, "W/")
	}
	return a == b
}

// versionOf reads the validators of an answer; the size is the caller's to say.
func versionOf(h http.Header) Version {
	v := Version{Size: UnknownSize, ETag: entityTag(h.Get("ETag"))}
	if t, err := http.ParseTime(h.Get("Last-Modified")); err == nil {
		v.LastModified = t.UTC().Truncate(time.Second)
	}
	return v
}

// entityTag returns s if it is an entity tag by RFC 9110 section 8.8.3, else "":
// what a server mangled cannot be sent back to it.
func entityTag(s string) string {
	opaque := strings.TrimPrefix(s, "W/")
	if len(opaque) < 2 || opaque[0] != '"' || opaque[len(opaque)-1] != '"' {
		return ""
	}
	for _, b := range []byte(opaque[1 : len(opaque)-1]) {
		if b == '"' || b <= ' ' || b == 0x7f {
			return ""
		}
	}
	return s
}

func httpDate(t time.Time) string { return t.UTC().Format(http.TimeFormat) }
