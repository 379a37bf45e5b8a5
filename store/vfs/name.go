package vfs

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
)

// errNotRegular refuses pipes, devices, sockets and links.
var errNotRegular = errors.New("not a regular file")

// checkName refuses what is not a plain relative path below the root: empty,
// absolute, with "." or ".." segments, or with NUL. "." alone is the root.
func checkName(op, name string) error {
	if !fs.ValidPath(name) {
		return &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	for i := range len(name) {
		if name[i] == 0 {
			return &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
		}
	}
	return nil
}

// split parts a checked name into its directory, "." for the root, and its last
// segment.
func split(name string) (dir, base string) {
	return path.Dir(name), path.Base(name)
}

// LockedError says who holds a lock. It wraps ErrLocked.
type LockedError struct {
	Name   string // of the lock file
	Holder string // what the holder wrote, at most 512 bytes; may be empty
}

// Error names the lock and its holder.
func (e *LockedError) Error() string {
	if e.Holder == "" {
		return fmt.Sprintf("vfs: lock %q: held by another process", e.Name)
	}
	return fmt.Sprintf("vfs: lock %q: held by %q", e.Name, e.Holder)
}

// Unwrap returns ErrLocked.
func (e *LockedError) Unwrap() error { return ErrLocked }

// NoLockError says that a file system cannot be trusted to keep two processes
// apart: a network file system, or one without locks. Nothing is locked; a
// caller who knows that nobody else works there may go on without.
type NoLockError struct {
	Name   string // of the lock file
	System string // the kind of file system, "" if unknown
	Err    error  // what the system said, nil if it was not asked
}

// Error names the lock, the file system and the cause.
func (e *NoLockError) Error() string {
	s := fmt.Sprintf("vfs: lock %q: no dependable locks", e.Name)
	if e.System != "" {
		s += " on " + e.System
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the system's error.
func (e *NoLockError) Unwrap() error { return e.Err }

// maxHolder bounds how much of a lock file is read to name its holder.
const maxHolder = 512
