package origin

import (
	"io"
	"net"
	"sync"
	"syscall"
	"time"
)

// pipeConn is one end of a connection in memory. Unlike net.Pipe it buffers, as
// a socket does, and can be reset. Its waits are on a sync.Cond, which is
// durably blocking in a synctest bubble.
type pipeConn struct {
	in, out       *flow
	local, remote net.Addr
	ends          *ending
}

// newPipe returns the two ends of a connection.
func newPipe(client, server net.Addr) (c, s *pipeConn) {
	there, back, ends := newFlow(), newFlow(), &ending{}
	return &pipeConn{in: back, out: there, local: client, remote: server, ends: ends},
		&pipeConn{in: there, out: back, local: server, remote: client, ends: ends}
}

// Read waits for bytes, the end, a reset or the deadline. What was sent before
// an end or a reset is read first.
func (c *pipeConn) Read(p []byte) (int, error) {
	n, err := c.in.read(p)
	return n, c.wrap("read", err)
}

// Write waits for room.
func (c *pipeConn) Write(p []byte) (int, error) {
	n, err := c.out.write(p)
	return n, c.wrap("write", err)
}

// Close ends both directions; the other end reads what is left, then io.EOF.
func (c *pipeConn) Close() error {
	c.in.closeRead(syscall.EPIPE)
	c.out.closeWrite(io.EOF)
	c.out.abandon()
	c.ends.fire()
	return nil
}

// CloseWrite ends the direction that this end sends.
func (c *pipeConn) CloseWrite() error {
	c.out.closeWrite(io.EOF)
	return nil
}

// reset ends both directions; the other end reads what is left, then ECONNRESET.
func (c *pipeConn) reset() {
	c.in.closeRead(syscall.ECONNRESET)
	c.out.closeWrite(syscall.ECONNRESET)
	c.out.abandon()
	c.ends.fire()
}

func (c *pipeConn) LocalAddr() net.Addr  { return c.local }
func (c *pipeConn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline sets both deadlines; see net.Conn.
func (c *pipeConn) SetDeadline(t time.Time) error {
	c.in.reader.set(c.in, t)
	c.out.writer.set(c.out, t)
	return nil
}

// SetReadDeadline also wakes a Read that waits.
func (c *pipeConn) SetReadDeadline(t time.Time) error {
	c.in.reader.set(c.in, t)
	return nil
}

// SetWriteDeadline also wakes a Write that waits.
func (c *pipeConn) SetWriteDeadline(t time.Time) error {
	c.out.writer.set(c.out, t)
	return nil
}

// onEnd calls f when the connection has been closed at either end.
func (c *pipeConn) onEnd(f func()) { c.ends.add(f) }

func (c *pipeConn) wrap(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &net.OpError{Op: op, Net: "tcp", Source: c.local, Addr: c.remote, Err: err}
}

// ending runs a function when a connection ends.
type ending struct {
	mu    sync.Mutex
	f     func()
	ended bool
}

func (e *ending) add(f func()) {
	e.mu.Lock()
	ended := e.ended
	e.f = f
	e.mu.Unlock()
	if ended {
		f()
	}
}

func (e *ending) fire() {
	e.mu.Lock()
	e.ended = true
	f := e.f
	e.mu.Unlock()
	if f != nil {
		f()
	}
}
