package session

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// Phases of a request, as Error.Phase has them.
const (
	PhaseQueue   = "queue"   // waiting for the host's limit
	PhaseResolve = "resolve" // looking the name up
	PhaseConnect = "connect" // opening a connection, or waiting for a free one
	PhaseTLS     = "tls"     // the TLS handshake
	PhaseProxy   = "proxy"   // asking a proxy for a tunnel
	PhaseHeader  = "header"  // from sending the request to the end of the header
	PhaseBody    = "body"
)

// lateError is why an exchange was given up: phase took longer than limit.
type lateError struct {
	phase string
	limit time.Duration
}

func (e *lateError) Error() string { return fmt.Sprintf("nothing for %v", e.limit) }

// Timeout makes a lateError a timeout to those who look for net.Error's method.
func (e *lateError) Timeout() bool { return true }

// exchange is one request and its answer in flight: what can be canceled, and
// the deadline of the phase that it is in. One timer serves all phases, so that
// no read needs a goroutine.
type exchange struct {
	parent context.Context // the caller's
	ctx    context.Context // ends with the exchange, with its cause
	cancel context.CancelCauseFunc

	busy sync.Mutex // held by the call in flight: Send, or a Read
	trip *trip      // to the host that is being asked; nil between two
	body io.ReadCloser

	mu      sync.Mutex
	timer   *time.Timer
	phase   string
	limit   time.Duration
	dialing bool // phases before the request is sent still count
	http2   bool // so is the connection that the request got
}

func newExchange(parent context.Context) *exchange {
	x := &exchange{parent: parent, dialing: true}
	x.ctx, x.cancel = context.WithCancelCause(context.WithValue(parent, exchangeKey{}, x))
	return x
}

type exchangeKey struct{}

// enter begins phase, which may take limit.
func (x *exchange) enter(phase string, limit time.Duration) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.arm(phase, limit)
}

// enterDial is enter for a phase of the dial that x started. The transport may
// have found x another connection meanwhile; then the dial is none of its affair.
func (x *exchange) enterDial(phase string, limit time.Duration) {
	if x == nil {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.dialing {
		x.arm(phase, limit)
	}
}

// exchangeOf returns the exchange for which ctx dials, or nil.
func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// arm is called with mu held.
func (x *exchange) arm(phase string, limit time.Duration) {
	x.phase, x.limit = phase, limit
	x.dialing = phase != PhaseHeader && phase != PhaseBody
	if x.timer == nil {
		x.timer = time.AfterFunc(limit, x.late)
		return
	}
	x.timer.Reset(limit)
}

// pause stops the clock, for time that is not the server's.
func (x *exchange) pause() {
	x.mu.Lock()
	if x.timer != nil {
		x.timer.Stop()
	}
	x.mu.Unlock()
}

func (x *exchange) late() {
	x.mu.Lock()
	err := &lateError{x.phase, x.limit}
	x.mu.Unlock()
	x.cancel(err)
}

func (x *exchange) setHTTP2(is bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.http2 = is
}

func (x *exchange) overHTTP2() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.http2
}

func (x *exchange) currentPhase() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.phase
}

// abort makes the call in flight fail with cause, without waiting for it.
func (x *exchange) abort(cause error) { x.cancel(cause) }

// close waits for the call in flight and lets go of the body. The network
// connection is kept if the body was read to its end, and closed if not.
func (x *exchange) close(hs *hosts) {
	x.busy.Lock()
	defer x.busy.Unlock()
	x.pause()
	if x.body != nil {
		x.body.Close()
		x.body = nil
	}
	x.cancel(ErrClosed)
	x.endTrip(hs, &Error{Kind: KindCanceled})
}

// endTrip ends the visit to the host that is being asked, with nil for success.
// Only the first end of a trip counts.
func (x *exchange) endTrip(hs *hosts, fail *Error) {
	if x.trip != nil {
		hs.end(x.trip, fail)
		x.trip = nil
	}
}
