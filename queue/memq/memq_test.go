package memq_test

import (
	"context"
	"encoding/binary"
	"errors"
	"iter"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/queue/memq"
	"github.com/seed-9a1263fe/haul/queue/queuetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestQueue(t *testing.T) {
	queuetest.Suite(t, func(*testing.T) queue.Queue { return memq.New(memq.Config{}) })
}

func TestSmallestCapacity(t *testing.T) {
	queuetest.Suite(t, func(*testing.T) queue.Queue { return memq.New(memq.Config{Capacity: queuetest.Room}) })
}

func job(n int) queue.Job {
	var id queue.ID
	binary.BigEndian.PutUint64(id[:], uint64(n)+1)
	return queue.Job{ID: id}
}

func number(l queue.Lease) int {
	id := l.Job().ID
	return int(binary.BigEndian.Uint64(id[:])) - 1
}

// pulled yields jobs without end and counts them.
func pulled(n *int) iter.Seq2[queue.Job, error] {
	return func(yield func(queue.Job, error) bool) {
		for yield(job(*n), nil) {
			*n++
		}
	}
}

func next(t *testing.T, q *memq.Queue) queue.Lease {
	t.Helper()
	l, err := q.Next(t.Context())
	if err != nil {
		t.Fatalf("Next: %v", err)
	}
	return l
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestPutStopsPullingWhenFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const capacity = 10
		q := memq.New(memq.Config{Capacity: capacity})
		n := 0
		ended := make(chan error)
		go func() {
			_, err := q.Put(t.Context(), pulled(&n))
			ended <- err
		}()
		for lent := range 5 {
			synctest.Wait()
			if want := capacity + lent; n != want {
				t.Errorf("%d jobs are in after %d were lent, want %d", n, lent, want)
			}
			next(t, q)
		}
		ok(t, q.Close())
		if err := <-ended; !errors.Is(err, queue.ErrClosed) {
			t.Errorf("Put: got %v, want %v", err, queue.ErrClosed)
		}
	})
}

func TestDelayedJobsTakeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := memq.New(memq.Config{Capacity: 1})
		n := 0
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			_, err := q.Put(ctx, pulled(&n))
			ended <- err
		}()
		synctest.Wait()
		l := next(t, q) // makes room for one
		synctest.Wait()
		ok(t, l.Retry(t.Context(), time.Hour))
		next(t, q)
		synctest.Wait()
		if n != 2 {
			t.Errorf("%d jobs are in while one waits for its retry, want 2", n)
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Put that waited for room: got %v, want %v", err, context.Canceled)
		}
		ok(t, q.Close())
	})
}

// TestRoomIsHandedOnWhenAPutGivesUp has two Puts wait for room. The one that is
// woken for it may be the one whose context ends; the other must get it then.
func TestRoomIsHandedOnWhenAPutGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 100 {
			q := memq.New(memq.Config{Capacity: 1})
			_, err := q.Put(t.Context(), one(job(0)))
			ok(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			gaveUp, stayed := make(chan error, 1), make(chan error, 1)
			go func() {
				_, err := q.Put(ctx, one(job(1)))
				gaveUp <- err
			}()
			go func() {
				_, err := q.Put(t.Context(), one(job(2)))
				stayed <- err
			}()
			synctest.Wait()
			go cancel()
			next(t, q)
			if err := <-gaveUp; err == nil {
				next(t, q) // it was in time, and its job made the other wait
			}
			ok(t, <-stayed)
			ok(t, q.Close())
		}
	})
}

func one(j queue.Job) iter.Seq2[queue.Job, error] {
	return func(yield func(queue.Job, error) bool) { yield(j, nil) }
}

func TestJobsAreLentInTheOrderOfPutAndThoseThatCameBackFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := memq.New(memq.Config{})
		defer q.Close()
		_, err := q.Put(t.Context(), func(yield func(queue.Job, error) bool) {
			for n := range 6 {
				if !yield(job(n), nil) {
					return
				}
			}
		})
		ok(t, err)
		zero, one, two := next(t, q), next(t, q), next(t, q)
		ok(t, zero.Retry(t.Context(), time.Second))
		ok(t, two.Return(t.Context()))
		ok(t, one.Return(t.Context()))
		for _, want := range []int{2, 1, 3} {
			if got := number(next(t, q)); got != want {
				t.Errorf("lent job %d, want %d", got, want)
			}
		}
		<-time.After(time.Second)
		for _, want := range []int{0, 4, 5} {
			if got := number(next(t, q)); got != want {
				t.Errorf("after the delay: lent job %d, want %d", got, want)
			}
		}
	})
}

// TestMemoryOfAPassingStreamIsBounded lets many jobs pass through a small queue;
// what is kept of each is its ID, not its body.
func TestMemoryOfAPassingStreamIsBounded(t *testing.T) {
	const n, size = 1000, 256 << 10
	q := memq.New(memq.Config{Capacity: 4})
	defer q.Close()
	body := make([]byte, size)
	ended := make(chan error)
	go func() {
		_, err := q.Put(t.Context(), func(yield func(queue.Job, error) bool) {
			for i := range n {
				j := job(i)
				j.Body = body
				if !yield(j, nil) {
					return
				}
			}
		})
		ended <- errors.Join(err, q.Seal(t.Context()))
	}()
	allocs := heapAfter(t, q)
	ok(t, <-ended)
	if limit := uint64(64 * size); allocs > limit {
		t.Errorf("heap holds %d bytes after %d jobs of %d, want below %d", allocs, n, size, limit)
	}
}

// heapAfter drains the queue and returns how many bytes are still held.
func heapAfter(t *testing.T, q *memq.Queue) uint64 {
	for {
		l, err := q.Next(t.Context())
		if errors.Is(err, queue.ErrDrained) {
			break
		}
		ok(t, err)
		ok(t, l.Ack(t.Context()))
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func BenchmarkPutNextAck(b *testing.B) {
	q := memq.New(memq.Config{})
	defer q.Close()
	b.ReportAllocs()
	go func() {
		n := 0
		_, _ = q.Put(b.Context(), func(yield func(queue.Job, error) bool) {
			for ; n < b.N; n++ {
				if !yield(job(n), nil) {
					return
				}
			}
		})
	}()
	for range b.N {
		l, err := q.Next(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if err := l.Ack(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
