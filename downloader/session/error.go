package session

import (
	"errors"
	"fmt"
	"time"
)

// Kind classifies a failure. The names are part of the program's contract with
// the outside: they stand in result records and people filter by them.
type Kind string

// Kinds of failure that a session can meet.
const (
	KindInvalidURL        Kind = "invalid_url"
	KindUnsupportedScheme Kind = "unsupported_scheme"
	KindBlocked           Kind = "blocked" // refused by a guard, before a byte was sent
	KindDNS               Kind = "dns"
	KindConnect           Kind = "connect"
	KindTLS               Kind = "tls"
	KindTimeout           Kind = "timeout" // no connection, or no answer, in time
	KindStalled           Kind = "stalled" // the body stopped, or fell below the lowest speed
	KindReset             Kind = "reset"   // the peer broke the connection
	KindProtocol          Kind = "protocol"
	KindRedirect          Kind = "redirect"
	KindNotFound          Kind = "not_found"    // 404, 410
	KindUnauthorized      Kind = "unauthorized" // 401, 407
	KindForbidden         Kind = "forbidden"    // 403, 451
	KindRateLimited       Kind = "rate_limited" // 429, and 503 that names a time
	KindHTTPStatus        Kind = "http_status"  // every other status that is no file
	KindRange             Kind = "range"        // an answer to another range than was asked
	KindChanged           Kind = "changed"      // the file is not the one that was begun
	KindTruncated         Kind = "truncated"    // the body ended before what was promised
	KindTooLarge          Kind = "too_large"
	KindCanceled          Kind = "canceled"
)

// Error is every failure of a session. It is found with errors.As; what caused
// it is found below it with errors.Is.
type Error struct {
	Kind Kind
	// URL that was being asked, without credentials and query secrets.
	URL string
	// Phase says where it happened: resolve, connect, tls, proxy, send, header,
	// body, or "" where that says nothing.
	Phase string
	// Status of the answer; 0 if there was none.
	Status int
	// Temporary failures are worth another try.
	Temporary bool
	// After is how long the server asked to be left alone (RFC 9110 section
	// 10.2.3); 0 if it did not.
	After time.Duration
	// Err is the cause; it may be nil where the kind and status say all.
	Err error
}

// Error says the URL, then what happened, then the cause.
func (e *Error) Error() string {
	s := string(e.Kind)
	if e.Status != 0 {
		s = fmt.Sprintf("%s (status %d)", s, e.Status)
	}
	if e.Phase != "" && e.Phase != string(e.Kind) && e.Status == 0 {
		s += " in " + e.Phase
	}
	if e.URL != "" {
		s = e.URL + ": " + s
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the session error in err's chain, or "".
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}
