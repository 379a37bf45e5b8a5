package memq

import (
	"container/heap"
	"time"

	"github.com/seed-9a1263fe/haul/queue"
)

// fifo holds jobs in the order in which they came. The zero value is empty.
type fifo struct {
	jobs []queue.Job
	head int // jobs before it are gone
}

func (f *fifo) len() int { return len(f.jobs) - f.head }

func (f *fifo) push(job queue.Job) {
	// Half of a full slice is gone: move up instead of growing, so that the
	// memory follows the most that was held at once, not all that ever came.
	if len(f.jobs) == cap(f.jobs) && f.head > len(f.jobs)/2 {
		n := copy(f.jobs, f.jobs[f.head:])
		clear(f.jobs[n:])
		f.jobs, f.head = f.jobs[:n], 0
	}
	f.jobs = append(f.jobs, job)
}

func (f *fifo) pop() (queue.Job, bool) {
	if f.len() == 0 {
		return queue.Job{}, false
	}
	job := f.jobs[f.head]
	f.jobs[f.head] = queue.Job{} // let go of the body
	f.head++
	return job, true
}

// delayed holds jobs that are owed later, the first due at index 0.
type delayed []delayedJob

type delayedJob struct {
	at  time.Time
	job queue.Job
}

func (d *delayed) push(job queue.Job, at time.Time) {
	heap.Push((*byTime)(d), delayedJob{at, job})
}

func (d *delayed) pop() queue.Job {
	return heap.Pop((*byTime)(d)).(delayedJob).job
}

// byTime lets container/heap order a delayed.
type byTime delayed

func (b byTime) Len() int           { return len(b) }
func (b byTime) Less(i, j int) bool { return b[i].at.Before(b[j].at) }
func (b byTime) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }
func (b *byTime) Push(x any)        { *b = append(*b, x.(delayedJob)) }

func (b *byTime) Pop() any {
	last := len(*b) - 1
	x := (*b)[last]
	(*b)[last] = delayedJob{}
	*b = (*b)[:last]
	return x
}
