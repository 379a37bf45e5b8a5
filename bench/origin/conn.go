package origin

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
)

// conn is an accepted connection, counted until it ends.
type conn struct {
	net.Conn
	id   int64
	srv  *Server
	over bool // turned away: its requests are answered with the limit's status
	once sync.Once
}

// Close closes the connection; it is counted out once.
func (c *conn) Close() error {
	c.gone()
	return c.Conn.Close()
}

// CloseWrite ends what the server sends; net/http uses it to close in order.
func (c *conn) CloseWrite() error {
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return nil
}

// reset ends the connection with a reset instead of an end.
func (c *conn) reset() {
	c.gone()
	switch n := c.Conn.(type) {
	case *net.TCPConn:
		_ = n.SetLinger(0)
		_ = n.Close()
	case *pipeConn:
		n.reset()
	default:
		_ = n.Close()
	}
}

func (c *conn) gone() { c.once.Do(func() { c.srv.left(c) }) }

type connKey struct{}

// withConn notes the connection of the requests under ctx.
func withConn(ctx context.Context, nc net.Conn) context.Context {
	if t, ok := nc.(*tls.Conn); ok {
		nc = t.NetConn()
	}
	c, _ := nc.(*conn)
	return context.WithValue(ctx, connKey{}, c)
}

func connOf(ctx context.Context) *conn {
	c, _ := ctx.Value(connKey{}).(*conn)
	return c
}

// listener counts the connections of a server, and turns away those over the limit.
type listener struct {
	net.Listener
	srv *Server
}

// Accept returns the next connection that is not turned away.
func (l *listener) Accept() (net.Conn, error) {
	for {
		nc, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := l.srv.entered(nc)
		limit := l.srv.o.cfg.Conns
		switch {
		case c.over && limit.Over == OverClose:
			c.Close()
		case c.over && limit.Over == OverReset:
			c.reset()
		default:
			return c, nil
		}
	}
}
