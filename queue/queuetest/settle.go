package queuetest

import (
	"testing"

	"github.com/seed-9a1263fe/haul/queue"
)

var settleTests = []test{
	{"LeaseIsSettledOnce", settledOnce},
	{"AckedAndDroppedJobsAreNotLentAgain", endedJobsStayAway},
	{"ReturnOwesAgainWithTheSameAttempt", returnKeepsAttempt},
	{"RetryOwesAgainWithOneAttemptMore", retryCountsAttempts},
	{"OldLeaseOfAJobStaysSettled", oldLeaseStaysSettled},
	{"ExtendKeepsTheLease", extendKeepsLease},
}

// settlings are all the ways to end a lease.
var settlings = []struct {
	name string
	do   func(t *testing.T, l queue.Lease) error
}{
	{"Ack", func(t *testing.T, l queue.Lease) error { return l.Ack(t.Context()) }},
	{"Retry", func(t *testing.T, l queue.Lease) error { return l.Retry(t.Context(), 0) }},
	{"Return", func(t *testing.T, l queue.Lease) error { return l.Return(t.Context()) }},
	{"Drop", func(t *testing.T, l queue.Lease) error { return l.Drop(t.Context(), queue.Reason{Kind: "test"}) }},
}

// settledOnce settles by each way and then again by each way. The second must
// change nothing: a job is owed once if the first way owed it again, else never.
func settledOnce(t *testing.T, q queue.Queue) {
	put(t, q, 0, len(settlings))
	var out []queue.Lease
	for range settlings {
		out = append(out, next(t, q))
	}
	var owed []int
	for i, first := range settlings {
		l := out[i]
		ok(t, first.name, first.do(t, l))
		for _, second := range settlings {
			wantErr(t, second.name+" after "+first.name, second.do(t, l), queue.ErrSettled)
		}
		wantErr(t, "Extend after "+first.name, l.Extend(t.Context()), queue.ErrSettled)
		if first.name == "Retry" || first.name == "Return" {
			owed = append(owed, number(l.Job()))
		}
	}
	wantLent(t, q, owed...)
}

func endedJobsStayAway(t *testing.T, q queue.Queue) {
	put(t, q, 0, 3)
	ok(t, "Ack", next(t, q).Ack(t.Context()))
	ok(t, "Drop", next(t, q).Drop(t.Context(), queue.Reason{Kind: "not_found", Text: "status 404"}))
	last := next(t, q)
	ok(t, "Return", last.Return(t.Context()))
	wantLent(t, q, number(last.Job()))
}

func returnKeepsAttempt(t *testing.T, q queue.Queue) {
	put(t, q, 0, 1)
	for range 3 {
		l := next(t, q)
		if got := l.Job().Attempt; got != 0 {
			t.Fatalf("Attempt after Return: got %d, want 0", got)
		}
		ok(t, "Return", l.Return(t.Context()))
	}
	wantLent(t, q, 0)
}

func retryCountsAttempts(t *testing.T, q queue.Queue) {
	put(t, q, 0, 1)
	for want := range 4 {
		l := next(t, q)
		if got := l.Job().Attempt; got != want {
			t.Fatalf("Attempt: got %d, want %d", got, want)
		}
		ok(t, "Retry", l.Retry(t.Context(), 0))
		if got := l.Job().Attempt; got != want {
			t.Fatalf("Attempt of the lease that was settled: got %d, want %d as before", got, want)
		}
		l = next(t, q)
		ok(t, "Return", l.Return(t.Context())) // which counts for nothing
	}
	wantLent(t, q, 0)
}

// oldLeaseStaysSettled keeps the lease of a job that has been lent again: it
// must not end the lease that counts.
func oldLeaseStaysSettled(t *testing.T, q queue.Queue) {
	put(t, q, 0, 1)
	old := next(t, q)
	ok(t, "Return", old.Return(t.Context()))
	l := next(t, q)
	wantErr(t, "Ack of the old lease", old.Ack(t.Context()), queue.ErrSettled)
	ok(t, "Return", l.Return(t.Context()))
	wantLent(t, q, 0)
}

func extendKeepsLease(t *testing.T, q queue.Queue) {
	put(t, q, 0, 1)
	l := next(t, q)
	before := l.Deadline()
	ok(t, "Extend", l.Extend(t.Context()))
	if after := l.Deadline(); after.Before(before) {
		t.Errorf("Extend moved the deadline from %v back to %v", before, after)
	}
	ok(t, "Ack", l.Ack(t.Context()))
	wantLent(t, q)
}
