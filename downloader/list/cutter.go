package list

import (
	"github.com/seed-9a1263fe/haul/downloader"
	"github.com/seed-9a1263fe/haul/downloader/session"
)

// Entry is one entry of a list.
type Entry struct {
	Request downloader.Request
	// Size is how many bytes of the input, decompressed, the entry takes, and
	// Lines how many lines: from its first byte to that of the next entry. The
	// first entry also has what stands before it.
	Size, Lines int64
}

// cutter collects an entry and the input that belongs to it, and yields it when
// the next one begins. One goroutine uses it.
type cutter struct {
	list    string
	yield   func(Entry, error) bool
	line    int64 // number of the line that is being read
	entry   Entry
	open    bool // entry has begun
	stopped bool // nothing is to be yielded any more
	kept    int  // bytes of input that the open entry holds on to
	most    int  // for kept
}

// begin ends the open entry and starts the next one, with the present line. It
// reports whether the reader should go on.
func (c *cutter) begin(r downloader.Request) bool {
	if !c.flush() {
		return false
	}
	if r.List == "" {
		r.List, r.Line = c.list, c.line
	}
	c.entry.Request, c.open, c.kept = r, true, 0
	return true
}

// use adds one line of size bytes to the open entry, or to the one that comes.
func (c *cutter) use(size int64) {
	c.entry.Size += size
	c.entry.Lines++
	c.line++
}

// keep counts n bytes that the open entry holds on to, and reports whether that
// is within bounds.
func (c *cutter) keep(n int) bool {
	c.kept += n
	return c.kept <= c.most
}

// flush yields the open entry.
func (c *cutter) flush() bool {
	if c.open && !c.stopped {
		c.stopped = !c.yield(c.entry, nil)
		c.entry, c.open = Entry{}, false
	}
	return !c.stopped
}

// fail ends the sequence. The open entry is left out, since it may be cut off.
func (c *cutter) fail(err error) {
	if !c.stopped {
		c.stopped = true
		c.yield(Entry{}, &Error{List: c.list, Line: c.line, Err: err})
	}
}

// spoil marks r as a request that cannot be carried out. The first reason stays.
func spoil(r *downloader.Request, kind session.Kind, message string) {
	if r.Defect == nil {
		r.Defect = &downloader.Failure{Kind: kind, Message: message}
	}
}
