package fileq

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/seed-9a1263fe/haul/queue"
)

// historyID names the file of the history among those of IDs. No source has it.
const historyID = 0

// historyBatch is how many IDs are written to the history at once.
const historyBatch = 4096

// retire collects in past the IDs of all jobs that earlier runs were given by
// Put and have done. Those that stand in spool files become part of the history,
// 16 bytes each, once for all runs; the files go, and what they have that was
// not done is given up. known must be locked.
func (q *Queue) retire(past *idSet) error {
	spools := q.pastSpools()
	q.mu.Lock()
	n := q.past
	q.mu.Unlock()
	if n == 0 && len(spools) == 0 {
		return nil
	}
	file, err := openIDs(q.fs, q.dir, historyID)
	if err != nil {
		return err
	}
	h := history{file: file, n: n, past: past}
	err = h.collect()
	if err == nil && len(spools) > 0 {
		if err = q.retireInto(&h, spools); err == nil {
			err = q.forgetPast(spools, h.n)
		}
	}
	if bad := file.f.Close(); bad != nil {
		err = errors.Join(err, fmt.Errorf("fileq: close history: %w", bad))
	}
	return err
}

// retireInto makes the history hold what the spool files say, on the disk.
func (q *Queue) retireInto(h *history, spools []*source) error {
	undone := newIDSet()
	for _, s := range spools {
		q.mu.Lock()
		ids, err := q.idsOf(s)
		q.mu.Unlock()
		if err == nil {
			err = h.take(s, ids, undone)
		}
		if err != nil {
			return err
		}
	}
	if undone.n > 0 {
		if err := h.remove(undone); err != nil {
			return err
		}
	}
	if err := h.file.f.Sync(); err != nil {
		return fmt.Errorf("fileq: sync history: %w", err)
	}
	if err := q.fs.SyncDir(q.dir); err != nil {
		return fmt.Errorf("fileq: sync history: %w", err)
	}
	return nil
}

// pastSpools lists the spool files that are not part of this run.
func (q *Queue) pastSpools() []*source {
	q.mu.Lock()
	defer q.mu.Unlock()
	var spools []*source
	for _, s := range q.sources {
		if s.past {
			spools = append(spools, s)
		}
	}
	return spools
}

// forgetPast removes spool files of earlier runs. The record that says so is
// durable before, or a next run would look for them. past is how many IDs the
// history holds.
func (q *Queue) forgetPast(spools []*source, past int64) error {
	if len(spools) == 0 {
		return nil
	}
	for _, s := range spools {
		if err := q.forgetOne(s, past); err != nil {
			return fmt.Errorf("fileq: %w", err)
		}
	}
	if err := q.log.Sync(context.Background(), q.log.Last()); err != nil {
		return fmt.Errorf("fileq: %w", err)
	}
	return q.removeOrphans()
}

func (q *Queue) forgetOne(s *source, past int64) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, err := q.log.Append(recRetired, fields(nil).uint(int64(s.id), past)); err != nil {
		return err
	}
	q.forget(s, past)
	q.delayed.forget(s.slot)
	for i, r := range q.overdue {
		q.overdue[i] = r.forget(s.slot)
	}
	ids, ok := q.ids[s.id]
	if !ok {
		return nil
	}
	delete(q.ids, s.id)
	return ids.f.Close()
}

// removeOrphans removes the files of sources that are no more.
func (q *Queue) removeOrphans() error {
	entries, err := q.fs.ReadDir(q.dir)
	if err != nil {
		return fmt.Errorf("fileq: %w", err)
	}
	for _, e := range entries {
		if !q.isOrphan(e.Name()) {
			continue
		}
		if err := q.fs.Remove(q.dir + "/" + e.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("fileq: remove what is left of an earlier run: %w", err)
		}
	}
	return nil
}

func (q *Queue) isOrphan(name string) bool {
	kind, number, _ := strings.Cut(name, "-")
	id, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return false
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	s := q.byID[id]
	switch kind {
	case "spool":
		return s == nil || s.freed
	case "ids":
		return s == nil && id != historyID
	}
	return false
}

// history is the file with the IDs of jobs that earlier runs were given by Put
// and have done, each once. Like every file of IDs it may lose some.
type history struct {
	file *idFile
	n    int64  // IDs that it holds, those that wait included
	past *idSet // all of them, and what else was done
	wait []queue.ID
}

// collect fills past.
func (h *history) collect() error {
	return h.file.read(0, h.n, func(_ int64, ids []queue.ID) {
		for _, id := range ids {
			if !id.IsZero() {
				h.past.add(id)
			}
		}
	})
}

// take adds what is done of a spool file, and collects in undone what is not
// though it was. Nobody else changes a file that is not part of the run.
func (h *history) take(s *source, ids *idFile, undone *idSet) error {
	var bad error
	err := ids.read(0, s.states.n, func(first int64, ids []queue.ID) {
		for i, id := range ids {
			switch is := s.states.get(first + int64(i)); {
			case id.IsZero(), is == void:
			case is == done:
				bad = errors.Join(bad, h.add(id))
			case h.past.has(id):
				undone.add(id)
			}
		}
	})
	return errors.Join(err, bad, h.flush())
}

// add puts an ID behind the others unless it is there.
func (h *history) add(id queue.ID) error {
	if !h.past.add(id) {
		return nil
	}
	h.n++
	h.wait = append(h.wait, id)
	if len(h.wait) < historyBatch {
		return nil
	}
	return h.flush()
}

func (h *history) flush() error {
	if len(h.wait) == 0 {
		return nil
	}
	err := h.file.writeIDs(h.n-int64(len(h.wait)), h.wait)
	h.wait = h.wait[:0]
	return err
}

// remove takes IDs out: they were done, were put again, and when they were
// looked at, it was found that they are not done any more. Their places stay
// empty.
func (h *history) remove(undone *idSet) error {
	var bad error
	err := h.file.read(0, h.n, func(first int64, ids []queue.ID) {
		for i, id := range ids {
			if undone.has(id) {
				bad = errors.Join(bad, h.file.writeIDs(first+int64(i), []queue.ID{{}}))
			}
		}
	})
	if err := errors.Join(err, bad); err != nil {
		return err
	}
	*h.past = *newIDSet()
	return h.collect()
}
