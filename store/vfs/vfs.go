// Package vfs is the small seam between this program and a file system.
//
// Everything that must survive a crash is written through it, so that tests can
// put a file system below that crashes, fills up or fails on request:
//
//   - OS is the real one, confined to a directory through os.Root;
//   - Mem keeps files in memory and can be cloned as a disk might look after a
//     power cut;
//   - Faulty wraps another one and fails as told.
//
// Names are relative paths with forward slashes below the root of the FS. No
// method follows a symbolic link out of it.
package vfs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"time"
)

// ErrLocked is wrapped by the error of Lock when somebody else holds the lock.
var ErrLocked = errors.New("vfs: locked")

// ErrNoSpace is what errors wrap that come from a full disk or quota, beside
// the system's own error.
var ErrNoSpace = errors.New("vfs: no space left")

// Flags of OpenFile, as package os has them.
const (
	ReadOnly  = os.O_RDONLY
	ReadWrite = os.O_RDWR
	Create    = os.O_CREATE
	Excl      = os.O_EXCL
	Trunc     = os.O_TRUNC
)

// FS is a file system. All methods may be called from several goroutines.
type FS interface {
	// OpenFile opens a file. flag is made of ReadOnly, ReadWrite, Create, Excl
	// and Trunc. The parent directory must exist. A symbolic link in the last
	// place is not followed.
	OpenFile(name string, flag int) (File, error)

	// MkdirAll makes a directory and its parents. One that exists is no error.
	// The new names are durable after SyncDir of their parents.
	MkdirAll(name string) error

	// Rename moves a file, over what stands at the new name.
	Rename(from, to string) error

	// RenameExcl moves a file unless something stands at the new name, which is
	// an fs.ErrExist. There is no moment at which the new name shows anything
	// but the whole file.
	RenameExcl(from, to string) error

	// Remove removes a file or an empty directory.
	Remove(name string) error

	// Stat describes what stands at a name, without following a symbolic link.
	Stat(name string) (fs.FileInfo, error)

	// ReadDir lists a directory in the order of names.
	ReadDir(name string) ([]fs.DirEntry, error)

	// Chtimes sets the modification time of a file.
	Chtimes(name string, mtime time.Time) error

	// SyncDir makes durable which names a directory holds.
	SyncDir(name string) error

	// SyncAll makes durable everything that was written on this file system
	// before the call: data, sizes and names. An error means that some of it may
	// be lost.
	SyncAll() error

	// Lock takes the lock file of that name, made if missing, without waiting.
	// The lock ends with Close of what is returned, or with the process. If it
	// is held, also by this process, the error wraps ErrLocked and holds what
	// the holder wrote; otherwise info is written into the file. The file is
	// never removed.
	Lock(name, info string) (io.Closer, error)

	// Free returns how many bytes this program may still write.
	Free() (int64, error)

	// BootID names the time since the machine was started: what was written but
	// not synced is still there while it stays the same. "" if unknown.
	BootID() string

	// Close releases what the FS itself holds.
	Close() error
}

// File is one open file. ReadAt and WriteAt may be called from several
// goroutines at once.
type File interface {
	// ReadAt is as io.ReaderAt has it.
	io.ReaderAt
	// WriteAt is as io.WriterAt has it. After an error, what stands in the range
	// is unknown.
	io.WriterAt
	// Size is the present length in bytes.
	Size() (int64, error)
	// Truncate sets the length.
	Truncate(size int64) error
	// Sync makes the data and length durable (fdatasync). After an error, what
	// was not durable before is unknown and stays so: a later Sync that returns
	// nil says nothing of it.
	Sync() error
	// Writeback asks the system to begin writing out a range, and does not wait.
	Writeback(off, n int64)
	// Allocate reserves room for a file of this size without changing its
	// length. Where that is not possible it does nothing and returns nil; a
	// full disk is an error.
	Allocate(size int64) error
	// Close releases the file. What was not synced may be lost in a power cut.
	Close() error
}
