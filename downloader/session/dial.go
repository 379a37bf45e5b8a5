package session

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// dialer opens the session's connections, and knows all that are open.
type dialer struct {
	next    DialFunc
	names   *names // nil: next gets host names
	timeout time.Duration

	ctx    context.Context // ends with the session
	cancel context.CancelCauseFunc
	work   sync.WaitGroup // dials under way, and connections the transport holds

	mu      sync.Mutex
	stopped bool
	open    map[*trackedConn]struct{}
}

func newDialer(cfg *Config) *dialer {
	d := &dialer{next: cfg.DialContext, timeout: cfg.ConnectTimeout, open: map[*trackedConn]struct{}{}}
	d.ctx, d.cancel = context.WithCancelCause(context.Background())
	if d.next == nil {
		d.next = localDialer(cfg).DialContext
	}
	if cfg.DialContext == nil || cfg.Resolver != nil || cfg.BlockPrivate || len(cfg.Resolve) > 0 {
		d.names = newNames(cfg)
	}
	return d
}

// localDialer is the net.Dialer for the local end that is configured.
func localDialer(cfg *Config) *net.Dialer {
	nd := &net.Dialer{}
	if cfg.LocalAddr.IsValid() {
		nd.LocalAddr = &net.TCPAddr{IP: cfg.LocalAddr.AsSlice(), Zone: cfg.LocalAddr.Zone()}
	}
	if cfg.Interface != "" {
		nd.Control = bindTo(cfg.Interface)
	}
	return nd
}

// dial connects to address for the transport. A dial goes on when the request
// that began it is served otherwise, so it has deadlines of its own.
func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if !d.enter() {
		return nil, ErrEnded
	}
	defer d.work.Done()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(d.ctx, func() { cancel(ErrEnded) })()

	c, err := d.connect(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return d.track(c)
}

// enter counts one more user of the dialer, unless it is stopped.
func (d *dialer) enter() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.stopped {
		d.work.Add(1)
	}
	return !d.stopped
}

func (d *dialer) connect(ctx context.Context, network, address string) (net.Conn, error) {
	x := exchangeOf(ctx)
	if d.names == nil {
		x.enterDial(PhaseConnect, d.timeout)
		return d.dialOne(ctx, network, address)
	}
	x.enterDial(PhaseResolve, d.timeout)
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	addrs, err := d.lookup(ctx, host, port)
	if err != nil {
		return nil, err
	}
	x.enterDial(PhaseConnect, d.timeout)
	return d.dialAny(ctx, network, addrs)
}

// lookup returns where to connect to for host and port.
func (d *dialer) lookup(ctx context.Context, host, port string) ([]netip.AddrPort, error) {
	if d.names == nil {
		return nil, errors.New("no resolver")
	}
	ctx, cancel := context.WithTimeoutCause(ctx, d.timeout, &lateError{PhaseResolve, d.timeout})
	defer cancel()
	return d.names.lookup(ctx, d, host, port)
}

// dialOne connects to one address within the time for connecting.
func (d *dialer) dialOne(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, d.timeout, &lateError{PhaseConnect, d.timeout})
	defer cancel()
	c, err := d.next(ctx, network, address)
	if err == nil {
		return c, nil
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	var op *net.OpError
	if !errors.As(err, &op) {
		err = &net.OpError{Op: "dial", Net: network, Err: err}
	}
	return nil, err
}

// track makes c one of the open connections.
func (d *dialer) track(c net.Conn) (net.Conn, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopped {
		c.Close()
		return nil, ErrEnded
	}
	t := &trackedConn{Conn: c, d: d}
	d.open[t] = struct{}{}
	d.work.Add(1)
	return t, nil
}

// stop ends all dials and breaks all connections. The transport finds that out
// and closes them, for which wait waits.
func (d *dialer) stop() {
	d.mu.Lock()
	d.stopped = true
	for c := range d.open {
		c.Conn.Close()
	}
	d.mu.Unlock()
	d.cancel(ErrEnded)
}

func (d *dialer) wait() { d.work.Wait() }

// trackedConn is a connection that the dialer knows, and that remembers how its
// peer left it.
type trackedConn struct {
	net.Conn
	d      *dialer
	closed sync.Once
	lost   atomic.Bool // the peer ended it, or the network did
}

func (c *trackedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil {
		c.lost.Store(true)
	}
	return n, err
}

// Close closes the connection. Only the first call counts.
func (c *trackedConn) Close() error {
	err := net.ErrClosed
	c.closed.Do(func() {
		err = c.Conn.Close()
		c.d.mu.Lock()
		delete(c.d.open, c)
		c.d.mu.Unlock()
		c.d.work.Done()
	})
	return err
}
