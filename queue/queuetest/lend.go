package queuetest

import (
	"context"
	"testing"

	"github.com/seed-9a1263fe/haul/queue"
)

var lendTests = []test{
	{"NextLendsEveryJobOnceAndThenIsDrained", lendsEveryJobOnce},
	{"NextIsDrainedForEverOnceDrained", drainedForEver},
	{"NextOfAnEmptySealedQueueIsDrained", emptyIsDrained},
	{"NextStopsWhenItsContextEnds", nextStopsWithContext},
	{"NextLendsWhatWasPutBeforeAFailure", lendsBeforePutReturns},
	{"SealLetsARunningPutEnd", sealLetsPutEnd},
}

func lendsEveryJobOnce(t *testing.T, q queue.Queue) {
	put(t, q, 0, Room)
	wantLent(t, q, count(0, Room)...)
}

func drainedForEver(t *testing.T, q queue.Queue) {
	put(t, q, 0, 1)
	wantLent(t, q, 0)
	for range 3 {
		_, err := q.Next(t.Context())
		wantErr(t, "Next of a drained queue", err, queue.ErrDrained)
	}
}

func emptyIsDrained(t *testing.T, q queue.Queue) { wantLent(t, q) }

func nextStopsWithContext(t *testing.T, q queue.Queue) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := q.Next(ctx)
		ended <- err
	}()
	cancel()
	wantErr(t, "Next", <-ended, context.Canceled)
	put(t, q, 0, 1) // and it has not taken with it what came after
	wantLent(t, q, 0)
}

// lendsBeforePutReturns borrows a job from inside of the sequence that goes on.
func lendsBeforePutReturns(t *testing.T, q queue.Queue) {
	_, err := q.Put(t.Context(), func(yield func(queue.Job, error) bool) {
		if !yield(job(0), nil) {
			return
		}
		ok(t, "Ack", next(t, q).Ack(t.Context()))
		yield(job(1), nil)
	})
	ok(t, "Put", err)
	wantLent(t, q, 1)
}

// sealLetsPutEnd seals in the middle of a Put: what it adds afterwards is owed
// all the same, and Next must not end before.
func sealLetsPutEnd(t *testing.T, q queue.Queue) {
	got, err := q.Put(t.Context(), func(yield func(queue.Job, error) bool) {
		if !yield(job(0), nil) {
			return
		}
		seal(t, q)
		yield(job(1), nil)
	})
	ok(t, "Put", err)
	if want := (queue.Added{New: 2}); got != want {
		t.Errorf("Put: got %+v, want %+v", got, want)
	}
	wantLent(t, q, 0, 1)
}
