package session

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// attemptDelay is how long one address is tried alone (RFC 8305 section 5).
const attemptDelay = 250 * time.Millisecond

// dialAny connects to the first of addrs that answers. It begins with the next
// one when the last has failed, or not answered for attemptDelay (RFC 8305
// section 5), and returns when every attempt has ended.
func (d *dialer) dialAny(ctx context.Context, network string, addrs []netip.AddrPort) (net.Conn, error) {
	if len(addrs) == 1 {
		return d.dialOne(ctx, network, addrs[0].String())
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := race{addrs: addrs, ended: make(chan attempt)}
	next := time.NewTimer(0)
	defer next.Stop()
	for r.running > 0 || r.mayBegin() {
		select {
		case <-next.C:
			if r.mayBegin() {
				r.begin(func(to netip.AddrPort) (net.Conn, error) { return d.dialOne(ctx, network, to.String()) })
				next.Reset(attemptDelay)
			}
		case a := <-r.ended:
			if r.end(a) {
				cancel() // the others
				continue
			}
			if ctx.Err() == nil {
				d.names.failed(a.to.Addr())
			}
			next.Reset(0)
		}
	}
	if r.won == nil {
		return nil, fmt.Errorf("%w (the first of %d addresses)", r.failure, len(addrs))
	}
	return r.won, nil
}

// race is the state of dialAny, which owns its goroutines: one an attempt.
type race struct {
	addrs   []netip.AddrPort
	begun   int
	running int
	ended   chan attempt
	won     net.Conn
	failure error // of the first attempt that failed
}

type attempt struct {
	to   netip.AddrPort
	conn net.Conn
	err  error
}

func (r *race) mayBegin() bool { return r.won == nil && r.begun < len(r.addrs) }

func (r *race) begin(dial func(netip.AddrPort) (net.Conn, error)) {
	to := r.addrs[r.begun]
	r.begun++
	r.running++
	go func() {
		c, err := dial(to)
		r.ended <- attempt{to, c, err}
	}()
}

// end takes the outcome of an attempt, and reports whether the race is won.
func (r *race) end(a attempt) bool {
	r.running--
	switch {
	case a.err == nil && r.won == nil:
		r.won = a.conn
	case a.err == nil:
		a.conn.Close()
	case r.failure == nil:
		r.failure = a.err
	}
	return r.won != nil
}
