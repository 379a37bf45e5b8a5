package queuetest

import (
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/seed-9a1263fe/haul/queue"
)

var crowdTests = []test{
	{"JobsPutByManyAreAddedOnce", putByMany},
	{"EachJobHasOneHolderAtATime", oneHolder},
	{"EveryWaiterIsToldThatTheQueueIsDrained", allToldDrained},
	{"ExtendRunsBesideSettling", extendBesideSettling},
}

// putByMany puts overlapping parts from several goroutines at once.
func putByMany(t *testing.T, q queue.Queue) {
	const puts, each, step = 8, 48, 16 // each shares two thirds with the one before
	var isNew, known atomic.Int64
	var wg sync.WaitGroup
	for p := range puts {
		wg.Go(func() {
			added, err := q.Put(t.Context(), jobs(p*step, p*step+each))
			if err != nil {
				t.Errorf("Put: %v", err)
			}
			isNew.Add(added.New)
			known.Add(added.Known)
		})
	}
	wg.Wait()
	const distinct = (puts-1)*step + each
	if isNew.Load() != distinct || known.Load() != puts*each-distinct {
		t.Errorf("Puts counted %d new and %d known, want %d and %d", isNew.Load(), known.Load(), distinct, puts*each-distinct)
	}
	wantLent(t, q, count(0, distinct)...)
}

// oneHolder lets a crowd settle in every way while jobs are still being put, and
// watches that no job is ever in two hands, that none is lent after it ended,
// and that all of them end.
func oneHolder(t *testing.T, q queue.Queue) {
	const n, workers = 2000, 8
	var held, ended [n]atomic.Bool
	work := func(seed uint64) {
		rng := rand.New(rand.NewPCG(seed, 0))
		for {
			l, err := q.Next(t.Context())
			if errors.Is(err, queue.ErrDrained) {
				return
			}
			if err != nil {
				t.Errorf("Next: %v", err)
				return
			}
			i := number(l.Job())
			if held[i].Swap(true) {
				t.Errorf("job %d is in two hands", i)
			}
			if ended[i].Load() {
				t.Errorf("job %d was lent after it ended", i)
			}
			s := settlings[rng.IntN(len(settlings))]
			ended[i].Store(s.name == "Ack" || s.name == "Drop")
			held[i].Store(false) // before settling, since the next holder comes at once
			if err := s.do(t, l); err != nil {
				t.Errorf("%s: %v", s.name, err)
			}
		}
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() { work(uint64(w)) })
	}
	put(t, q, 0, n)
	seal(t, q)
	wg.Wait()
	for i := range ended {
		if !ended[i].Load() {
			t.Fatalf("job %d never ended", i)
		}
	}
}

func allToldDrained(t *testing.T, q queue.Queue) {
	const waiters = 8
	put(t, q, 0, 1)
	l := next(t, q)
	ended := make(chan error)
	for range waiters {
		go func() {
			_, err := q.Next(t.Context())
			ended <- err
		}()
	}
	seal(t, q)
	ok(t, "Ack", l.Ack(t.Context()))
	for range waiters {
		wantErr(t, "Next", <-ended, queue.ErrDrained)
	}
}

// extendBesideSettling is for the race detector, and for the answers: nil until
// the lease is settled, ErrSettled from then on.
func extendBesideSettling(t *testing.T, q queue.Queue) {
	put(t, q, 0, 1)
	l := next(t, q)
	begun, ended := make(chan struct{}), make(chan error)
	go func() {
		err := l.Extend(t.Context())
		close(begun)
		for err == nil {
			err = l.Extend(t.Context())
		}
		ended <- err
	}()
	<-begun
	ok(t, "Ack", l.Ack(t.Context()))
	wantErr(t, "Extend", <-ended, queue.ErrSettled)
}
