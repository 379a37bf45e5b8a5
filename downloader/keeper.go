package downloader

import (
	"context"
	"errors"
	"time"

	"github.com/seed-9a1263fe/haul/queue"
)

// keeper extends the leases that the engine holds, where they can be lost. It
// starts with the first such lease, so that queues whose leases last for ever
// cost nothing.
type keeper struct {
	e    *Engine
	stop context.CancelFunc
	done chan struct{}
}

// watch sees to it that the lease, and all that come, are extended.
func (k *keeper) watch(ctx context.Context, l queue.Lease) {
	deadline := l.Deadline()
	if k.stop != nil || deadline.IsZero() {
		return
	}
	ctx, k.stop = context.WithCancel(ctx)
	k.done = make(chan struct{})
	every := max(time.Until(deadline)/3, 10*time.Millisecond)
	go func() {
		defer close(k.done)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				k.extend(ctx)
			}
		}
	}()
}

// extend extends every lease in the engine's hands. A lost one ends its task:
// somebody else may have the job by now.
func (k *keeper) extend(ctx context.Context) {
	for _, t := range k.e.sched.tasks() {
		err := t.lease.Extend(ctx)
		if errors.Is(err, queue.ErrLost) {
			k.e.sched.forsake(t, err)
		} else if err != nil && !errors.Is(err, queue.ErrSettled) && ctx.Err() == nil {
			k.e.log.Warn("extend a lease", "job", t.id.String(), "err", err)
		}
	}
}

// end stops the keeper and waits for it.
func (k *keeper) end() {
	if k.stop != nil {
		k.stop()
		<-k.done
	}
}
