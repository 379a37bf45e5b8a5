package origin

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// answer is what is to be sent, before it is put on a wire.
type answer struct {
	status int
	header http.Header
	body   io.Reader // nil: no body
	length int64     // of body; -1: not known before it ends
}

// answerTo makes the answer of version v to r, harmed by f. It reads no clock
// and sends nothing.
func answerTo(r *http.Request, v *version, f *Fault, now time.Time) answer {
	a := compose(r, v, f)
	if f.RetryAfter > 0 {
		a.header.Set("Retry-After", retryAfter(f, now))
	}
	pad(a.header, f.HeaderPad)
	for name, values := range f.Header {
		// A nil value also keeps net/http from adding a field of its own.
		a.header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
	return a
}

// compose finds the kind of answer, from the bluntest to the normal case.
func compose(r *http.Request, v *version, f *Fault) answer {
	switch {
	case f.Location != "":
		return redirect(f.Status, f.Location)
	case f.Status != 0:
		return plain(f.Status, f.Body)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		a := plain(http.StatusMethodNotAllowed, nil)
		a.header.Set("Allow", "GET, HEAD")
		return a
	case !authorized(r, v.User):
		a := plain(http.StatusUnauthorized, nil)
		a.header.Set("WWW-Authenticate", `Basic realm="origin"`)
		return a
	case v.Redirect != "":
		return redirect(v.RedirectStatus, v.Redirect)
	}
	return represent(r, v, f)
}

// represent answers with the file: 200, 206, 304, 412 or 416.
func represent(r *http.Request, v *version, f *Fault) answer {
	switch precondition(r, v.ETag, v.ModTime) {
	case notModified:
		return answer{status: http.StatusNotModified, header: v.validators()}
	case failed:
		return plain(http.StatusPreconditionFailed, nil)
	}
	if f.Gzip {
		return zipped(v)
	}
	field := r.Header.Get("Range")
	if f.Range == RangeUnasked && field == "" {
		return partial(v, span{0, v.length() / 2}, RangeWell)
	}
	// Range is defined for GET alone (RFC 9110 section 14.2).
	if field == "" || r.Method != http.MethodGet || v.NoRanges || f.Range == RangeIgnored {
		return whole(v)
	}
	if !v.IgnoreIfRange && !rangeHolds(r, v.ETag, v.ModTime) {
		return whole(v)
	}
	spans, ok := parseRange(field, v.length())
	switch {
	case !ok:
		return whole(v)
	case len(spans) == 0:
		return refusedRange(fmt.Sprintf("bytes */%d", v.length()))
	case len(spans) > 1:
		return inParts(v, spans)
	}
	return partial(v, spans[0], f.Range)
}

func whole(v *version) answer {
	h := v.fields()
	v.sign(h, span{0, v.length()})
	return answer{http.StatusOK, h, v.Reader(), v.length()}
}

// zipped sends the file compressed. Its length is known only at its end.
func zipped(v *version) answer {
	h := v.fields()
	h.Del("Accept-Ranges")
	h.Set("Content-Encoding", "gzip")
	return answer{http.StatusOK, h, newZipper(v.Reader()), -1}
}

// partial is the 206 for s, or what fault makes of it.
func partial(v *version, s span, fault RangeFault) answer {
	total := strconv.FormatInt(v.length(), 10)
	send, label := s, ""
	switch fault {
	case RangeRefused:
		return refusedRange("bytes */" + total)
	case RangeRefusedBare:
		return refusedRange("")
	case RangeRefusedZero:
		return refusedRange("bytes */0")
	case RangeMultipart:
		return inParts(v, []span{s})
	case RangeFromZero:
		send.off = 0
	case RangeShifted:
		send = span{s.off + 1, min(s.n, v.length()-s.off-1)}
	case RangeShorter:
		send.n = (s.n + 1) / 2
	case RangeToEnd:
		send.n = v.length() - s.off
	case RangeOtherTotal:
		total = strconv.FormatInt(v.length()+1, 10)
	case RangeStarTotal:
		total = "*"
	case RangeGarbled:
		label = "bytes all-of/it"
	case RangeWrongBytes:
		label = s.label(total)
		send.off = elsewhere(s, v.length())
	}
	if label == "" {
		label = send.label(total)
	}
	h := v.fields()
	if fault != RangeUnlabelled {
		h.Set("Content-Range", label)
	}
	v.sign(h, send)
	return answer{http.StatusPartialContent, h, v.section(send), send.n}
}

// elsewhere is an offset at which as many bytes as s has can be found, and that
// is another one where the file has room for it.
func elsewhere(s span, size int64) int64 {
	if s.off > 0 {
		return s.off - 1
	}
	return min(s.off+1, size-s.n)
}

func refusedRange(contentRange string) answer {
	a := plain(http.StatusRequestedRangeNotSatisfiable, nil)
	if contentRange != "" {
		a.header.Set("Content-Range", contentRange)
	}
	return a
}

const boundary = "THIS_STRING_SEPARATES"

// inParts is a 206 of several parts (RFC 9110 section 14.6).
func inParts(v *version, spans []span) answer {
	var parts []io.Reader
	var n int64
	add := func(text string) {
		parts = append(parts, strings.NewReader(text))
		n += int64(len(text))
	}
	for _, s := range spans {
		add(fmt.Sprintf("\r\n--%s\r\nContent-Type: %s\r\nContent-Range: %s\r\n\r\n",
			boundary, v.ContentType, s.label(strconv.FormatInt(v.length(), 10))))
		parts = append(parts, v.section(s))
		n += s.n
	}
	add("\r\n--" + boundary + "--\r\n")
	h := v.fields()
	h.Set("Content-Type", "multipart/byteranges; boundary="+boundary)
	return answer{http.StatusPartialContent, h, io.MultiReader(parts...), n}
}

// plain is an answer that is not the file.
func plain(status int, body []byte) answer {
	h := http.Header{}
	if status == http.StatusNoContent || status == http.StatusNotModified || status < 200 {
		return answer{status: status, header: h}
	}
	if body == nil && status != http.StatusResetContent {
		body = []byte(http.StatusText(status) + "\n")
	}
	h.Set("Content-Type", "text/plain; charset=utf-8")
	return answer{status, h, bytes.NewReader(body), int64(len(body))}
}

func redirect(status int, location string) answer {
	a := plain(cmp.Or(status, http.StatusFound), nil)
	a.header.Set("Location", location)
	return a
}

// retryAfter is the field of RFC 9110 section 10.2.3; a date has whole seconds
// and is rounded up, so that the wait is never shorter than asked.
func retryAfter(f *Fault, now time.Time) string {
	if f.RetryDate {
		at := now.Add(f.RetryAfter + time.Second - 1)
		return at.UTC().Format(http.TimeFormat)
	}
	return strconv.FormatInt(int64((f.RetryAfter+time.Second-1)/time.Second), 10)
}

// pad adds fields of 4 KiB until n bytes are added.
func pad(h http.Header, n int) {
	const line = 4 << 10
	for i := 0; n > 0; i++ {
		h.Set(fmt.Sprintf("X-Pad-%d", i), strings.Repeat("p", min(n, line)))
		n -= line
	}
}
