package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/time/rate"
)

// errSlow is the cause of a body that was given up for Config.LowestSpeed.
var errSlow = errors.New("slower than the lowest speed allowed")

// slowness watches that a body brings limit bytes a second, over a time in
// which only the waits for the server count.
type slowness struct {
	limit int64
	over  time.Duration
	spent time.Duration
	bytes int64
}

func (s *slowness) check(n int, took time.Duration) error {
	if s.limit <= 0 {
		return nil
	}
	s.spent += took
	s.bytes += int64(n)
	if s.spent < s.over {
		return nil
	}
	slow := float64(s.bytes) < float64(s.limit)*s.spent.Seconds()
	s.spent, s.bytes = 0, 0
	if slow {
		return errSlow
	}
	return nil
}

// newRate returns a limiter of bytes a second, nil for none. Its burst is an
// eighth of a second, so that a second's bytes are near its rate.
func newRate(bytesPerSecond int64) *rate.Limiter {
	if bytesPerSecond <= 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(bytesPerSecond), int(max(bytesPerSecond/8, 1)))
}

// budget buys bytes from the limiters before they are read: a price paid
// afterwards would let every connection have a whole buffer for nothing.
type budget struct {
	from []*rate.Limiter
	lot  int // bought at once
	left int // bought and not yet read
}

// maxLot bounds how much one connection buys ahead of the others.
const maxLot = 256 << 10

func newBudget(limiters ...*rate.Limiter) budget {
	b := budget{lot: maxLot}
	for _, l := range limiters {
		if l != nil {
			b.from = append(b.from, l)
			b.lot = min(b.lot, l.Burst())
		}
	}
	return b
}

// take waits until something may be read, and cuts p to it.
func (b *budget) take(ctx context.Context, p []byte) ([]byte, error) {
	if len(b.from) == 0 {
		return p, nil
	}
	if b.left == 0 {
		for _, l := range b.from {
			if err := l.WaitN(ctx, b.lot); err != nil {
				if ctx.Err() == nil { // the wait would be longer than ctx lasts
					err = &Error{Kind: KindCanceled, Err: fmt.Errorf("%w: %w", context.DeadlineExceeded, err)}
				}
				return nil, err
			}
		}
		b.left = b.lot
	}
	return p[:min(len(p), b.left)], nil
}

func (b *budget) spend(n int) {
	if len(b.from) > 0 {
		b.left -= n
	}
}
