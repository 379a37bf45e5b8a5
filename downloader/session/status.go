package session

import (
	"net/http"
	"strings"
	"time"
)

// judgeStatus makes an error of a status that brings no file.
func judgeStatus(status int, h http.Header, now time.Time) *Error {
	e := &Error{Kind: KindHTTPStatus, Phase: PhaseHeader, Status: status, Temporary: temporaryStatus(status)}
	after, said := retryAfter(h.Get("Retry-After"), now)
	if said && e.Temporary {
		e.After = after
	}
	switch status {
	case http.StatusNotFound, http.StatusGone:
		e.Kind = KindNotFound
	case http.StatusUnauthorized, http.StatusProxyAuthRequired:
		e.Kind = KindUnauthorized
	case http.StatusForbidden, http.StatusUnavailableForLegalReasons:
		e.Kind = KindForbidden
	case http.StatusTooManyRequests:
		e.Kind = KindRateLimited
	case http.StatusServiceUnavailable:
		if said {
			e.Kind = KindRateLimited
		}
	}
	return e
}

// temporaryStatus reports whether another try may bring what this one did not.
// Those above 509 are not registered, but are what large caches and balancers
// in front of an origin answer when that one is away.
func temporaryStatus(status int) bool {
	switch status {
	case http.StatusAccepted, // being made (RFC 9110 section 15.3.3)
		http.StatusRequestTimeout,     // 15.5.9
		http.StatusMisdirectedRequest, // 15.5.20: on another connection
		http.StatusTooEarly,           // RFC 8470 section 5.2
		http.StatusTooManyRequests,    // RFC 6585 section 4
		http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
		509, 520, 521, 522, 523, 524, 525, 527, 529, 530, 598, 599:
		return true
	}
	return false
}

// maxRetryAfter bounds what a server can ask for; a year of seconds would do as
// well as never.
const maxRetryAfter = 24 * time.Hour

// retryAfter reads the field Retry-After, seconds or a date (RFC 9110 section
// 10.2.3). A date that has passed asks for nothing, but was said.
func retryAfter(s string, now time.Time) (time.Duration, bool) {
	s = strings.TrimSpace(s)
	if s == "" {
		return 0, false
	}
	if n, ok := digits(s); ok {
		if n > int64(maxRetryAfter/time.Second) {
			return maxRetryAfter, true
		}
		return time.Duration(n) * time.Second, true
	}
	t, err := http.ParseTime(s)
	if err != nil {
		return 0, false
	}
	return min(max(t.Sub(now), 0), maxRetryAfter), true
}
