package fileq

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/seed-9a1263fe/haul/queue"
)

// Entry is one job of a list, and how much of the list it took.
type Entry struct {
	// Job as the list says it. It shares no memory with other entries.
	Job queue.Job
	// Size in bytes of the list that this entry used up, with the comments and
	// blank lines around it: the next entry begins behind it.
	Size int64
	// Lines that it used up.
	Lines int64
}

// Format cuts a list into jobs.
type Format interface {
	// Jobs yields the entries of r, which stands at the first byte of an entry
	// that is on the given line (the first line of a list is 1). The sizes of
	// all entries add up to what r holds. Bytes that follow the last entry can
	// change that entry and no other one. A bad entry is a job too; an error is
	// for what makes the rest unreadable.
	Jobs(r io.Reader, line int64) iter.Seq2[Entry, error]
}

// List is a list file. It must be possible to read it again for as long as the
// queue is open; the queue does not close it.
type List struct {
	// Name by which the list is known from run to run.
	Name string
	// Reader of the list's bytes. It may be read by one goroutine at a time
	// beside the caller's own.
	Reader io.ReaderAt
	// Size in bytes. What the file grows by later is taken by the next run.
	Size int64
	// ModTime and Inode tell, with Size, whether this is the list of the run
	// before; the zero values say nothing, and then every byte is compared.
	ModTime time.Time
	Inode   uint64
	// Format of the list.
	Format Format
}

var (
	// ErrListChanged is wrapped by a ListError when a list holds other bytes
	// than before in the same run. The next run finds out what is new in it.
	ErrListChanged = errors.New("changed while it was read")

	// ErrListShrunk is wrapped by a ListError when a list is shorter than it was
	// when it was added.
	ErrListShrunk = errors.New("cut short while it was read")
)

// ListError says that a list cannot be read any further.
type ListError struct {
	List string
	Line int64 // where the part that could not be read begins; 0 if it is not known
	Err  error
}

// Error names the list and the line, then the cause.
func (e *ListError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("fileq: list %q: %v", e.List, e.Err)
	}
	return fmt.Sprintf("fileq: list %q, from line %d: %v", e.List, e.Line, e.Err)
}

// Unwrap returns the cause.
func (e *ListError) Unwrap() error { return e.Err }

// look is what tells a list from what it was, without reading it.
type look struct {
	size    int64
	modTime int64 // Unix nanoseconds, 0 if unknown
	inode   uint64
}

func (l List) look() look {
	k := look{size: l.Size, inode: l.Inode}
	if !l.ModTime.IsZero() {
		k.modTime = l.ModTime.UnixNano()
	}
	return k
}

// vouches reports whether two equal looks mean equal bytes.
func (k look) vouches() bool { return k.modTime != 0 }

// validate refuses what nothing could be made of.
func (l List) validate() error {
	switch {
	case l.Name == "":
		return errors.New("fileq: list without a name")
	case l.Reader == nil || l.Format == nil:
		return fmt.Errorf("fileq: list %q: no reader or no format", l.Name)
	case l.Size < 0:
		return fmt.Errorf("fileq: list %q: size %d", l.Name, l.Size)
	case len(l.Name) > maxName:
		return fmt.Errorf("fileq: list name of %d bytes, at most %d", len(l.Name), maxName)
	}
	return nil
}
