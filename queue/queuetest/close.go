package queuetest

import (
	"testing"

	"github.com/seed-9a1263fe/haul/queue"
)

var closeTests = []test{
	{"CloseTwiceIsNoError", closeTwice},
	{"EveryMethodIsRefusedAfterClose", refusedAfterClose},
	{"LeaseCannotBeSettledAfterClose", leaseAfterClose},
	{"CloseWakesWhoWaits", closeWakes},
	{"CloseStopsAPut", closeStopsPut},
}

func closeTwice(t *testing.T, q queue.Queue) {
	ok(t, "Close", q.Close())
	ok(t, "second Close", q.Close())
}

func refusedAfterClose(t *testing.T, q queue.Queue) {
	put(t, q, 0, 2)
	ok(t, "Close", q.Close())
	_, err := q.Put(t.Context(), jobs(2, 3))
	wantErr(t, "Put", err, queue.ErrClosed)
	_, err = q.Next(t.Context())
	wantErr(t, "Next", err, queue.ErrClosed)
	wantErr(t, "Seal", q.Seal(t.Context()), queue.ErrClosed)
}

func leaseAfterClose(t *testing.T, q queue.Queue) {
	put(t, q, 0, len(settlings)+1)
	var out []queue.Lease
	for range settlings {
		out = append(out, next(t, q))
	}
	settled := next(t, q)
	ok(t, "Ack", settled.Ack(t.Context()))
	ok(t, "Close", q.Close())
	for i, s := range settlings {
		wantErr(t, s.name+" after Close", s.do(t, out[i]), queue.ErrClosed)
	}
	wantErr(t, "Extend after Close", out[0].Extend(t.Context()), queue.ErrClosed)
	wantErr(t, "second Ack after Close", settled.Ack(t.Context()), queue.ErrSettled)
}

func closeWakes(t *testing.T, q queue.Queue) {
	const waiters = 5
	ended := make(chan error)
	for range waiters {
		go func() {
			_, err := q.Next(t.Context())
			ended <- err
		}()
	}
	ok(t, "Close", q.Close())
	for range waiters {
		wantErr(t, "Next", <-ended, queue.ErrClosed)
	}
}

// closeStopsPut gives a sequence that ends only if Put stops pulling.
func closeStopsPut(t *testing.T, q queue.Queue) {
	_, err := q.Put(t.Context(), func(yield func(queue.Job, error) bool) {
		for n := 0; yield(job(n), nil); n++ {
			if n == 2 {
				ok(t, "Close", q.Close())
			}
		}
	})
	wantErr(t, "Put", err, queue.ErrClosed)
}
