package origin

import (
	"cmp"
	"net/http"
	"time"
)

// Limit is what a server takes, and what it does beyond.
type Limit struct {
	// N is how many are taken; zero is all.
	N int
	// Over is what happens to the others. A limit of requests only knows OverStatus.
	Over Over
	// Status for OverStatus; zero is 503.
	Status int
	// RetryAfter for OverStatus.
	RetryAfter time.Duration
}

// Over is a way to turn a connection away.
type Over int

// Ways to turn a connection away.
const (
	OverStatus Over = iota // it is taken, and its requests are answered with Status
	OverClose              // it is accepted and closed; over TCP a client that was writing sees a reset
	OverReset              // it is accepted and reset
)

// fault is the answer of a limit.
func (l Limit) fault() Fault {
	return Fault{Status: cmp.Or(l.Status, http.StatusServiceUnavailable), RetryAfter: l.RetryAfter}
}
