package fileq

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/store/journal"
)

// lease lends one job. Its state is guarded by the queue's lock.
type lease struct {
	q *Queue
	item
	settled bool
}

func (l *lease) Job() queue.Job { return l.job }

// Deadline is never: the queue belongs to one process.
func (l *lease) Deadline() time.Time { return time.Time{} }

func (l *lease) Extend(context.Context) error {
	l.q.mu.Lock()
	defer l.q.mu.Unlock()
	return l.usable()
}

// usable says why the lease cannot be settled any more. A lease that was
// settled stays so after Close, so that its holder hears the same each time.
func (l *lease) usable() error {
	switch {
	case l.settled:
		return queue.ErrSettled
	case l.q.closed:
		return queue.ErrClosed
	}
	return nil
}

// Ack settles; see queue.Lease. It costs a share of one write, which all that
// settle at the same moment have in common.
func (l *lease) Ack(context.Context) error {
	return l.record(recState, encodeState(l.src, l.ordinal, done),
		func() { l.q.set(l.src, l.ordinal, done) }, func() {})
}

func (l *lease) Drop(_ context.Context, why queue.Reason) error {
	f := Failure{ID: l.job.ID, List: l.src.name, Reason: queue.Reason{
		Kind: cutText(why.Kind, maxKind),
		Text: cutText(why.Text, maxText),
	}}
	return l.record(recFailed, encodeFailed(l.src, l.ordinal, f),
		func() { l.q.fail(l.src, l.ordinal, f) }, func() {})
}

// Retry settles; see queue.Lease. What is remembered is 16 bytes: the job is
// read again when it is due.
func (l *lease) Retry(_ context.Context, after time.Duration) error {
	if !l.job.Done {
		return l.settle(func() { l.owedAfter(after) })
	}
	// It was done and is not any more, also for the next run.
	return l.record(recState, encodeState(l.src, l.ordinal, owed),
		func() { l.q.set(l.src, l.ordinal, owed) },
		func() { l.owedAfter(after) })
}

// owedAfter owes the job again once after has passed. q.mu is held.
func (l *lease) owedAfter(after time.Duration) {
	now := l.q.now()
	at := now + int64(max(after, 0))
	if at < now {
		at = maxInt64 // so far away that it does not matter when
	}
	l.q.delayed.push(delayed{at, makeRef(l.src.slot, l.ordinal, l.job.Attempt+1)})
	l.q.promote(now)
}

func (l *lease) Return(context.Context) error {
	return l.settle(func() { l.q.again = append(l.q.again, l.item) })
}

// settle ends a lease that leaves nothing on the disk.
func (l *lease) settle(then func()) error {
	l.q.mu.Lock()
	defer l.q.mu.Unlock()
	if err := l.usable(); err != nil {
		return err
	}
	l.end(then)
	return nil
}

// end ends the lease. Every way of ending it may be what Next waits for: a job
// that came back, or the last one that was out. q.mu is held.
func (l *lease) end(then func()) {
	l.settled = true
	l.q.lent--
	if !l.q.closed {
		then()
	}
	l.q.jobs.leave()
}

// record ends a lease with a record in the journal. The state is marked in the
// moment in which the record is appended, so that a checkpoint has both or
// neither; the lease ends when the system has the record.
func (l *lease) record(typ uint8, body []byte, mark, then func()) error {
	lsn, before, err := l.append(typ, body, mark)
	if err != nil {
		return err
	}
	err = l.q.log.Flush(lsn)
	l.q.mu.Lock()
	if err != nil {
		l.q.unmark(l.src, l.ordinal, before)
		l.q.mu.Unlock()
		return fmt.Errorf("fileq: settle: %w", err)
	}
	l.end(then)
	if l.job.Done {
		l.src.recheckN--
	}
	if l.q.crowded {
		l.q.room.leave()
	}
	finished := l.q.finished(l.src)
	l.q.mu.Unlock()
	l.q.sweepIf(finished)
	l.q.compactIfLong()
	return nil
}

func (l *lease) append(typ uint8, body []byte, mark func()) (lsn journal.LSN, before state, err error) {
	l.q.mu.Lock()
	defer l.q.mu.Unlock()
	if err := l.usable(); err != nil {
		return 0, 0, err
	}
	if lsn, err = l.q.log.Append(typ, body); err != nil {
		return 0, 0, fmt.Errorf("fileq: settle: %w", err)
	}
	before = l.src.states.get(l.ordinal)
	mark()
	return lsn, before, nil
}

// cutText shortens a text to n bytes of whole characters.
func cutText(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
