package main

import (
	"context"
	"io"
	"time"

	"github.com/seed-9a1263fe/haul/downloader/list"
)

// pauseAfter is how long whoever writes a list may be silent before what they
// wrote so far is taken for whole entries.
const pauseAfter = 250 * time.Millisecond

// livePipe reads a list that somebody is writing: it fails once ctx is done, and
// tells pauses of the writer with list.ErrPause.
type livePipe struct {
	ctx    context.Context // of the run that the reader belongs to
	chunks chan chunk
	next   chunk
	paused bool
}

type chunk struct {
	b   []byte
	err error
}

// newLivePipe reads r ahead by one chunk. A Read of r that hangs when ctx is
// done, as standard input may, is left to end with the process: there is no way
// to call it back.
func newLivePipe(ctx context.Context, r io.Reader) *livePipe {
	p := &livePipe{ctx: ctx, chunks: make(chan chunk)}
	go func() {
		for {
			b := make([]byte, 64<<10)
			n, err := r.Read(b)
			select {
			case p.chunks <- chunk{b[:n], err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return p
}

// Read returns what has been written, list.ErrPause once in each pause, or the
// cause of the context's end.
func (p *livePipe) Read(b []byte) (int, error) {
	if len(p.next.b) == 0 && p.next.err == nil {
		if err := p.await(); err != nil {
			return 0, err
		}
	}
	n := copy(b, p.next.b)
	p.next.b = p.next.b[n:]
	if len(p.next.b) == 0 {
		return n, p.next.err
	}
	return n, nil
}

// await waits for the next chunk.
func (p *livePipe) await() error {
	var silence <-chan time.Time
	if !p.paused {
		t := time.NewTimer(pauseAfter)
		defer t.Stop()
		silence = t.C
	}
	select {
	case p.next = <-p.chunks:
		p.paused = false
		return nil
	case <-silence:
		p.paused = true
		return list.ErrPause
	case <-p.ctx.Done():
		return context.Cause(p.ctx)
	}
}
