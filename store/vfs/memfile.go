package vfs

import (
	"io"
	"io/fs"
	"maps"
	"sync"
	"time"
)

// blockSize is what a crash keeps or loses at once, or tears between two of its
// sectors.
const (
	blockSize  = 4096
	sectorSize = 512
)

type block [blockSize]byte

// image is the content of a file. A block that is not there is zero.
type image struct {
	size   int64
	blocks map[int64]*block
	mtime  time.Time
}

// memFile is the content as it is, and as the disk has it. A block that is in
// dirty belongs to now alone; all others may be shared with disk and with
// clones, and are never written to.
type memFile struct {
	now, disk image
	dirty     map[int64]bool
	resized   bool // since the last sync
}

func newMemFile() *memFile {
	now := time.Now()
	return &memFile{
		now:   image{blocks: make(map[int64]*block), mtime: now},
		disk:  image{blocks: make(map[int64]*block), mtime: now},
		dirty: make(map[int64]bool),
	}
}

// own returns a block that may be written to.
func (f *memFile) own(i int64) *block {
	b := f.now.blocks[i]
	if b != nil && f.dirty[i] {
		return b
	}
	mine := new(block)
	if b != nil {
		*mine = *b
	}
	f.now.blocks[i] = mine
	f.dirty[i] = true
	return mine
}

func (f *memFile) writeAt(p []byte, off int64) {
	if len(p) == 0 {
		return
	}
	if end := off + int64(len(p)); end > f.now.size {
		f.now.size = end
		f.resized = true
	}
	for len(p) > 0 {
		n := copy(f.own(off / blockSize)[off%blockSize:], p)
		p = p[n:]
		off += int64(n)
	}
	f.now.mtime = time.Now()
}

// readAt fills p from what lies before the end, and returns how much that is.
func (f *memFile) readAt(p []byte, off int64) int {
	p = p[:min(int64(len(p)), max(f.now.size-off, 0))]
	for rest := p; len(rest) > 0; {
		at := off % blockSize
		n := min(int64(len(rest)), blockSize-at)
		if b := f.now.blocks[off/blockSize]; b != nil {
			copy(rest[:n], b[at:])
		} else {
			clear(rest[:n])
		}
		rest = rest[n:]
		off += n
	}
	return len(p)
}

func (f *memFile) truncate(size int64) {
	if size == f.now.size {
		return
	}
	if size < f.now.size {
		first := (size + blockSize - 1) / blockSize
		for i := range f.now.blocks {
			if i >= first {
				delete(f.now.blocks, i)
				f.dirty[i] = true
			}
		}
		if at := size % blockSize; at != 0 && f.now.blocks[size/blockSize] != nil {
			clear(f.own(size / blockSize)[at:])
		}
	}
	f.now.size = size
	f.resized = true
	f.now.mtime = time.Now()
}

// sync brings what changed to the disk: data and length, not the times.
func (f *memFile) sync() {
	for i := range f.dirty {
		if b := f.now.blocks[i]; b != nil {
			f.disk.blocks[i] = b
		} else {
			delete(f.disk.blocks, i)
		}
	}
	if f.resized {
		f.disk.size = f.now.size
	}
	f.resized = false
	f.forget()
}

// forget takes data for clean although the disk does not have it, as Linux does
// after a write-back that failed. The length is not data: it goes by the journal
// of the file system, which either gets it to the disk or stops altogether.
func (f *memFile) forget() { clear(f.dirty) }

// clone returns a file with the same future: what is dirty stays so.
func (f *memFile) clone() *memFile {
	c := &memFile{now: f.now, disk: f.disk, dirty: maps.Clone(f.dirty), resized: f.resized}
	c.now.blocks = maps.Clone(f.now.blocks)
	c.disk.blocks = maps.Clone(f.disk.blocks)
	for i := range f.dirty {
		if b := f.now.blocks[i]; b != nil {
			mine := *b
			c.now.blocks[i] = &mine
		}
	}
	return c
}

// memHandle is an open file of Mem.
type memHandle struct {
	m        *Mem
	f        *memFile
	name     string
	readOnly bool

	mu     sync.Mutex
	closed bool
}

// do calls op with the file system's lock, unless the handle is closed.
func (h *memHandle) do(verb string, writes bool, op func() error) error {
	h.mu.Lock()
	closed := h.closed
	h.mu.Unlock()
	switch {
	case closed:
		return &fs.PathError{Op: verb, Path: h.name, Err: fs.ErrClosed}
	case writes && h.readOnly:
		return &fs.PathError{Op: verb, Path: h.name, Err: fs.ErrPermission}
	}
	h.m.mu.Lock()
	defer h.m.mu.Unlock()
	return op()
}

// invalid is the error of a negative offset or size.
func (h *memHandle) invalid(verb string) error {
	return &fs.PathError{Op: verb, Path: h.name, Err: fs.ErrInvalid}
}

// ReadAt implements File.
func (h *memHandle) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, h.invalid("read")
	}
	err = h.do("read", false, func() error {
		if n = h.f.readAt(p, off); n < len(p) {
			return io.EOF
		}
		return nil
	})
	return n, err
}

// WriteAt implements File.
func (h *memHandle) WriteAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, h.invalid("write")
	}
	err = h.do("write", true, func() error {
		h.f.writeAt(p, off)
		n = len(p)
		return nil
	})
	return n, err
}

// Size implements File.
func (h *memHandle) Size() (n int64, err error) {
	err = h.do("stat", false, func() error {
		n = h.f.now.size
		return nil
	})
	return n, err
}

// Truncate implements File.
func (h *memHandle) Truncate(size int64) error {
	if size < 0 {
		return h.invalid("truncate")
	}
	return h.do("truncate", true, func() error {
		h.f.truncate(size)
		return nil
	})
}

// Sync implements File.
func (h *memHandle) Sync() error {
	return h.do("sync", false, func() error {
		h.f.sync()
		return nil
	})
}

// forget is what Faulty calls when it fails a sync.
func (h *memHandle) forget() {
	h.m.mu.Lock()
	defer h.m.mu.Unlock()
	h.f.forget()
}

// Writeback implements File. Chance decides what a crash keeps, here as there.
func (h *memHandle) Writeback(int64, int64) {}

// Allocate implements File.
func (h *memHandle) Allocate(int64) error {
	return h.do("allocate", true, func() error { return nil })
}

// Close implements File. A second Close is fs.ErrClosed.
func (h *memHandle) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return &fs.PathError{Op: "close", Path: h.name, Err: fs.ErrClosed}
	}
	h.closed = true
	return nil
}
