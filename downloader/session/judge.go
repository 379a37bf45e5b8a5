package session

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Verdict says what an answer is good for.
type Verdict int

// The verdicts. Everything else is an error.
const (
	// Part is the bytes from Off to End of the file (RFC 9110 section 15.3.7).
	Part Verdict = iota + 1
	// Whole is all bytes of the file, also when a range was asked (section 14.2
	// lets a server ignore it).
	Whole
	// Empty is a file without bytes, told by refusing every range of it.
	Empty
	// NotModified answers SetConditional: the file is what it was.
	NotModified
)

// String names v as the log does.
func (v Verdict) String() string {
	switch v {
	case Part:
		return "part"
	case Whole:
		return "whole"
	case Empty:
		return "empty"
	case NotModified:
		return "not modified"
	}
	return "none"
}

// ask is what was asked, as far as the answer is judged by it.
type ask struct {
	ranged      bool
	off, end    int64 // end 0: to the last byte
	versioned   bool
	version     Version
	how         How
	conditional bool
	known       Version
}

// set writes the fields of a ranged or conditional request.
func (q *ask) set(h http.Header) {
	if q.ranged {
		h.Set("Range", q.rangeField())
		// RFC 9110 section 13.1.5: never without Range.
		if v := q.version.ifRange(q.how); q.versioned && v != "" {
			h.Set("If-Range", v)
		}
	}
	if q.conditional {
		if q.known.ETag != "" {
			h.Set("If-None-Match", q.known.ETag)
		}
		if !q.known.LastModified.IsZero() {
			h.Set("If-Modified-Since", httpDate(q.known.LastModified))
		}
	}
}

// rangeField is RFC 9110 section 14.1.2.
func (q *ask) rangeField() string {
	s := "bytes=" + strconv.FormatInt(q.off, 10) + "-"
	if q.end > 0 {
		s += strconv.FormatInt(q.end-1, 10)
	}
	return s
}

// judged is what an answer turned out to be.
type judged struct {
	verdict  Verdict
	off, end int64 // of the file; end is -1 if only the end of the body tells
	// surplus: the server sends more behind end, which is not read.
	surplus bool
	version Version
	changed bool
	ranges  bool
}

// judge decides what an answer to q is. It is the one place where bytes are let
// in: what it does not understand is an error, never a file. length is the
// content's length by the framing of the message, -1 if unknown (RFC 9112
// section 6). now resolves a Retry-After that is a date.
//
// The error has no URL yet.
func judge(q *ask, status int, h http.Header, length int64, now time.Time) (judged, *Error) {
	switch status {
	case http.StatusOK, http.StatusNonAuthoritativeInfo:
		return judgeWhole(q, h, length), nil
	case http.StatusPartialContent:
		return judgePart(q, h, length)
	case http.StatusNotModified:
		return judgeNotModified(q, h)
	case http.StatusRequestedRangeNotSatisfiable:
		return judgeUnsatisfiable(q, h)
	case http.StatusPreconditionFailed:
		if q.versioned {
			return judged{}, refuse(KindChanged, status, errPrecondition)
		}
	}
	return judged{}, judgeStatus(status, h, now)
}

var (
	errPrecondition  = errors.New("the server holds another version")
	errUnaskedPart   = errors.New("part of the file, where the whole was asked")
	errMultipart     = errors.New("several ranges in one answer, where one was asked")
	errUnaskedAnswer = errors.New("not modified, though nothing was said to be known")
)

func refuse(kind Kind, status int, err error) *Error {
	return &Error{Kind: kind, Phase: PhaseHeader, Status: status, Err: err}
}

// judgeWhole takes all content of a 200. It answers a range too: a server may
// ignore Range (RFC 9110 section 14.2), and does so when If-Range fails.
func judgeWhole(q *ask, h http.Header, length int64) judged {
	j := judged{verdict: Whole, end: length, version: versionOf(h), ranges: acceptsRanges(h)}
	j.version.Size = length
	j.changed = q.versioned && !q.version.shows(j.version, q.how)
	return j
}

// judgePart holds a 206 to every word of it (RFC 9110 sections 14.4 and
// 15.3.7): it must start where it was asked to. It may end earlier, since
// servers cap ranges; of one that ends later, the surplus is not read.
func judgePart(q *ask, h http.Header, length int64) (judged, *Error) {
	const status = http.StatusPartialContent
	if !q.ranged {
		return judged{}, refuse(KindRange, status, errUnaskedPart)
	}
	if isMultipart(h) {
		return judged{}, refuse(KindRange, status, errMultipart)
	}
	cr, err := contentRangeOf(h)
	if err != nil {
		return judged{}, refuse(KindRange, status, err)
	}
	if cr.unsatisfied || cr.off != q.off {
		return judged{}, refuse(KindRange, status, fmt.Errorf("%s, where bytes from %d were asked", cr, q.off))
	}
	if length >= 0 && length != cr.end-cr.off {
		return judged{}, refuse(KindRange, status, fmt.Errorf("%s, but %d bytes of content", cr, length))
	}
	j := judged{verdict: Part, off: cr.off, end: cr.end, version: versionOf(h), ranges: true}
	j.version.Size = cr.total
	if q.versioned && (q.version.differs(j.version, q.how) || q.version.Size >= 0 && cr.end > q.version.Size) {
		return judged{}, refuse(KindChanged, status, fmt.Errorf("part of another version (%s)", cr))
	}
	if q.end > 0 && j.end > q.end {
		j.end, j.surplus = q.end, true
	}
	return j, nil
}

// judgeNotModified is RFC 9110 section 15.4.5.
func judgeNotModified(q *ask, h http.Header) (judged, *Error) {
	if !q.conditional {
		return judged{}, refuse(KindProtocol, http.StatusNotModified, errUnaskedAnswer)
	}
	v := q.known
	if got := versionOf(h); got.ETag != "" {
		v.ETag = got.ETag
	}
	return judged{verdict: NotModified, version: v}, nil
}

// judgeUnsatisfiable is RFC 9110 section 15.5.17. A file without bytes has no
// range that could be satisfied, so a first request may learn from the refusal
// that it is empty.
func judgeUnsatisfiable(q *ask, h http.Header) (judged, *Error) {
	const status = http.StatusRequestedRangeNotSatisfiable
	cr, err := contentRangeOf(h)
	if err != nil {
		return judged{}, refuse(KindRange, status, err)
	}
	if !cr.unsatisfied {
		return judged{}, refuse(KindRange, status, fmt.Errorf("refused with %s", cr))
	}
	got := versionOf(h)
	got.Size = cr.total
	switch {
	case q.versioned && q.version.differs(got, q.how):
		return judged{}, refuse(KindChanged, status, fmt.Errorf("the file has %d bytes now", cr.total))
	case cr.total == 0 && q.ranged && (q.off == 0 || !q.versioned):
		return judged{verdict: Empty, version: got, ranges: true}, nil
	}
	return judged{}, refuse(KindRange, status, fmt.Errorf("bytes from %d refused, of %d", q.off, cr.total))
}
