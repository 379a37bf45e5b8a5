package origin

import (
	"fmt"
	"strconv"
	"strings"
)

// span is a piece of a file.
type span struct{ off, n int64 }

// label is the span as a Content-Range (RFC 9110 section 14.4); total "*" is unknown.
func (s span) label(total string) string {
	return fmt.Sprintf("bytes %d-%d/%s", s.off, s.off+s.n-1, total)
}

// maxSpans is how many ranges of one request are honoured. More are ignored, as
// RFC 9110 section 14.2 allows against requests that only cost work.
const maxSpans = 64

// parseRange reads a Range field against a file of size bytes (RFC 9110 section
// 14.1.2 and 14.2). It returns ok false for a field to be ignored, and no spans
// where none can be satisfied.
func parseRange(field string, size int64) (spans []span, ok bool) {
	unit, set, found := strings.Cut(field, "=")
	if !found || !strings.EqualFold(strings.TrimSpace(unit), "bytes") {
		return nil, false
	}
	specs := strings.Split(set, ",")
	if len(specs) > maxSpans {
		return nil, false
	}
	for _, spec := range specs {
		s, ok := parseSpec(strings.Trim(spec, " \t"), size)
		if !ok {
			return nil, false
		}
		if s.n > 0 {
			spans = append(spans, s)
		}
	}
	return spans, true
}

// parseSpec reads one of FIRST-LAST, FIRST- and -LENGTH. A span of no bytes
// cannot be satisfied.
func parseSpec(spec string, size int64) (span, bool) {
	first, last, found := strings.Cut(spec, "-")
	if !found || first == "" && last == "" {
		return span{}, false
	}
	if first == "" {
		n, ok := parsePos(last)
		n = min(n, size)
		return span{size - n, n}, ok
	}
	off, ok := parsePos(first)
	if !ok {
		return span{}, false
	}
	end := size - 1
	if last != "" {
		to, ok := parsePos(last)
		if !ok || to < off {
			return span{}, false
		}
		end = min(end, to)
	}
	return span{off, max(0, end-off+1)}, true
}

// parsePos reads digits and nothing else, which ParseUint would not insist on.
// A number too large is as good as the largest.
func parsePos(s string) (int64, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		n = 1<<63 - 1
	}
	return n, true
}
