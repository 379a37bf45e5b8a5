package queuetest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"testing"

	"github.com/seed-9a1263fe/haul/queue"
)

// job makes the n-th job of a test. Its ID, host and body all follow from n.
func job(n int) queue.Job {
	var id queue.ID
	binary.BigEndian.PutUint64(id[:], uint64(n)*0x9e3779b97f4a7c15)
	binary.BigEndian.PutUint64(id[8:], uint64(n)+1)
	return queue.Job{
		ID:   id,
		Host: fmt.Sprintf("http://h%d.test:80", n%3),
		Body: fmt.Appendf(nil, "body of job %d", n),
	}
}

// number is the n that made the job.
func number(j queue.Job) int { return int(binary.BigEndian.Uint64(j.ID[8:])) - 1 }

// jobs yields the jobs from, from+1, … to-1.
func jobs(from, to int) iter.Seq2[queue.Job, error] {
	return func(yield func(queue.Job, error) bool) {
		for n := from; n < to; n++ {
			if !yield(job(n), nil) {
				return
			}
		}
	}
}

func put(t *testing.T, q queue.Queue, from, to int) {
	t.Helper()
	got, err := q.Put(t.Context(), jobs(from, to))
	if want := (queue.Added{New: int64(to - from)}); err != nil || got != want {
		t.Fatalf("Put of jobs %d to %d: got %+v, %v; want %+v", from, to-1, got, err, want)
	}
}

func seal(t *testing.T, q queue.Queue) {
	t.Helper()
	if err := q.Seal(t.Context()); err != nil {
		t.Fatalf("Seal: %v", err)
	}
}

// next borrows a job that must be the one that job made.
func next(t *testing.T, q queue.Queue) queue.Lease {
	t.Helper()
	l, err := q.Next(t.Context())
	if err != nil {
		t.Fatalf("Next: %v", err)
	}
	got, want := l.Job(), job(number(l.Job()))
	if got.ID != want.ID || got.Host != want.Host || !bytes.Equal(got.Body, want.Body) {
		t.Fatalf("Next lent %v %q %q, want %v %q %q", got.ID, got.Host, got.Body, want.ID, want.Host, want.Body)
	}
	return l
}

// ok fails the test on an error of a call that must succeed.
func ok(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// wantErr fails the test unless err wraps want.
func wantErr(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%s: got error %v, want %v", what, err, want)
	}
}

// drain acknowledges everything that a sealed queue owes, and counts how often
// each job was lent.
func drain(t *testing.T, q queue.Queue) map[int]int {
	t.Helper()
	lent := make(map[int]int)
	for {
		l, err := q.Next(t.Context())
		if errors.Is(err, queue.ErrDrained) {
			return lent
		}
		ok(t, "Next", err)
		lent[number(l.Job())]++
		ok(t, "Ack", l.Ack(t.Context()))
	}
}

// wantLent seals the queue and checks that it owes each of these jobs once, and
// nothing else.
func wantLent(t *testing.T, q queue.Queue, want ...int) {
	t.Helper()
	seal(t, q)
	got := drain(t, q)
	for _, n := range want {
		if got[n] != 1 {
			t.Errorf("job %d was lent %d times, want once", n, got[n])
		}
		delete(got, n)
	}
	for n, times := range got {
		t.Errorf("job %d was lent %d times, want never", n, times)
	}
}

// count returns the numbers from, from+1, … to-1.
func count(from, to int) []int {
	var ns []int
	for n := from; n < to; n++ {
		ns = append(ns, n)
	}
	return ns
}
