package session

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/time/rate"
)

// How a host is treated. The numbers are chosen so that a host which means
// what it says is asked once more than needed, and one in trouble is let be.
const (
	// A learned limit is raised by one when that long nothing spoke against it;
	// doubled when a raise was soon regretted.
	raiseAfter    = 5 * time.Second
	maxRaiseAfter = 2 * time.Minute
	// A 503 that names no time and comes after that many good answers, for each
	// request that the host takes at a time, is no complaint about their number.
	strayAfter = 2
	// A host that says "too many" without a time, even to one request at a time,
	// is left alone for this long; doubled each time.
	firstHold = time.Second
	maxHold   = time.Minute
	// So many requests in a row that no server answered, and more than may go at
	// once, make a host count as down. Then one request in firstDown tries it;
	// doubled each time.
	downAfter = 5
	firstDown = 5 * time.Second
	maxDown   = 5 * time.Minute
)

// ErrHostDown is in the chain of an error that was not tried out: the host did
// not answer lately, and it is not yet time to look again.
var ErrHostDown = errors.New("host did not answer lately")

// host is what is known of one origin: how many requests it takes, until when
// it wants to be left alone, and whether it is there at all. It decides and
// does nothing; hosts asks it under its lock and brings the time.
type host struct {
	origin string
	rate   *rate.Limiter // nil without a bound

	max       int // configured
	limit     int // learned, from 1 to max
	inFlight  int // slots lent
	answering int // of these, those that are being answered

	heldUntil time.Time
	why       string // of a hold or a lower limit

	changed    time.Time // of limit
	raised     time.Time // last raise of limit
	cuts       int       // of limit, so far
	raiseAfter time.Duration
	refusals   int // in a row
	wins       int // requests that went well since the last refusal

	failures  int // in a row, without any answer
	downUntil time.Time
	downFor   time.Duration
	probing   bool
	cause     *Error

	place // in the table
}

// trip is one request's visit to a host.
type trip struct {
	h         *host
	cuts      int // of the host's limit, when the trip began
	failures  int // of the host in a row, when the trip began
	probe     bool
	answering bool
	ended     bool
}

// free reports whether another request may go there now.
func (h *host) free(now time.Time) bool {
	return h.inFlight < h.limit && !now.Before(h.heldUntil)
}

// plain reports whether there is nothing to remember of h.
func (h *host) plain(now time.Time) bool {
	return h.limit == h.max && h.failures == 0 && h.refusals == 0 && !now.Before(h.heldUntil)
}

// begin starts a trip, or says at once that the host is down. Of those who come
// when it is time to look again, the first one goes.
func (h *host) begin(now time.Time) (*trip, error) {
	t := &trip{h: h, cuts: h.cuts, failures: h.failures}
	if h.downFor == 0 {
		return t, nil
	}
	if h.probing || now.Before(h.downUntil) {
		e := *h.cause
		e.URL, e.Err = "", fmt.Errorf("%w: %w", ErrHostDown, h.cause)
		return nil, &e
	}
	h.probing, t.probe = true, true
	return t, nil
}

// answered notes that the header of a file has come. If others failed to get a
// connection while this one waited, the host was not down but full.
func (h *host) answered(t *trip, now time.Time) string {
	if t.ended {
		return ""
	}
	if !t.answering {
		t.answering = true
		h.answering++
	}
	said := ""
	if h.failures > t.failures {
		said = h.lower(min(h.inFlight, h.limit-1), t, whyFull, now)
	}
	h.alive(t)
	return said
}

const whyFull = "takes no more connections"

// alive notes that a server was there to answer.
func (h *host) alive(t *trip) {
	h.failures, h.downFor, h.cause = 0, 0, nil
	h.leaveProbe(t)
}

func (h *host) leaveProbe(t *trip) {
	if t.probe {
		h.probing, t.probe = false, false
	}
}

// end ends a trip with its failure, nil for success. It returns what is worth
// telling, if anything.
func (h *host) end(t *trip, fail *Error, now time.Time) string {
	if t.ended {
		return ""
	}
	t.ended = true
	if t.answering {
		h.answering--
	}
	said := h.learn(t, fail, now)
	h.leaveProbe(t)
	return said
}

