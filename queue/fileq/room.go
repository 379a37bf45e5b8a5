package fileq

import "context"

// awaitRoom waits while more is spooled than Config.SpoolBytes. Settling a job
// may be what it waits for, and so may Close, of which the caller finds out
// itself.
func (q *Queue) awaitRoom(ctx context.Context) error {
	for waited := false; ; waited = true {
		if err := ctx.Err(); err != nil {
			return err
		}
		if q.hasRoom() {
			if waited {
				q.room.leave() // others may wait as well
			}
			return nil
		}
		select {
		case <-q.room:
		case <-ctx.Done():
		}
	}
}

func (q *Queue) hasRoom() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.crowded {
		q.crowded = q.isCrowded()
	}
	return !q.crowded || q.closed
}

// isCrowded adds up what is spooled. mu is held.
func (q *Queue) isCrowded() bool {
	var sum int64
	for _, s := range q.sources {
		sum += s.unsettled()
	}
	return sum > q.cfg.SpoolBytes
}
