package diskstore

import (
	"sync"

	"github.com/seed-9a1263fe/haul/store/vfs"
)

const (
	reserveSize = 1 << 20
	// reserveFrom is how much must be free for a reserve to be made.
	reserveFrom = 64 << 20
)

// reserve is room that is given back when the disk is full, so that the log can
// still say what was committed and be closed. The next run makes it anew.
type reserve struct {
	fs vfs.FS

	mu   sync.Mutex
	held bool
}

// make takes the room if there is plenty. Without it a full disk costs a little
// more work and nothing else, so no failure counts.
func (r *reserve) make() {
	if free, err := r.fs.Free(); err != nil || free < reserveFrom {
		return
	}
	f, err := r.fs.OpenFile(reserveFile, vfs.ReadWrite|vfs.Create)
	if err != nil {
		return
	}
	err = f.Allocate(reserveSize)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held = f.Close() == nil && err == nil
}

// release gives the room back. It reports whether it did, so that it is worth
// trying again.
func (r *reserve) release() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.held {
		return false
	}
	r.held = false
	return r.fs.Remove(reserveFile) == nil
}
