package journal

import (
	"errors"
	"fmt"
)

var (
	// ErrClosed is returned by every method of a log after Close.
	ErrClosed = errors.New("journal: closed")

	// ErrFailed is wrapped by every error of a log that cannot go on, because a
	// sync failed or what a failed write left could not be taken away. What was
	// not durable before may be lost. A new Open reads what is there.
	ErrFailed = errors.New("journal: failed")

	// ErrUnknownRecord is what Apply returns for a type that it does not know.
	// Below SkippableType, Open refuses the log, which was written by a newer
	// program; from there on the record is skipped.
	ErrUnknownRecord = errors.New("journal: unknown record type")

	// ErrRecord is wrapped by the error of Append for a record that no log
	// takes: too long, or of a type that is reserved.
	ErrRecord = errors.New("journal: bad record")
)

// CorruptError says that bytes which were durable once are not what was
// written. Open never goes on from there: it would lose what was promised.
type CorruptError struct {
	File     string // name below the root of the file system
	Offset   int64  // in bytes, where what is wrong begins
	Expected string
	Found    string
}

// Error names the place, what should be there and what is.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("journal: %s is corrupt at offset %d: expected %s, found %s", e.File, e.Offset, e.Expected, e.Found)
}

// VersionError says that a file was written by a newer program, in a format
// that this one does not know.
type VersionError struct {
	File    string
	Version uint16 // of the file
	Known   uint16 // the newest that this program reads
}

// Error names the file and both versions.
func (e *VersionError) Error() string {
	return fmt.Sprintf("journal: %s has format version %d; this program knows up to %d", e.File, e.Version, e.Known)
}
