package session

import (
	"errors"
	"fmt"
	"math"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// contentRange is the field Content-Range (RFC 9110 section 14.4).
type contentRange struct {
	off, end    int64 // the bytes from off up to, not including, end
	total       int64 // UnknownSize for "*"
	unsatisfied bool  // "bytes */total": no bytes, only the total
}

// String writes c as messages show it.
func (c contentRange) String() string {
	total := "*"
	if c.total >= 0 {
		total = strconv.FormatInt(c.total, 10)
	}
	if c.unsatisfied {
		return "bytes */" + total
	}
	return fmt.Sprintf("bytes %d-%d/%s", c.off, c.end-1, total)
}

var (
	errNoContentRange  = errors.New("no Content-Range")
	errTwoContentRange = errors.New("several Content-Range fields")
	errBadContentRange = errors.New("bad Content-Range")
)

// contentRangeOf reads the one Content-Range of h.
func contentRangeOf(h http.Header) (contentRange, error) {
	switch fields := h["Content-Range"]; len(fields) {
	case 0:
		return contentRange{}, errNoContentRange
	case 1:
		return parseContentRange(fields[0])
	}
	return contentRange{}, errTwoContentRange
}

// parseContentRange reads "bytes 0-99/100", "bytes 0-99/*" and "bytes */100". A
// recipient must not act on one whose last position comes before its first, or
// not before its total (RFC 9110 section 14.4), so those are errors.
func parseContentRange(s string) (contentRange, error) {
	bad := fmt.Errorf("%w: %.80q", errBadContentRange, s)
	unit, rest, ok := strings.Cut(strings.TrimSpace(s), " ")
	if !ok || !strings.EqualFold(unit, "bytes") {
		return contentRange{}, bad
	}
	span, size, ok := strings.Cut(strings.TrimLeft(rest, " "), "/")
	if !ok {
		return contentRange{}, bad
	}
	total, ok := digits(size)
	if span == "*" {
		if !ok {
			return contentRange{}, bad
		}
		return contentRange{total: total, unsatisfied: true}, nil
	}
	if !ok {
		if size != "*" {
			return contentRange{}, bad
		}
		total = UnknownSize
	}
	first, last, _ := strings.Cut(span, "-")
	off, ok1 := digits(first)
	end, ok2 := digits(last)
	if !ok1 || !ok2 || end < off || end == math.MaxInt64 || (total >= 0 && end >= total) {
		return contentRange{}, bad
	}
	return contentRange{off: off, end: end + 1, total: total}, nil
}

// digits reads 1*DIGIT: no sign, no space.
func digits(s string) (int64, bool) {
	for _, b := range []byte(s) {
		if b < '0' || b > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// acceptsRanges reads Accept-Ranges (RFC 9110 section 14.3).
func acceptsRanges(h http.Header) bool {
	for _, unit := range strings.Split(h.Get("Accept-Ranges"), ",") {
		if strings.EqualFold(strings.TrimSpace(unit), "bytes") {
			return true
		}
	}
	return false
}

// isMultipart reports an answer in several parts (RFC 9110 section 14.6).
func isMultipart(h http.Header) bool {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		media = strings.ToLower(h.Get("Content-Type"))
	}
	return strings.HasPrefix(media, "multipart/byteranges")
}
