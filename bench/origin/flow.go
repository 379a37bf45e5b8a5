package origin

import (
	"net"
	"os"
	"sync"
	"time"
)

// pipeSize is how many bytes one direction of a connection in memory holds.
const pipeSize = 64 << 10

// flow is one direction: a ring of bytes between one end and the other.
type flow struct {
	mu       sync.Mutex
	changed  *sync.Cond
	ring     []byte // grows up to pipeSize
	head, n  int
	readEnd  error // for the reader, once the ring is empty
	writeEnd error // for the writer
	closed   bool  // by the reader's own end
	dropped  bool  // by the writer's own end
	reader   deadline
	writer   deadline
}

func newFlow() *flow {
	f := &flow{}
	f.changed = sync.NewCond(&f.mu)
	return f
}

func (f *flow) read(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		switch {
		case f.closed:
			return 0, net.ErrClosed
		case f.reader.passed:
			return 0, os.ErrDeadlineExceeded
		case len(p) == 0:
			return 0, nil
		case f.n > 0:
			n := f.take(p)
			f.changed.Broadcast()
			return n, nil
		case f.readEnd != nil:
			return 0, f.readEnd
		}
		f.changed.Wait()
	}
}

func (f *flow) write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for done := 0; ; {
		switch {
		case f.dropped:
			return done, net.ErrClosed
		case f.writeEnd != nil:
			return done, f.writeEnd
		case f.writer.passed:
			return done, os.ErrDeadlineExceeded
		case done == len(p):
			return done, nil
		}
		if n := f.put(p[done:]); n > 0 {
			done += n
			f.changed.Broadcast()
			continue
		}
		f.changed.Wait()
	}
}

// take moves bytes out of the ring.
func (f *flow) take(p []byte) int {
	p = p[:min(len(p), f.n)]
	n := copy(p, f.ring[f.head:])
	copy(p[n:], f.ring)
	f.head = (f.head + len(p)) % len(f.ring)
	f.n -= len(p)
	return len(p)
}

// put moves bytes into the ring, which begins small: most connections of a test
// carry little.
func (f *flow) put(p []byte) int {
	if f.n+len(p) > len(f.ring) && len(f.ring) < pipeSize {
		f.grow(min(pipeSize, max(2*len(f.ring), f.n+len(p), 4<<10)))
	}
	p = p[:min(len(p), len(f.ring)-f.n)]
	if len(p) == 0 {
		return 0
	}
	tail := (f.head + f.n) % len(f.ring)
	n := copy(f.ring[tail:], p)
	copy(f.ring, p[n:])
	f.n += len(p)
	return len(p)
}

func (f *flow) grow(size int) {
	ring, n := make([]byte, size), f.n
	if n > 0 {
		f.take(ring[:n])
	}
	f.ring, f.head, f.n = ring, 0, n
}

// closeRead is the reader's own Close; the writer gets err from now on.
func (f *flow) closeRead(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	if f.writeEnd == nil {
		f.writeEnd = err
	}
	f.reader.stop()
	f.changed.Broadcast()
}

// closeWrite lets the reader find err after what is there.
func (f *flow) closeWrite(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.readEnd == nil {
		f.readEnd = err
	}
	if f.writeEnd == nil {
		f.writeEnd = net.ErrClosed
	}
	f.changed.Broadcast()
}

// abandon is the writer's own Close.
func (f *flow) abandon() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dropped = true
	f.writer.stop()
	f.changed.Broadcast()
}

// deadline is a moment after which a wait ends. The flow's lock guards it.
type deadline struct {
	timer  *time.Timer
	round  int // of set, so that a late timer knows that it is stale
	passed bool
}

func (d *deadline) stop() {
	d.round++
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}

func (d *deadline) set(f *flow, t time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	d.stop()
	d.passed = false
	if t.IsZero() {
		return
	}
	left := time.Until(t)
	if left <= 0 {
		d.passed = true
		f.changed.Broadcast()
		return
	}
	round := d.round
	d.timer = time.AfterFunc(left, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if d.round == round {
			d.passed = true
			f.changed.Broadcast()
		}
	})
}
