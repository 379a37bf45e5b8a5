package diskstore

import (
	"crypto/sha256"
	"hash"
	"sync"
	"sync/atomic"
)

// running is a SHA-256 of bytes as they arrive, as far as they arrive in order:
// it takes up at its frontier whatever is written there, and leaves alone what
// is written further out, to be read again later. A nil running takes nothing.
type running struct {
	// next is the frontier, or -1 once bytes below it were written again. Only
	// the writer of the bytes at the frontier moves it, so that others see at a
	// glance that they have nothing to add.
	next atomic.Int64

	mu sync.Mutex
	h  hash.Hash
}

// running returns a sum for an object that begins, if sums are wanted.
func (s *Store) running() *running {
	if !s.cfg.SHA256 {
		return nil
	}
	return &running{h: sha256.New()}
}

// add takes bytes that were written at off.
func (r *running) add(p []byte, off int64) {
	if r == nil {
		return
	}
	switch next := r.next.Load(); {
	case off > next:
	case off < next:
		r.next.Store(-1)
	default:
		r.mu.Lock()
		defer r.mu.Unlock()
		r.h.Write(p)
		r.next.CompareAndSwap(off, off+int64(len(p)))
	}
}

// take returns the sum and how many bytes it is of.
func (r *running) take() (hash.Hash, int64) {
	if r == nil || r.next.Load() < 0 {
		return sha256.New(), 0
	}
	return r.h, r.next.Load()
}
