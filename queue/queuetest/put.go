package queuetest

import (
	"context"
	"errors"
	"testing"

	"github.com/seed-9a1263fe/haul/queue"
)

var putTests = []test{
	{"PutCountsNewAndKnown", putCountsNewAndKnown},
	{"PutSkipsRepeatsWithinOneSequence", putSkipsRepeats},
	{"PutSkipsJobsThatAreSettled", putSkipsSettled},
	{"PutRefusesTheZeroID", putRefusesZeroID},
	{"PutReturnsTheErrorOfTheSequence", putReturnsSequenceError},
	{"PutMayBeMadeAgainAfterItWasCutShort", putAgain},
	{"PutStopsWhenItsContextEnds", putStopsWithContext},
	{"PutIgnoresAttemptAndDone", putIgnoresAttempt},
	{"PutKeepsNothingOfTheMemoryItWasGiven", putCopies},
	{"PutOfNothingIsNoError", putNothing},
	{"PutAfterSealIsRefused", putAfterSeal},
}

func putCountsNewAndKnown(t *testing.T, q queue.Queue) {
	put(t, q, 0, 10)
	got, err := q.Put(t.Context(), jobs(5, 15))
	ok(t, "second Put", err)
	if want := (queue.Added{New: 5, Known: 5}); got != want {
		t.Errorf("second Put: got %+v, want %+v", got, want)
	}
	wantLent(t, q, count(0, 15)...)
}

func putSkipsRepeats(t *testing.T, q queue.Queue) {
	got, err := q.Put(t.Context(), func(yield func(queue.Job, error) bool) {
		for _, n := range []int{1, 2, 1, 1, 3, 2} {
			if !yield(job(n), nil) {
				return
			}
		}
	})
	ok(t, "Put", err)
	if want := (queue.Added{New: 3, Known: 3}); got != want {
		t.Errorf("Put: got %+v, want %+v", got, want)
	}
	wantLent(t, q, 1, 2, 3)
}

func putSkipsSettled(t *testing.T, q queue.Queue) {
	put(t, q, 0, 2)
	ok(t, "Ack", next(t, q).Ack(t.Context()))
	ok(t, "Drop", next(t, q).Drop(t.Context(), queue.Reason{Kind: "test"}))
	got, err := q.Put(t.Context(), jobs(0, 3))
	ok(t, "Put", err)
	if want := (queue.Added{New: 1, Known: 2}); got != want {
		t.Errorf("Put of a done, a dropped and a new job: got %+v, want %+v", got, want)
	}
	wantLent(t, q, 2)
}

func putRefusesZeroID(t *testing.T, q queue.Queue) {
	got, err := q.Put(t.Context(), func(yield func(queue.Job, error) bool) {
		_ = yield(job(1), nil) && yield(queue.Job{Body: []byte("no ID")}, nil)
	})
	if err == nil {
		t.Error("Put of a job with the zero ID: no error")
	}
	if want := (queue.Added{New: 1}); got != want {
		t.Errorf("Put: got %+v, want %+v", got, want)
	}
	wantLent(t, q, 1)
}

func putReturnsSequenceError(t *testing.T, q queue.Queue) {
	broken := errors.New("the list is broken")
	got, err := q.Put(t.Context(), func(yield func(queue.Job, error) bool) {
		_ = yield(job(1), nil) && yield(job(2), nil) && yield(queue.Job{}, broken) && yield(job(3), nil)
	})
	wantErr(t, "Put", err, broken)
	if want := (queue.Added{New: 2}); got != want {
		t.Errorf("Put: got %+v, want %+v", got, want)
	}
	wantLent(t, q, 1, 2)
}

func putAgain(t *testing.T, q queue.Queue) {
	_, err := q.Put(t.Context(), func(yield func(queue.Job, error) bool) {
		_ = yield(job(0), nil) && yield(job(1), nil) && yield(queue.Job{}, errors.New("cut short"))
	})
	if err == nil {
		t.Fatal("first Put: no error")
	}
	got, err := q.Put(t.Context(), jobs(0, 4))
	ok(t, "second Put", err)
	if want := (queue.Added{New: 2, Known: 2}); got != want {
		t.Errorf("second Put: got %+v, want %+v", got, want)
	}
	wantLent(t, q, count(0, 4)...)
}

// putStopsWithContext gives a sequence that ends only if Put stops pulling.
func putStopsWithContext(t *testing.T, q queue.Queue) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	got, err := q.Put(ctx, func(yield func(queue.Job, error) bool) {
		for n := 0; yield(job(n), nil); n++ {
			if n == 2 {
				cancel()
			}
		}
	})
	wantErr(t, "Put", err, context.Canceled)
	if got.New < 3 {
		t.Errorf("Put counted %+v, want the 3 jobs that came before the context ended", got)
	}
	wantLent(t, q, count(0, int(got.New))...)
}

func putIgnoresAttempt(t *testing.T, q queue.Queue) {
	_, err := q.Put(t.Context(), func(yield func(queue.Job, error) bool) {
		j := job(1)
		j.Attempt, j.Done = 7, true
		yield(j, nil)
	})
	ok(t, "Put", err)
	if got := next(t, q).Job(); got.Attempt != 0 || got.Done {
		t.Errorf("lent with Attempt %d and Done %v, want 0 and false", got.Attempt, got.Done)
	}
}

// putCopies uses one body for all jobs, as a parser does that reads into one
// buffer. What is lent is compared by next.
func putCopies(t *testing.T, q queue.Queue) {
	_, err := q.Put(t.Context(), func(yield func(queue.Job, error) bool) {
		buf := make([]byte, 0, 64)
		for n := range 20 {
			j := job(n)
			buf = append(buf[:0], j.Body...)
			j.Body = buf
			if !yield(j, nil) {
				break
			}
		}
		clear(buf)
	})
	ok(t, "Put", err)
	for range 20 {
		ok(t, "Ack", next(t, q).Ack(t.Context()))
	}
}

func putNothing(t *testing.T, q queue.Queue) {
	put(t, q, 0, 0)
	wantLent(t, q)
}

func putAfterSeal(t *testing.T, q queue.Queue) {
	put(t, q, 0, 1)
	seal(t, q)
	seal(t, q) // a second one does nothing
	got, err := q.Put(t.Context(), func(func(queue.Job, error) bool) {
		t.Error("Put pulled from its sequence after Seal")
	})
	wantErr(t, "Put", err, queue.ErrSealed)
	if got != (queue.Added{}) {
		t.Errorf("Put after Seal: got %+v, want nothing", got)
	}
	wantLent(t, q, 0)
}
