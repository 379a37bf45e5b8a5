package fileq

import (
	"context"
	"fmt"
	"iter"

	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/store/journal"
)

// Put spools jobs; see queue.Queue. It copies them, so the sequence may use the
// same memory for each. Jobs are lent while the sequence goes on. Put waits while
// more than Config.SpoolBytes are spooled and not settled.
//
// With Config.Dedupe at Exact, an ID is known if an earlier Put or a list of
// this run has it, or if it was ever done; with Config.Recheck, one that was
// done is also lent again. Otherwise what is put again is owed again. A job that
// an earlier run did not do is new to this one, which has the body that was put
// last.
func (q *Queue) Put(ctx context.Context, jobs iter.Seq2[queue.Job, error]) (queue.Added, error) {
	var added queue.Added
	if err := q.beginAdd(); err != nil {
		return added, err
	}
	defer q.endAdd()
	err := q.putAll(ctx, jobs, &added)
	if err == queue.ErrClosed {
		return added, err
	}
	// What came before an error stays added, so it is made durable all the same.
	if saved := q.savePut(context.WithoutCancel(ctx)); err == nil {
		err = saved
	}
	return added, err
}

func (q *Queue) putAll(ctx context.Context, jobs iter.Seq2[queue.Job, error], added *queue.Added) error {
	for job, err := range jobs {
		if err != nil {
			return err
		}
		if err := q.awaitRoom(ctx); err != nil {
			return err
		}
		isNew, err := q.putOne(job)
		if err != nil {
			return err
		}
		if isNew {
			added.New++
		} else {
			added.Known++
		}
	}
	return nil
}

// putOne adds a job to the spool, and reports whether it is new. It becomes
// known only when it is in the spool's buffer, from where it is written or Puts
// fail for good.
func (q *Queue) putOne(job queue.Job) (bool, error) {
	if job.ID.IsZero() {
		return false, errNoID
	}
	if n := len(job.Host) + len(job.Body); n > MaxJob {
		return false, fmt.Errorf("fileq: job %v has %d bytes, at most %d", job.ID, n, MaxJob)
	}
	q.putting.Lock()
	defer q.putting.Unlock()
	if err := q.mayPut(); err != nil {
		return false, err
	}
	known, again, err := q.isKnown(job.ID)
	if known && !again || err != nil {
		return false, err
	}
	if err := q.spoolFor(); err != nil {
		return false, err
	}
	if !q.remember(job.ID) {
		return false, nil
	}
	q.spool.add(job)
	if again {
		q.spool.done = append(q.spool.done, len(q.spool.jobs)-1)
	}
	if len(q.spool.buf) >= spoolBuffer {
		return !known, q.writeSpool()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.changed()
	return !known, nil
}

// mayPut says why nothing can be put any more. putting is held.
func (q *Queue) mayPut() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return queue.ErrClosed
	}
	return q.putErr
}

// isKnown looks whether an ID is there, and whether it is to be lent again all
// the same, because an earlier run has done it. putting is held.
func (q *Queue) isKnown(id queue.ID) (known, again bool, err error) {
	q.known.mu.Lock()
	defer q.known.mu.Unlock()
	if err := q.buildKnown(); err != nil {
		return false, false, err
	}
	switch {
	case q.cfg.Dedupe == None:
		return false, false, nil
	case q.cfg.Dedupe == Adjacent:
		return id == q.lastPut, false, nil
	case q.known.set.has(id):
		return true, false, nil
	case q.known.past.has(id):
		return true, q.cfg.Recheck, nil
	}
	return false, false, nil
}

// remember makes an ID known, and reports whether it was not: a list may have
// come to the same job since isKnown. putting is held.
func (q *Queue) remember(id queue.ID) bool {
	q.lastPut = id
	if q.cfg.Dedupe != Exact {
		return true
	}
	q.known.mu.Lock()
	defer q.known.mu.Unlock()
	return q.known.set.add(id)
}