// learn finds what a trip's end says of the host.
func (h *host) learn(t *trip, fail *Error, now time.Time) string {
	if fail == nil {
		return h.succeeded(t, now)
	}
	switch fail.Kind {
	case KindCanceled, KindBlocked:
		return ""
	case KindDNS:
		return h.failed(t, fail, now)
	case KindTLS, KindConnect:
		return h.unreached(t, fail, now)
	case KindTimeout:
		return h.timedOut(t, fail, now)
	case KindReset:
		if fail.Phase != PhaseBody {
			return h.unreached(t, fail, now)
		}
		return ""
	case KindStalled:
		return h.lower(h.limit-1, t, "a body stalled", now)
	}
	h.alive(t)
	switch {
	case fail.Status == http.StatusTooManyRequests, fail.Status == http.StatusServiceUnavailable:
		return h.overloaded(t, fail, now)
	case 400 <= fail.Status && fail.Status < 500: // a refusal of this file is no complaint
		return h.succeeded(t, now)
	}
	return ""
}

// succeeded lets a lowered limit recover, a step at a time.
func (h *host) succeeded(t *trip, now time.Time) string {
	h.alive(t)
	h.refusals = 0
	h.wins++
	if h.limit >= h.max || now.Sub(h.changed) < h.raiseAfter {
		return ""
	}
	h.limit++
	h.changed, h.raised = now, now
	if h.limit == h.max {
		h.raiseAfter, h.why = raiseAfter, ""
	}
	return fmt.Sprintf("limit raised to %d", h.limit)
}

// overloaded is a 429 or 503. All requests that were under way together count
// as one complaint, or a burst of refusals would take the limit to nothing.
func (h *host) overloaded(t *trip, fail *Error, now time.Time) string {
	why := fmt.Sprintf("answered %d", fail.Status)
	wins := h.wins
	h.wins = 0
	if fail.Status == http.StatusServiceUnavailable && fail.After == 0 && wins > strayAfter*h.limit {
		return "" // one file's trouble, not the host's
	}
	first := t.cuts == h.cuts
	if first {
		h.refusals++
	}
	hold := fail.After
	if hold == 0 && first && h.limit == 1 && fail.Status == http.StatusTooManyRequests {
		hold = min(firstHold<<min(h.refusals-1, 10), maxHold)
	}
	said := h.lower(h.fewer(), t, why, now)
	if until := now.Add(hold); hold > 0 && until.After(h.heldUntil) {
		h.heldUntil, h.why = until, why
		said = fmt.Sprintf("%s, asked to wait %v; limit %d", why, hold.Round(time.Second), h.limit)
	}
	return said
}

// fewer is as many as the host is seen to serve while it refuses more, or half
// the limit if it serves none.
func (h *host) fewer() int {
	if h.answering > 0 {
		return min(h.answering, h.limit-1)
	}
	return h.limit / 2
}

// unreached is a request that got no answer: no name, no connection, or one
// that was dropped. While others are being answered, the host is not down but
// full.
func (h *host) unreached(t *trip, fail *Error, now time.Time) string {
	if h.answering > 0 && fail.Temporary {
		return h.lower(h.answering, t, whyFull, now)
	}
	if fail.Temporary && h.limit > 1 && now.Sub(h.raised) < raiseAfter {
		return h.lower(h.limit-1, t, whyFull, now) // the raise was too much
	}
	return h.failed(t, fail, now)
}

// timedOut takes one try in flight away; a host that answers nobody will in the
// end be asked by one at a time, and then count as down.
func (h *host) timedOut(t *trip, fail *Error, now time.Time) string {
	said := h.lower(h.limit-1, t, "did not answer in time", now)
	if h.answering > 0 {
		return said
	}
	if down := h.failed(t, fail, now); down != "" {
		return down
	}
	return said
}

// failed counts towards the host being down. Requests that were under way when
// that was decided do not decide it again.
func (h *host) failed(t *trip, fail *Error, now time.Time) string {
	if h.answering > 0 {
		return ""
	}
	h.failures++
	// A host that is full may refuse as many as there are before the first of the
	// others is answered.
	if h.downFor > 0 && !t.probe || h.failures < downAfter || h.failures <= h.limit {
		return ""
	}
	h.downFor = min(max(2*h.downFor, firstDown), maxDown)
	h.downUntil = now.Add(h.downFor)
	cause := *fail
	cause.URL = ""
	h.cause = &cause
	return fmt.Sprintf("down: %s; next look in %v", fail.Kind, h.downFor)
}

// lower cuts the limit to n, once for all requests that were under way together.
func (h *host) lower(n int, t *trip, why string, now time.Time) string {
	n = max(n, 1)
	if n >= h.limit || t.cuts != h.cuts {
		return ""
	}
	h.raiseAfter = max(h.raiseAfter, raiseAfter)
	if !h.raised.IsZero() && now.Sub(h.raised) < 2*h.raiseAfter {
		h.raiseAfter = min(2*h.raiseAfter, maxRaiseAfter)
	}
	h.limit, h.changed, h.why = n, now, why
	h.cuts++
	return fmt.Sprintf("%s; limit lowered to %d", why, n)
}
