package vfs

import (
	"io"
	"io/fs"
	"os"
	"time"
)

// Frozen shows a file system in which nothing changes, to those who look at a
// directory that somebody else may be using: what is written through it goes
// nowhere and is reported as done, and a file made through it is empty. So code
// that repairs what it opens can be used for looking only. Lock takes nothing.
// Close leaves the file system below open.
func Frozen(below FS) FS { return frozen{below} }

type frozen struct{ FS }

func (f frozen) OpenFile(name string, flag int) (File, error) {
	if flag&os.O_CREATE != 0 {
		return nowhere{}, nil
	}
	file, err := f.FS.OpenFile(name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	return frozenFile{file}, nil
}

func (frozen) MkdirAll(string) error                  { return nil }
func (frozen) Rename(string, string) error            { return nil }
func (frozen) RenameExcl(string, string) error        { return nil }
func (frozen) Remove(string) error                    { return nil }
func (frozen) Chtimes(string, time.Time) error        { return nil }
func (frozen) SyncDir(string) error                   { return nil }
func (frozen) SyncAll() error                         { return nil }
func (frozen) Lock(string, string) (io.Closer, error) { return nowhere{}, nil }
func (frozen) Close() error                           { return nil }

// frozenFile is a file that is there and does not change.
type frozenFile struct{ File }

func (frozenFile) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }
func (frozenFile) Truncate(int64) error                   { return nil }
func (frozenFile) Sync() error                            { return nil }
func (frozenFile) Writeback(int64, int64)                 {}
func (frozenFile) Allocate(int64) error                   { return nil }

// nowhere is a file that takes everything and keeps nothing.
type nowhere struct{}

func (nowhere) ReadAt([]byte, int64) (int, error)      { return 0, fs.ErrNotExist }
func (nowhere) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }
func (nowhere) Size() (int64, error)                   { return 0, nil }
func (nowhere) Truncate(int64) error                   { return nil }
func (nowhere) Sync() error                            { return nil }
func (nowhere) Writeback(int64, int64)                 {}
func (nowhere) Allocate(int64) error                   { return nil }
func (nowhere) Close() error                           { return nil }
