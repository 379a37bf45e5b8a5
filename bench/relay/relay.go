// Package relay is a TCP relay that makes a near server far: it delays what
// passes in both directions, and can bound the rate of each connection, without
// anything of the operating system's.
package relay

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Options shape a relay.
type Options struct {
	// RoundTrip is what there and back take together. A new connection costs one
	// more before its first byte arrives, as the handshake of TCP does.
	RoundTrip time.Duration
	// Rate bounds what each connection carries to the client, in bytes a second;
	// zero does not.
	Rate int64
}

// Relay accepts connections and carries them to one server.
type Relay struct {
	target   string
	opt      Options
	listener net.Listener
	accepted atomic.Int64
	work     sync.WaitGroup

	mu     sync.Mutex
	closed bool
	conns  map[net.Conn]struct{}
}

// Start relays to target, host:port, from a port of its own on the loopback.
func Start(target string, opt Options) (*Relay, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("relay: %w", err)
	}
	r := &Relay{target: target, opt: opt, listener: l, conns: map[net.Conn]struct{}{}}
	r.work.Go(r.accept)
	return r, nil
}

// Addr is where the relay listens, host:port.
func (r *Relay) Addr() string { return r.listener.Addr().String() }

// Accepted is how many connections were accepted so far.
func (r *Relay) Accepted() int64 { return r.accepted.Load() }

// Close ends all connections and waits for their goroutines. A second Close does
// nothing.
func (r *Relay) Close() error {
	r.mu.Lock()
	again := r.closed
	r.closed = true
	for c := range r.conns {
		_ = c.Close() // what it still carried is given up
	}
	r.mu.Unlock()
	if again {
		return nil
	}
	err := r.listener.Close()
	r.work.Wait()
	return err
}

func (r *Relay) accept() {
	for {
		c, err := r.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // a connection that was gone before it was taken
		}
		r.accepted.Add(1)
		r.work.Go(func() { r.carry(c) })
	}
}

// hold makes Close end c; it says no if the relay has been closed.
func (r *Relay) hold(c net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	r.conns[c] = struct{}{}
	return true
}

func (r *Relay) drop(c net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, c)
	_ = c.Close() // it has been read to its end, or given up
}

// carry serves one connection until both directions have ended.
func (r *Relay) carry(client net.Conn) {
	defer r.drop(client)
	if !r.hold(client) {
		return
	}
	server, err := net.Dial("tcp", r.target)
	if err != nil {
		return
	}
	defer r.drop(server)
	if !r.hold(server) {
		return
	}
	half := r.opt.RoundTrip / 2
	there := newLine(server, half, 0, time.Now().Add(r.opt.RoundTrip))
	back := newLine(client, half, r.opt.Rate, time.Time{})
	var lines sync.WaitGroup
	lines.Go(func() { there.receive(client) })
	lines.Go(func() { there.deliver() })
	lines.Go(func() { back.receive(server) })
	lines.Go(func() { back.deliver() })
	lines.Wait()
}
