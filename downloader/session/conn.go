package session

import (
	"context"
	"errors"
	"net/url"
	"sync"
	"time"
)

// Errors of a wrong order of calls.
var (
	ErrBusy   = errors.New("connection has another answer open")
	ErrClosed = errors.New("closed")
)

// Conn is the right to have one request at a time in flight at one origin. The
// network connection beneath it is taken from the kept ones, or made, when a
// request is sent, and goes back when its answer has been read to the end.
//
// A Conn serves one goroutine, except that Close may be called from any.
type Conn struct {
	s *Session

	mu      sync.Mutex
	host    *host     // nil while a redirect waits for a slot elsewhere, and after Close
	current *exchange // nil if no request is in flight
	closed  bool
	ended   error // why it was closed, if not by Close
}

// Origin is where the connection's slot is counted now: a redirect moves it.
// It is "" after Close.
func (c *Conn) Origin() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.host == nil {
		return ""
	}
	return c.host.origin
}

// OpenRequest begins a GET of u, which must be at the connection's origin.
// Nothing is sent before Send.
func (c *Conn) OpenRequest(u *url.URL) (*Request, error) {
	if err := checkURL(u); err != nil {
		return nil, err
	}
	if origin := c.Origin(); origin != Origin(u) {
		cause := errors.New("connection is to " + origin)
		if origin == "" {
			cause = c.why()
		}
		return nil, &Error{Kind: KindInvalidURL, URL: Redact(u), Err: cause}
	}
	return newRequest(c, u), nil
}

// Close aborts the answer that is open, if any, and gives the slot back. A
// second Close does nothing.
func (c *Conn) Close() error {
	c.mu.Lock()
	c.closed = true
	x := c.current
	c.mu.Unlock()
	if x != nil {
		x.abort(ErrClosed)
		x.close(c.s.hosts)
	}
	c.mu.Lock()
	h := c.host
	c.host = nil
	c.mu.Unlock()
	if h != nil {
		c.s.hosts.release(h)
	}
	c.s.forget(c)
	return nil
}

// abort makes every call in flight fail with cause, without waiting for it.
func (c *Conn) abort(cause error) {
	c.mu.Lock()
	c.closed = true
	c.ended = cause
	x := c.current
	c.mu.Unlock()
	if x != nil {
		x.abort(cause)
	}
}

// why says why the connection cannot be used, or nil.
func (c *Conn) why() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.whyLocked()
}

func (c *Conn) whyLocked() error {
	if !c.closed {
		return nil
	}
	if c.ended != nil {
		return c.ended
	}
	return ErrClosed
}

// begin makes x the exchange in flight.
func (c *Conn) begin(x *exchange) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.whyLocked(); err != nil {
		return err
	}
	if c.current != nil {
		return ErrBusy
	}
	c.current = x
	return nil
}

// finish ends x being the exchange in flight.
func (c *Conn) finish(x *exchange) {
	c.mu.Lock()
	if c.current == x {
		c.current = nil
	}
	c.mu.Unlock()
}

// at returns the host whose slot is held.
func (c *Conn) at() *host {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.host
}

// move gives the slot up and waits for one at origin: what a redirect needs so
// that limits count where the bytes come from. Giving up first keeps two
// redirects in opposite directions from waiting for each other. A host that
// asked to be left alone is not waited for: that may be long, and the caller has
// better things to do.
func (c *Conn) move(ctx context.Context, origin string) error {
	c.mu.Lock()
	old := c.host
	c.host = nil
	c.mu.Unlock()
	if old != nil {
		c.s.hosts.release(old)
	}
	if until := c.s.hosts.readyAt(origin); !until.IsZero() {
		return &Error{Kind: KindRateLimited, Phase: PhaseQueue, Temporary: true, After: time.Until(until)}
	}
	h, err := c.s.hosts.acquire(ctx, origin)
	if err != nil {
		return err
	}
	c.mu.Lock()
	err = c.whyLocked()
	if err == nil {
		c.host = h
	}
	c.mu.Unlock()
	if err != nil {
		c.s.hosts.release(h)
	}
	return err
}
