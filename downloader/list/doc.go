// Package list reads lists of what is to be downloaded and makes requests of
// them, one after the other, without holding more than one in memory.
//
// A list is opened with [Open], which looks through compression and finds out
// the format, or decoded with a [Decoder] where both are known. Either gives a
// sequence of entries: a request, and how much of the input it used up. The
// sizes of all entries add up to the input, and an entry ends where the next
// one begins; so whoever keeps the offset of an entry can come back to it, and
// need not keep the entry itself. The price is that an entry is given once the
// next one begins, or the input ends.
//
// A bad entry does not stop a list. It becomes a request whose Defect says what
// is wrong, with the list and the line, and the job fails with it like any
// other. Only what makes the rest unreadable ends the sequence with an error: a
// failed read, broken compression, a csv list without a url column, broken XML.
//
// Names (out, dir) are carried as they are; whether they are fit is decided
// where they are used.
//
// Memory is bounded by Config.MaxEntry, whatever the input holds.
package list

import "fmt"

// DefaultMaxEntry is the most bytes that one entry may take when Config does
// not say.
const DefaultMaxEntry = 1 << 20

// Error is what ends a list before its end.
type Error struct {
	// List as Config names it, and the line that was being read; 0 if none was.
	List string
	Line int64
	Err  error
}

// Error says the place, then the cause.
func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("list %q: %v", e.List, e.Err)
	}
	return fmt.Sprintf("list %q, line %d: %v", e.List, e.Line, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
