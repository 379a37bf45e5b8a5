package fileq

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"github.com/seed-9a1263fe/haul/store/journal"
	"github.com/seed-9a1263fe/haul/store/vfs"
)

// Report is what a directory knows of its queue.
type Report struct {
	Stats
	// Failures are the jobs that were dropped in the last run, as far as they
	// are kept.
	Failures []Failure
}

// inspectTries is how often Inspect reads again when a run that is under way
// replaces files below it.
const inspectTries = 5

// Inspect reads what a directory knows and changes nothing; a run may hold the
// queue at the same time. An error that wraps fs.ErrNotExist means that there is
// no queue.
func Inspect(fsys vfs.FS, dir string) (Report, error) {
	if _, err := fsys.Stat(dir); err != nil {
		return Report{}, fmt.Errorf("fileq: inspect: %w", err)
	}
	var last error
	for range inspectTries {
		m := newMemory(DefaultMaxFailures)
		last = m.readOnly(fsys, dir)
		if last == nil {
			return Report{Stats: m.stats(), Failures: m.sortedFailures()}, nil
		}
		if !errors.Is(last, fs.ErrNotExist) {
			break
		}
	}
	return Report{}, fmt.Errorf("fileq: inspect: %w", last)
}

func (m *memory) readOnly(fsys vfs.FS, dir string) error {
	log, err := journal.Open(&frozen{FS: fsys}, dir, m.options(slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	return log.Close()
}

// frozen shows a file system in which nothing changes: what is written through
// it goes nowhere, and new files are empty. The journal recovers through it as
// it would after a crash, and leaves everything as it is.
type frozen struct{ vfs.FS }

func (f *frozen) OpenFile(name string, flag int) (vfs.File, error) {
	if flag&os.O_CREATE != 0 {
		return nowhere{}, nil
	}
	file, err := f.FS.OpenFile(name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	return frozenFile{file}, nil
}

func (f *frozen) MkdirAll(string) error           { return nil }
func (f *frozen) Rename(string, string) error     { return nil }
func (f *frozen) RenameExcl(string, string) error { return nil }
func (f *frozen) Remove(string) error             { return nil }
func (f *frozen) SyncDir(string) error            { return nil }
func (f *frozen) SyncAll() error                  { return nil }

type frozenFile struct{ vfs.File }

func (frozenFile) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }
func (frozenFile) Truncate(int64) error                   { return nil }
func (frozenFile) Sync() error                            { return nil }
func (frozenFile) Writeback(int64, int64)                 {}
func (frozenFile) Allocate(int64) error                   { return nil }

// nowhere is a file that takes everything and keeps nothing.
type nowhere struct{}

func (nowhere) ReadAt([]byte, int64) (int, error) {
	return 0, errors.New("fileq: nothing is kept here")
}
func (nowhere) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }
func (nowhere) Size() (int64, error)                   { return 0, nil }
func (nowhere) Truncate(int64) error                   { return nil }
func (nowhere) Sync() error                            { return nil }
func (nowhere) Writeback(int64, int64)                 {}
func (nowhere) Allocate(int64) error                   { return nil }
func (nowhere) Close() error                           { return nil }
