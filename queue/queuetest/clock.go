package queuetest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-9a1263fe/haul/queue"
)

var clockTests = []test{
	{"NextWaitsForAPut", nextWaitsForPut},
	{"NextWaitsForALeaseThatMayComeBack", nextWaitsForReturn},
	{"NextWaitsForTheLastSettling", nextWaitsForLastSettling},
	{"RetryIsOwedWhenItsDelayHasPassed", retryWaits},
	{"RetriesComeInTheOrderOfTheirTimes", retriesInOrder},
	{"SoonerRetryIsNotHeldUpByALaterOne", soonerRetry},
	{"DelayPassesAlsoWhileNobodyWaits", delayWithoutWaiter},
	{"DelayedJobKeepsASealedQueueOpen", delayedKeepsOpen},
	{"DelayedJobHoldsUpNoOther", delayedHoldsUpNone},
	{"NegativeDelayIsNone", negativeDelay},
}

// borrow asks for a job in a goroutine of its own.
func borrow(t *testing.T, q queue.Queue) <-chan queue.Lease {
	lent := make(chan queue.Lease, 1)
	go func() {
		defer close(lent)
		if l, err := q.Next(t.Context()); err == nil {
			lent <- l
		}
	}()
	return lent
}

// wantWaiting fails the test if the borrower has got an answer once nothing can
// move any more at this moment.
func wantWaiting(t *testing.T, lent <-chan queue.Lease, why string) {
	t.Helper()
	synctest.Wait()
	select {
	case l, got := <-lent:
		if !got {
			t.Fatalf("Next ended without a job, want it to wait: %s", why)
		}
		t.Fatalf("Next lent job %d, want it to wait: %s", number(l.Job()), why)
	default:
	}
}

// wantNow fails the test unless the borrower has got job n without any time
// passing.
func wantNow(t *testing.T, lent <-chan queue.Lease, n int) queue.Lease {
	t.Helper()
	synctest.Wait()
	select {
	case l, got := <-lent:
		if !got {
			t.Fatalf("Next ended without a job, want job %d", n)
		}
		if number(l.Job()) != n {
			t.Fatalf("Next lent job %d, want %d", number(l.Job()), n)
		}
		return l
	default:
		t.Fatalf("Next waits, want job %d at once", n)
		return nil
	}
}

// pass lets virtual time pass.
func pass(d time.Duration) { <-time.After(d) }

func nextWaitsForPut(t *testing.T, q queue.Queue) {
	lent := borrow(t, q)
	wantWaiting(t, lent, "nothing was put")
	put(t, q, 0, 1)
	ok(t, "Ack", wantNow(t, lent, 0).Ack(t.Context()))
}

func nextWaitsForReturn(t *testing.T, q queue.Queue) {
	put(t, q, 0, 1)
	seal(t, q)
	l := next(t, q)
	lent := borrow(t, q)
	wantWaiting(t, lent, "the only job is lent")
	ok(t, "Return", l.Return(t.Context()))
	ok(t, "Ack", wantNow(t, lent, 0).Ack(t.Context()))
}

func nextWaitsForLastSettling(t *testing.T, q queue.Queue) {
	put(t, q, 0, 2)
	seal(t, q)
	a, b := next(t, q), next(t, q)
	ended := make(chan error, 1)
	go func() {
		_, err := q.Next(t.Context())
		ended <- err
	}()
	for _, l := range []queue.Lease{a, b} {
		synctest.Wait()
		select {
		case err := <-ended:
			t.Fatalf("Next ended with %v while job %d is lent", err, number(l.Job()))
		default:
		}
		ok(t, "Drop", l.Drop(t.Context(), queue.Reason{Kind: "test"}))
	}
	wantErr(t, "Next", <-ended, queue.ErrDrained)
}

func retryWaits(t *testing.T, q queue.Queue) {
	put(t, q, 0, 1)
	ok(t, "Retry", next(t, q).Retry(t.Context(), time.Minute))
	lent := borrow(t, q)
	wantWaiting(t, lent, "the delay has just begun")
	pass(time.Minute - time.Nanosecond)
	wantWaiting(t, lent, "a nanosecond of the delay is left")
	pass(time.Nanosecond)
	ok(t, "Ack", wantNow(t, lent, 0).Ack(t.Context()))
}

func retriesInOrder(t *testing.T, q queue.Queue) {
	const n = 50
	put(t, q, 0, n)
	after := func(i int) time.Duration { return time.Duration((i*37)%n+1) * time.Second }
	for range n {
		l := next(t, q)
		ok(t, "Retry", l.Retry(t.Context(), after(number(l.Job()))))
	}
	start := time.Now()
	for i := range n {
		l := next(t, q)
		if got, want := time.Since(start), time.Duration(i+1)*time.Second; got != want || after(number(l.Job())) != want {
			t.Errorf("job %d with a delay of %v came after %v, want the one with %v then", number(l.Job()), after(number(l.Job())), got, want)
		}
		ok(t, "Ack", l.Ack(t.Context()))
	}
}

func soonerRetry(t *testing.T, q queue.Queue) {
	put(t, q, 0, 2)
	a, b := next(t, q), next(t, q)
	ok(t, "Retry", a.Retry(t.Context(), time.Hour))
	lent := borrow(t, q)
	wantWaiting(t, lent, "the first retry is an hour away")
	ok(t, "Retry", b.Retry(t.Context(), time.Second))
	pass(time.Second)
	ok(t, "Ack", wantNow(t, lent, number(b.Job())).Ack(t.Context()))
}

func delayWithoutWaiter(t *testing.T, q queue.Queue) {
	put(t, q, 0, 2)
	ok(t, "Retry", next(t, q).Retry(t.Context(), time.Second))
	ok(t, "Retry", next(t, q).Retry(t.Context(), 2*time.Second))
	pass(time.Minute)
	for _, lent := range []<-chan queue.Lease{borrow(t, q), borrow(t, q)} {
		synctest.Wait()
		select {
		case l := <-lent:
			ok(t, "Ack", l.Ack(t.Context()))
		default:
			t.Fatal("Next waits though the delay is long over")
		}
	}
}

func delayedKeepsOpen(t *testing.T, q queue.Queue) {
	put(t, q, 0, 1)
	seal(t, q)
	ok(t, "Retry", next(t, q).Retry(t.Context(), time.Hour))
	lent := borrow(t, q)
	wantWaiting(t, lent, "a retry is pending")
	pass(time.Hour)
	ok(t, "Ack", wantNow(t, lent, 0).Ack(t.Context()))
	wantLent(t, q)
}

func delayedHoldsUpNone(t *testing.T, q queue.Queue) {
	put(t, q, 0, 2)
	a := next(t, q)
	ok(t, "Retry", a.Retry(t.Context(), time.Hour))
	b := wantNow(t, borrow(t, q), 1-number(a.Job()))
	ok(t, "Ack", b.Ack(t.Context()))
}

func negativeDelay(t *testing.T, q queue.Queue) {
	put(t, q, 0, 1)
	ok(t, "Retry", next(t, q).Retry(t.Context(), -time.Second))
	ok(t, "Ack", wantNow(t, borrow(t, q), 0).Ack(t.Context()))
}