// spoolFor makes sure that there is a file with room. putting is held.
func (q *Queue) spoolFor() error {
	if q.spool.src != nil && q.spool.end+int64(len(q.spool.buf)) < q.cfg.spoolSize {
		return nil
	}
	if err := q.endSpool(); err != nil {
		return err
	}
	q.sweepIf(true) // all of the last file may be settled already
	q.mu.Lock()
	defer q.mu.Unlock()
	s, err := q.newSource(kindSpool, "", look{})
	if err != nil {
		return err
	}
	ids, err := q.idsOf(s)
	if err != nil {
		return err
	}
	if err := q.spool.create(q.fs, q.dir, s, ids); err != nil {
		return err
	}
	s.in, s.format, s.size = q.spool.f, spoolFormat{}, spoolHeader
	return nil
}

// flushSpool hands what was put to the system, so that it can be lent.
func (q *Queue) flushSpool() error {
	q.putting.Lock()
	defer q.putting.Unlock()
	return q.writeSpool()
}

// writeSpool is flushSpool with putting held. After an error nothing can be put
// in this run: what stands at the end of the file is unknown.
func (q *Queue) writeSpool() error {
	if q.putErr != nil || len(q.spool.jobs) == 0 {
		return q.putErr
	}
	err := q.admit()
	if err == nil {
		err = q.spool.write()
	}
	if err != nil {
		q.putErr = err
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.spool.src.size = q.spool.end
	q.crowded = q.isCrowded()
	q.changed()
	return nil
}

// admit gives the jobs in the buffer their states. That some of them are done is
// written down before they can be found in the file: after a kill they would be
// owed otherwise. putting is held.
func (q *Queue) admit() error {
	if len(q.spool.done) == 0 {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.spool.src.states.grow(q.spool.next + int64(len(q.spool.jobs)))
		return nil
	}
	last, err := q.admitDone()
	if err == nil {
		err = q.log.Flush(last)
	}
	if err != nil {
		return fmt.Errorf("fileq: put: %w", err)
	}
	return nil
}

func (q *Queue) admitDone() (last journal.LSN, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := q.spool.src
	s.states.grow(q.spool.next + int64(len(q.spool.jobs)))
	for _, i := range q.spool.done {
		ordinal := q.spool.next + int64(i)
		if last, err = q.log.Append(recState, encodeState(s, ordinal, done)); err != nil {
			return 0, err
		}
		q.set(s, ordinal, done)
		s.checkAgain(ordinal)
	}
	return last, nil
}

// savePut makes durable what was put.
func (q *Queue) savePut(ctx context.Context) error {
	q.putting.Lock()
	defer q.putting.Unlock()
	if err := q.mayPut(); err != nil {
		return err
	}
	if err := q.syncSpool(); err != nil {
		return err
	}
	if err := q.log.Sync(ctx, q.log.Last()); err != nil {
		return fmt.Errorf("fileq: put: %w", err)
	}
	return nil
}

// syncSpool makes the spool durable and records how much of it is. putting is
// held.
func (q *Queue) syncSpool() error {
	if q.spool.src == nil {
		return nil
	}
	if err := q.writeSpool(); err != nil {
		return err
	}
	s, end := q.spool.src, q.spool.end
	if s.synced == end {
		return nil
	}
	if err := q.spool.sync(); err != nil {
		q.putErr = err
		return err
	}
	if err := q.fs.SyncDir(q.dir); err != nil {
		q.putErr = fmt.Errorf("fileq: sync spool: %w", err)
		return q.putErr
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	s.synced = end
	if _, err := q.log.Append(recSynced, encodeSynced(s, end, q.spool.next)); err != nil {
		return fmt.Errorf("fileq: %w", err)
	}
	return nil
}

// endSpool closes the file that is being written for writing; it is still read.
// putting is held.
func (q *Queue) endSpool() error {
	if q.spool.src == nil {
		return nil
	}
	if err := q.syncSpool(); err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.spool.src.final = true
	q.spool.src = nil
	return nil
}
