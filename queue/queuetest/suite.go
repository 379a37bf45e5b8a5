// Package queuetest has the suite that every queue.Queue passes.
//
// Suite is everything that the contract promises of one queue in one process:
// Contract, which waits only for events and so also fits a queue behind a
// network, and Clock, which plays in the virtual time of testing/synctest.
// Durable is what a queue that outlives its process promises beyond that.
package queuetest

import (
	"testing"
	"testing/synctest"

	"github.com/seed-9a1263fe/haul/queue"
)

// Room is the number of jobs that a queue under test must take without any of
// them being lent.
const Room = 256

// Open returns an empty queue with room for Room jobs. The suite closes it.
type Open func(t *testing.T) queue.Queue

// test is one promise, shown on a queue of its own.
type test struct {
	name string
	run  func(t *testing.T, q queue.Queue)
}

// Suite checks everything that the contract promises of one queue. What open
// makes must be usable inside of a synctest bubble.
func Suite(t *testing.T, open Open) {
	t.Run("Contract", func(t *testing.T) { Contract(t, open) })
	t.Run("Clock", func(t *testing.T) { Clock(t, open) })
}

// Contract checks the promises that need no clock.
func Contract(t *testing.T, open Open) {
	for _, tt := range contract() {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, opened(t, open)) })
	}
}

// Clock checks who waits for what, and for how long, in virtual time.
func Clock(t *testing.T, open Open) {
	for _, tt := range clockTests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { tt.run(t, opened(t, open)) })
		})
	}
}

func contract() []test {
	var all []test
	all = append(all, putTests...)
	all = append(all, lendTests...)
	all = append(all, settleTests...)
	all = append(all, closeTests...)
	return append(all, crowdTests...)
}

func opened(t *testing.T, open Open) queue.Queue {
	t.Helper()
	q := open(t)
	t.Cleanup(func() {
		if err := q.Close(); err != nil {
			t.Errorf("Close at the end of the test: %v", err)
		}
	})
	return q
}
