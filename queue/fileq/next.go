package fileq

import (
	"context"
	"time"

	"github.com/seed-9a1263fe/haul/queue"
)

// Next lends the next job that is due: first what came back, then what is owed,
// list after list in the order in which they were first added, then, with
// Config.Recheck, what was done before. Leases have no deadline.
//
// A *ListError means that a list cannot be read any further. Next returns it
// from then on, while what is lent can still be settled.
func (q *Queue) Next(ctx context.Context) (queue.Lease, error) {
	for {
		l, load, err := q.take(ctx)
		switch {
		case err != nil:
			return nil, err
		case l != nil:
			return l, nil
		case load:
			q.load()
			continue
		}
		select {
		case <-q.jobs:
		case <-q.due.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// take lends a job that is in memory. If there is none it says whether the
// caller is to load some, or returns nothing: then there is nothing to do now.
// It leaves the token for the next who asks, if that one would not have to wait.
func (q *Queue) take(ctx context.Context) (_ *lease, load bool, _ error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.usable(ctx); err != nil {
		q.jobs.leave() // for the next, if the token was ours
		return nil, false, err
	}
	q.promote(q.now())
	if it, ok := q.pop(); ok {
		q.lent++
		if len(q.again) > 0 || q.ready.len() > 0 || q.mayLoad() {
			q.jobs.leave()
		}
		return &lease{q: q, item: it}, false, nil
	}
	if q.mayLoad() {
		q.reading = true
		return nil, true, nil
	}
	if q.drained() {
		q.jobs.leave()
		return nil, false, queue.ErrDrained
	}
	return nil, false, nil
}

func (q *Queue) usable(ctx context.Context) error {
	switch {
	case q.closed:
		return queue.ErrClosed
	case q.broken != nil:
		return q.broken
	}
	return ctx.Err()
}

// mayLoad reports whether reading could find a job and nobody is at it.
func (q *Queue) mayLoad() bool { return !q.reading && (!q.idle || len(q.overdue) > 0) }

// drained reports whether nothing is owed and nothing can become owed.
func (q *Queue) drained() bool {
	return q.sealed && q.puts == 0 && q.lent == 0 && !q.reading && q.idle &&
		len(q.delayed) == 0 && len(q.overdue) == 0
}

// pop takes a job from memory. Jobs that are due and must be read again go
// before fresh ones, so those wait while somebody could read.
func (q *Queue) pop() (item, bool) {
	if n := len(q.again); n > 0 {
		it := q.again[0]
		q.again[0] = item{}
		q.again = q.again[1:]
		if n == 1 {
			q.again = nil
		}
		return it, true
	}
	if len(q.overdue) > 0 && !q.reading {
		return item{}, false
	}
	return q.ready.pop()
}

// promote notes which delays have passed, and sets the timer for the next.
func (q *Queue) promote(now int64) {
	for len(q.delayed) > 0 && q.delayed[0].at <= now {
		q.overdue = append(q.overdue, q.delayed.pop().ref)
	}
	if len(q.delayed) > 0 {
		q.due.Reset(time.Duration(q.delayed[0].at - now))
	}
}

// now is the time since the queue was opened, by the monotonic clock.
func (q *Queue) now() int64 { return int64(time.Since(q.birth)) }
