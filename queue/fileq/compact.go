package fileq

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/seed-9a1263fe/haul/store/vfs"
)

// compactIfLong writes the state down when the journal has grown long, and
// removes what is not needed any more. Whoever settled the job that made it too
// long does it. A failure is no reason to stop: the journal is only longer.
func (q *Queue) compactIfLong() {
	q.mu.Lock()
	long := !q.closed && !q.snapping && q.log.Size() >= max(q.cfg.checkpointSize, 4*q.snapSize)
	q.snapping = q.snapping || long
	q.mu.Unlock()
	if !long {
		return
	}
	err := q.checkpoint()
	if err == nil {
		err = q.sweep()
	}
	if err != nil {
		q.cfg.Logger.Warn("fileq: journal stays long", "error", err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.snapping = false
}

// checkpoint writes the state down.
func (q *Queue) checkpoint() error {
	q.mu.Lock()
	at, body := q.log.Last(), q.encode()
	q.snapSize = int64(len(body))
	q.mu.Unlock()
	err := q.log.Checkpoint(at, func(w io.Writer) error {
		_, err := w.Write(body)
		return err
	})
	if err != nil {
		return fmt.Errorf("fileq: %w", err)
	}
	return nil
}

// sweepIf removes spool files if one was settled. A failure is no reason to
// stop: it is tried again with the next one, and by Close.
func (q *Queue) sweepIf(settled bool) {
	if !settled {
		return
	}
	if err := q.sweep(); err != nil {
		q.cfg.Logger.Warn("fileq: spool stays", "error", err)
	}
}

// sweep removes the spool files whose jobs are all settled. The record that says
// so is durable before, or the next run would look for the file.
func (q *Queue) sweep() error {
	freed, err := q.freeSpools()
	if len(freed) == 0 || err != nil {
		return err
	}
	if err := q.log.Sync(context.Background(), q.log.Last()); err != nil {
		return fmt.Errorf("fileq: %w", err)
	}
	for _, s := range freed {
		if err := q.fs.Remove(spoolName(q.dir, s.id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("fileq: remove spool: %w", err)
		}
	}
	return nil
}

// freeSpools records which spool files are finished and closes them.
func (q *Queue) freeSpools() ([]*source, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var freed []*source
	for _, s := range q.sources {
		if !q.finished(s) {
			continue
		}
		if _, err := q.log.Append(recFreed, fields(nil).uint(int64(s.id))); err != nil {
			return freed, fmt.Errorf("fileq: %w", err)
		}
		err := closeSource(s)
		s.free()
		if err != nil {
			return freed, err
		}
		freed = append(freed, s)
	}
	return freed, nil
}

// finished reports whether nobody needs a spool file any more. What is to be
// looked at again needs it until then, but not for a next run; what has failed
// needs it for a next run that resumes this one. mu is held.
func (q *Queue) finished(s *source) bool {
	return s.settled() && (s.recheckN == 0 || q.closed) && (s.states.counts[failed] == 0 || !q.cfg.Resume)
}

// closeSource closes the file of a spool. Lists belong to the caller.
func closeSource(s *source) error {
	f, ours := s.in.(vfs.File)
	if s.kind != kindSpool || !ours {
		return nil
	}
	s.in = nil
	if err := f.Close(); err != nil {
		return fmt.Errorf("fileq: close spool: %w", err)
	}
	return nil
}

// Close gives back what is lent, makes everything durable, and waits for whom
// it finds reading or putting a job. Leases that are out can no longer be
// settled. A second Close returns nil.
func (q *Queue) Close() error {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return nil
	}
	q.closed = true
	q.due.Stop()
	q.jobs.leave()
	q.room.leave()
	q.mu.Unlock()

	q.adding.Lock()
	defer q.adding.Unlock()
	q.loading.Lock()
	defer q.loading.Unlock()
	q.putting.Lock()
	defer q.putting.Unlock()
	q.known.mu.Lock()
	defer q.known.mu.Unlock()
	err := q.endSpool()
	err = errors.Join(err, q.checkpoint())
	if err == nil {
		err = q.sweep()
	}
	return errors.Join(err, q.log.Close(), q.closeFiles())
}

func (q *Queue) closeFiles() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	var errs []error
	for _, s := range q.sources {
		errs = append(errs, closeSource(s))
	}
	for _, ids := range q.ids {
		if err := ids.f.Close(); err != nil {
			errs = append(errs, fmt.Errorf("fileq: close IDs: %w", err))
		}
	}
	q.known.set, q.known.past = nil, nil
	q.again, q.ready, q.delayed, q.overdue = nil, fifo{}, nil, nil
	return errors.Join(errs...)
}
