package fileq

import (
	"context"
	"errors"
	"iter"

	"github.com/seed-9a1263fe/haul/queue"
)

// Rest yields what the run leaves to do, in the order in which it would be lent,
// with what is owed later before what nobody has read yet. It is for the end of
// a run: nothing of it is lent to anybody any more, and all of it is owed by a
// next run. Jobs with Job.Done set are among them. After an error there is no
// more.
func (q *Queue) Rest(ctx context.Context) iter.Seq2[queue.Job, error] {
	return func(yield func(queue.Job, error) bool) {
		q.hurry()
		for {
			l, load, err := q.take(ctx)
			switch {
			case errors.Is(err, queue.ErrDrained):
				return
			case err != nil:
				yield(queue.Job{}, err)
				return
			case load:
				q.load()
			case l == nil || !yield(l.job, nil):
				return
			}
		}
	}
}

// hurry makes everything due that waits for its time.
func (q *Queue) hurry() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.delayed) > 0 {
		q.overdue = append(q.overdue, q.delayed.pop().ref)
	}
}
