package fileq

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

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

// readOnly recovers through a frozen file system as the queue itself would after
// a crash, so everything stays as it is.
func (m *memory) readOnly(fsys vfs.FS, dir string) error {
	log, err := journal.Open(vfs.Frozen(fsys), dir, m.options(slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	return log.Close()
}
