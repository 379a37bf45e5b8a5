package relay

import (
	"net"
	"sync"
	"time"
)

// pieceSize and piecesAhead bound what one direction of a connection has under
// way: 16 MiB, which in 25 ms is more than a loopback carries.
const (
	pieceSize   = 64 << 10
	piecesAhead = 256
)

var pieces = sync.Pool{New: func() any { return new([pieceSize]byte) }}

// piece is what was read at once, and when it is due at the other end.
type piece struct {
	buf *[pieceSize]byte
	n   int
	due time.Time
}

// line is one direction of a connection. One goroutine receives, another one
// delivers, so that what is delayed does not hold up what follows.
type line struct {
	to    net.Conn
	delay time.Duration
	rate  int64
	// open is when the line can carry anything at all.
	open time.Time
	road chan piece
}

func newLine(to net.Conn, delay time.Duration, rate int64, open time.Time) *line {
	return &line{to: to, delay: delay, rate: rate, open: open, road: make(chan piece, piecesAhead)}
}

// receive reads until the end and sends it on its way.
func (l *line) receive(from net.Conn) {
	defer close(l.road)
	for {
		p := piece{buf: pieces.Get().(*[pieceSize]byte)}
		var err error
		p.n, err = from.Read(p.buf[:])
		p.due = later(time.Now(), l.open).Add(l.delay)
		l.road <- p
		if err != nil {
			return
		}
	}
}

// deliver writes what is due, and then passes the end on. After a failed write
// it goes on taking what comes, so that receive is not held up.
func (l *line) deliver() {
	var failed error
	var free time.Time // when the rate allows more
	for p := range l.road {
		if failed == nil {
			due := later(p.due, free)
			wait(due)
			_, failed = l.to.Write(p.buf[:p.n])
			if l.rate > 0 {
				free = due.Add(time.Duration(p.n) * time.Second / time.Duration(l.rate))
			}
			if failed != nil {
				_ = l.to.Close() // so that the other direction ends as well
			}
		}
		pieces.Put(p.buf)
	}
	if c, ok := l.to.(*net.TCPConn); ok && failed == nil {
		_ = c.CloseWrite() // whoever has gone needs not be told
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// wait returns at t. The wait is as long as a round trip or a piece's share of
// the rate, so Close need not interrupt it.
func wait(t time.Time) {
	if d := time.Until(t); d > 0 {
		<-time.After(d)
	}
}
