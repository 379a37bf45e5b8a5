package memq

import (
	"context"
	"time"

	"github.com/seed-9a1263fe/haul/queue"
)

// lease lends one job. Its state is guarded by the queue's lock.
type lease struct {
	q       *Queue
	job     queue.Job
	settled bool
}

func (l *lease) Job() queue.Job { return l.job }

// Deadline is never: nobody else could be given the job.
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

func (l *lease) Ack(context.Context) error {
	return l.settle(func() {})
}

func (l *lease) Retry(_ context.Context, after time.Duration) error {
	return l.settle(func() {
		job := l.job // Job still tells what this lease was for
		job.Attempt++
		now := time.Now()
		l.q.delayed.push(job, now.Add(max(after, 0)))
		l.q.promote(now)
	})
}

func (l *lease) Return(context.Context) error {
	return l.settle(func() { l.q.again.push(l.job) })
}

func (l *lease) Drop(context.Context, queue.Reason) error {
	return l.settle(func() {})
}

// settle ends the lease once. Every way of ending it may be what Next waits
// for: a job that came back, or the last one that was out.
func (l *lease) settle(how func()) error {
	l.q.mu.Lock()
	defer l.q.mu.Unlock()
	if err := l.usable(); err != nil {
		return err
	}
	l.settled = true
	l.q.lent--
	how()
	l.q.jobs.leave()
	return nil
}
