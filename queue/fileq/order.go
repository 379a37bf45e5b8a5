package fileq

import "github.com/seed-9a1263fe/haul/queue"

// item is a job in memory, with its place.
type item struct {
	src     *source
	ordinal int64
	job     queue.Job
}

// token is a channel of one. A change leaves a token there; the one who takes
// it looks what there is, takes one piece, and leaves a token again if there is
// more for the next. So each change wakes one goroutine, not all of them.
type token chan struct{}

// leave puts the token there unless it lies there already.
func (t token) leave() {
	select {
	case t <- struct{}{}:
	default:
	}
}

// fifo holds the jobs of the blocks that were read last.
type fifo struct {
	items []item
	head  int
}

func (f *fifo) len() int { return len(f.items) - f.head }

// push is called when all before has been lent, but for a few.
func (f *fifo) push(it item) {
	if f.head > 0 && f.head == len(f.items) {
		f.items, f.head = f.items[:0], 0
	}
	f.items = append(f.items, it)
}

func (f *fifo) pop() (item, bool) {
	if f.len() == 0 {
		return item{}, false
	}
	it := f.items[f.head]
	f.items[f.head] = item{} // let go of the body
	f.head++
	return it, true
}
