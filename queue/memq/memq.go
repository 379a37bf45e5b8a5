// Package memq is a queue in memory: the reference that the others are
// compared with, and the one for runs that need no memory of themselves.
//
// Jobs are lent in the order in which they were put. Jobs that came back
// (returned, or retried and due) go before those that were never lent, so that
// what was begun ends first.
//
// What is owed is bounded by Config.Capacity. What is remembered of settled
// jobs is their ID, some 40 bytes each, so that a job put twice is done once.
package memq

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/seed-9a1263fe/haul/queue"
)

// DefaultCapacity is used where Config.Capacity is zero.
const DefaultCapacity = 4096

// errNoID refuses a job that nobody could tell from another.
var errNoID = errors.New("memq: job without an ID")

// Config of a queue. The zero value works.
type Config struct {
	// Capacity is how many jobs may be owed and not lent, those that wait for
	// their retry included, before Put waits. Zero means DefaultCapacity. Jobs
	// that come back are taken at any time and may exceed it by the number of
	// leases that were out.
	Capacity int
}

// Queue is a queue.Queue in memory. It starts no goroutine.
//
// Whoever waits for jobs or for room waits for a token in a channel of one: a
// change leaves a token, and the one who takes it looks what there is, takes
// one piece and leaves a token again if there is more for the next. So each
// change wakes one goroutine, not all of them.
type Queue struct {
	capacity int
	jobs     token       // Next may have something to do
	room     token       // Put may have something to do
	due      *time.Timer // fires when the first delayed job is due

	mu      sync.Mutex
	known   map[queue.ID]struct{}
	again   fifo // came back, and are due
	fresh   fifo // were never lent
	delayed delayed
	lent    int
	putting int // Puts that are under way
	sealed  bool
	closed  bool
}

var _ queue.Queue = (*Queue)(nil)

// New returns an empty queue.
func New(cfg Config) *Queue {
	if cfg.Capacity <= 0 {
		cfg.Capacity = DefaultCapacity
	}
	due := time.NewTimer(0)
	due.Stop()
	return &Queue{
		capacity: cfg.Capacity,
		jobs:     newToken(),
		room:     newToken(),
		due:      due,
		known:    make(map[queue.ID]struct{}),
	}
}

// Put adds jobs until the sequence ends; see queue.Queue. It copies the bodies,
// so the sequence may use the same memory for each.
func (q *Queue) Put(ctx context.Context, jobs iter.Seq2[queue.Job, error]) (queue.Added, error) {
	var added queue.Added
	if err := q.beginPut(); err != nil {
		return added, err
	}
	defer q.endPut()
	for job, err := range jobs {
		if err != nil {
			return added, err
		}
		isNew, err := q.add(ctx, job)
		if err != nil {
			return added, err
		}
		if isNew {
			added.New++
		} else {
			added.Known++
		}
	}
	return added, nil
}

func (q *Queue) beginPut() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return queue.ErrClosed
	case q.sealed:
		return queue.ErrSealed
	}
	q.putting++
	return nil
}

func (q *Queue) endPut() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.putting--
	q.jobs.leave() // this may have been all that Next waited for
}

// add puts one job as soon as there is room, and reports whether it is new.
func (q *Queue) add(ctx context.Context, job queue.Job) (bool, error) {
	if job.ID.IsZero() {
		return false, errNoID
	}
	for {
		isNew, full, err := q.tryAdd(ctx, job)
		if !full {
			return isNew, err
		}
		select {
		case <-q.room:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

func (q *Queue) tryAdd(ctx context.Context, job queue.Job) (isNew, full bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		q.room.leave()
		return false, false, queue.ErrClosed
	}
	if ctx.Err() != nil {
		q.leaveRoom() // the token may be ours, and we take nothing
		return false, false, ctx.Err()
	}
	if _, ok := q.known[job.ID]; ok {
		q.leaveRoom()
		return false, false, nil
	}
	if q.waiting() >= q.capacity {
		return false, true, nil
	}
	q.known[job.ID] = struct{}{}
	job.Body = slices.Clone(job.Body)
	job.Attempt, job.Done = 0, false
	q.fresh.push(job)
	q.jobs.leave()
	q.leaveRoom()
	return true, false, nil
}

// leaveRoom passes the token on to another Put if there is room for its job.
func (q *Queue) leaveRoom() {
	if q.waiting() < q.capacity {
		q.room.leave()
	}
}

// waiting is the number of jobs that are owed and not lent.
func (q *Queue) waiting() int { return q.again.len() + q.fresh.len() + len(q.delayed) }

// Seal says that no further Put will be made. Puts that are under way go on,
// and Next does not end before them.
func (q *Queue) Seal(context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return queue.ErrClosed
	}
	q.sealed = true
	q.jobs.leave()
	return nil
}

// Next lends the next job that is due; see queue.Queue. Leases have no
// deadline.
func (q *Queue) Next(ctx context.Context) (queue.Lease, error) {
	for {
		l, err := q.take(ctx)
		if err != nil {
			return nil, err
		}
		if l != nil {
			return l, nil
		}
		select {
		case <-q.jobs:
		case <-q.due.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// take lends a job, or returns nil if none is due now. Either way it leaves the
// token for the next who asks, if that one would not have to wait.
func (q *Queue) take(ctx context.Context) (*lease, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		q.jobs.leave()
		return nil, queue.ErrClosed
	}
	if ctx.Err() != nil {
		q.jobs.leave() // the token may be ours, and we take nothing
		return nil, ctx.Err()
	}
	q.promote(time.Now())
	job, ok := q.again.pop()
	if !ok {
		job, ok = q.fresh.pop()
	}
	if !ok {
		if q.sealed && q.putting == 0 && q.lent == 0 && len(q.delayed) == 0 {
			q.jobs.leave()
			return nil, queue.ErrDrained
		}
		return nil, nil
	}
	q.lent++
	if q.again.len()+q.fresh.len() > 0 {
		q.jobs.leave()
	}
	q.leaveRoom()
	return &lease{q: q, job: job}, nil
}

// promote moves the jobs whose delay has passed to those that are due, and
// sets the timer for the first of the others.
func (q *Queue) promote(now time.Time) {
	for len(q.delayed) > 0 && !q.delayed[0].at.After(now) {
		q.again.push(q.delayed.pop())
	}
	if len(q.delayed) > 0 {
		q.due.Reset(q.delayed[0].at.Sub(now))
	}
}

// Close forgets everything. Whoever waits gets ErrClosed. A second Close
// returns nil.
func (q *Queue) Close() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil
	}
	q.closed = true
	q.due.Stop()
	q.known, q.again, q.fresh, q.delayed = nil, fifo{}, fifo{}, nil
	q.jobs.leave()
	q.room.leave()
	return nil
}

// token is a channel of one, see Queue.
type token chan struct{}

func newToken() token { return make(token, 1) }

// leave puts the token there unless it lies there already.
func (t token) leave() {
	select {
	case t <- struct{}{}:
	default:
	}
}
