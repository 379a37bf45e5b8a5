package downloader

import "sync"

// buffers lends the buffers that bodies are read into. There are never more than
// were in use at once, which is at most one for each worker; the one that was
// given back last is lent first, so those that are not needed are never made.
type buffers struct {
	size int

	mu   sync.Mutex
	free [][]byte
}

// get lends a buffer.
func (b *buffers) get() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := len(b.free); n > 0 {
		p := b.free[n-1]
		b.free = b.free[:n-1]
		return p
	}
	return make([]byte, b.size)
}

// put takes a buffer back.
func (b *buffers) put(p []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free = append(b.free, p)
}
