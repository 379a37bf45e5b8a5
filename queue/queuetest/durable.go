package queuetest

import (
	"testing"
	"time"

	"github.com/seed-9a1263fe/haul/queue"
)

// Place makes a place for one queue and returns what opens the queue there, as
// each run of a program does. It is closed before it is opened again.
type Place func(t *testing.T) (open Open)

// Durable checks what a queue promises that outlives its process: what is done
// stays done, and what is not is owed.
func Durable(t *testing.T, place Place) {
	for _, tt := range durableTests {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, place(t)) })
	}
}

var durableTests = []struct {
	name string
	run  func(t *testing.T, open Open)
}{
	{"JobsAreThereInTheNextRun", jobsStay},
	{"AckedJobsStayDone", ackedStayDone},
	{"DroppedJobsAreOwedAnew", droppedAreOwed},
	{"LentJobsAreOwedAgain", lentAreOwed},
	{"DelayedJobsAreOwedAgain", delayedAreOwed},
	{"SealEndsWithTheRun", sealEnds},
	{"PutInANewRunKnowsTheOldJobs", putKnowsOldJobs},
	{"ManyRunsDoEveryJobOnce", manyRuns},
}

// run opens the queue for as long as f takes.
func run(t *testing.T, open Open, f func(q queue.Queue)) {
	t.Helper()
	q := open(t)
	defer func() { ok(t, "Close", q.Close()) }()
	f(q)
}

func jobsStay(t *testing.T, open Open) {
	run(t, open, func(q queue.Queue) { put(t, q, 0, 50) })
	run(t, open, func(q queue.Queue) { wantLent(t, q, count(0, 50)...) })
}

func ackedStayDone(t *testing.T, open Open) {
	var left []int
	run(t, open, func(q queue.Queue) {
		put(t, q, 0, 10)
		for i := range 10 {
			l := next(t, q)
			if i%2 == 0 {
				ok(t, "Ack", l.Ack(t.Context()))
			} else {
				left = append(left, number(l.Job()))
			}
		}
	})
	run(t, open, func(q queue.Queue) { wantLent(t, q, left...) })
	run(t, open, func(q queue.Queue) { wantLent(t, q) })
}

func droppedAreOwed(t *testing.T, open Open) {
	run(t, open, func(q queue.Queue) {
		put(t, q, 0, 1)
		ok(t, "Retry", next(t, q).Retry(t.Context(), 0))
		ok(t, "Drop", next(t, q).Drop(t.Context(), queue.Reason{Kind: "dns", Text: "no such host"}))
	})
	run(t, open, func(q queue.Queue) {
		l := next(t, q)
		if got := l.Job(); got.Attempt != 0 || got.Done {
			t.Errorf("dropped job came back with Attempt %d and Done %v, want 0 and false", got.Attempt, got.Done)
		}
		ok(t, "Ack", l.Ack(t.Context()))
		wantLent(t, q)
	})
}

func lentAreOwed(t *testing.T, open Open) {
	run(t, open, func(q queue.Queue) {
		put(t, q, 0, 3)
		next(t, q)
		next(t, q)
	})
	run(t, open, func(q queue.Queue) { wantLent(t, q, 0, 1, 2) })
}

func delayedAreOwed(t *testing.T, open Open) {
	run(t, open, func(q queue.Queue) {
		put(t, q, 0, 1)
		ok(t, "Retry", next(t, q).Retry(t.Context(), time.Millisecond))
	})
	run(t, open, func(q queue.Queue) { wantLent(t, q, 0) })
}

func sealEnds(t *testing.T, open Open) {
	run(t, open, func(q queue.Queue) {
		put(t, q, 0, 1)
		seal(t, q)
	})
	run(t, open, func(q queue.Queue) {
		put(t, q, 1, 2)
		wantLent(t, q, 0, 1)
	})
}

func putKnowsOldJobs(t *testing.T, open Open) {
	run(t, open, func(q queue.Queue) {
		put(t, q, 0, 4)
		ok(t, "Ack", next(t, q).Ack(t.Context()))
		ok(t, "Drop", next(t, q).Drop(t.Context(), queue.Reason{Kind: "test"}))
	})
	run(t, open, func(q queue.Queue) {
		got, err := q.Put(t.Context(), jobs(0, 6))
		ok(t, "Put", err)
		if want := (queue.Added{New: 2, Known: 4}); got != want {
			t.Errorf("Put of 4 jobs of the run before and 2 new ones: got %+v, want %+v", got, want)
		}
		wantLent(t, q, 1, 2, 3, 4, 5) // 0 is done
	})
}

// manyRuns does a few jobs a run, puts some more, and leaves the rest.
func manyRuns(t *testing.T, open Open) {
	const runs, each = 10, 10
	done := make(map[int]int)
	for r := range runs {
		run(t, open, func(q queue.Queue) {
			put(t, q, r*each, (r+1)*each)
			for range each / 2 {
				l := next(t, q)
				done[number(l.Job())]++
				ok(t, "Ack", l.Ack(t.Context()))
			}
			next(t, q) // and one is left lent
		})
	}
	run(t, open, func(q queue.Queue) {
		seal(t, q)
		for n, times := range drain(t, q) {
			done[n] += times
		}
	})
	for n := range runs * each {
		if done[n] != 1 {
			t.Errorf("job %d was done %d times, want once", n, done[n])
		}
	}
}
