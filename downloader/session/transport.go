package session

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// Resolver looks up names. net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

const idleTimeout = 90 * time.Second

func (s *Session) openTransport() error {
	if s.cfg.Transport != nil {
		s.transport = s.cfg.Transport
		return nil
	}
	s.dialer = newDialer(&s.cfg)
	s.transport = &http.Transport{
		Proxy:                  nil,
		DialContext:            s.dialer.dial,
		TLSClientConfig:        s.cfg.TLS.Clone(),
		TLSHandshakeTimeout:    s.cfg.ConnectTimeout,
		DisableCompression:     true,
		MaxIdleConns:           s.cfg.MaxIdleConns,
		MaxIdleConnsPerHost:    s.cfg.MaxConnsPerHost,
		MaxConnsPerHost:        s.cfg.MaxConnsPerHost,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: s.cfg.MaxHeaderBytes,
		ReadBufferSize:         16 << 10,
		ForceAttemptHTTP2:      true,
	}
	return nil
}

func (s *Session) closeTransport() {
	if t, ok := s.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
	if s.dialer != nil {
		s.dialer.close()
	}
}

// dialer opens the session's network connections and knows them all.
type dialer struct {
	next DialFunc
	mu   sync.Mutex
	open map[*trackedConn]struct{}
}

func newDialer(cfg *Config) *dialer {
	d := &dialer{next: cfg.DialContext, open: map[*trackedConn]struct{}{}}
	if d.next == nil {
		d.next = (&net.Dialer{Timeout: cfg.ConnectTimeout}).DialContext
	}
	return d
}

func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := d.next(ctx, network, address)
	if err != nil {
		return nil, err
	}
	t := &trackedConn{Conn: c, d: d}
	d.mu.Lock()
	d.open[t] = struct{}{}
	d.mu.Unlock()
	return t, nil
}

func (d *dialer) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for c := range d.open {
		c.Conn.Close()
	}
	clear(d.open)
}

type trackedConn struct {
	net.Conn
	d    *dialer
	mu   sync.Mutex
	fail error
}

func (c *trackedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil {
		c.mu.Lock()
		c.fail = err
		c.mu.Unlock()
	}
	return n, err
}

func (c *trackedConn) broken() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fail
}

func (c *trackedConn) Close() error {
	c.d.mu.Lock()
	delete(c.d.open, c)
	c.d.mu.Unlock()
	return c.Conn.Close()
}
