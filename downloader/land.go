package downloader

import (
	"context"
	"time"

	"github.com/seed-9a1263fe/haul/downloader/session"
	"github.com/seed-9a1263fe/haul/store"
)

// This file is the scheduler's other half: what workers report about the
// segments that they were given.

// start notes how the assignment's request is stopped, and reports whether it
// is the task's probe. It returns false if the task has begun to close.
func (s *scheduler) start(a assignment, stop func()) (probe, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a.seg.stop = stop
	return a.task.phase == probing, a.task.phase != closing
}

// question returns what to ask for, and how. An end of 0 means everything from
// off.
func (s *scheduler) question(a assignment) (off, end int64, m manner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	off, end = a.seg.off, a.seg.end
	if end == endless {
		end = 0
	}
	return off, end, a.task.manner
}

// resume sets the plan of a task that was begun earlier and makes the probe its
// first missing range. It reports whether nothing is missing.
func (s *scheduler) resume(a assignment, size int64, present store.Extents) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := a.task
	t.present = present.Len()
	t.mark = max(t.mark, t.present)
	t.plan.flying = nil
	t.plan.known(size, present)
	if t.plan.rest.Count() == 0 {
		a.seg.off, a.seg.end = size, size
		return true
	}
	r := t.plan.cut()
	a.seg.off, a.seg.end = r.Off, r.End
	t.plan.flying = []*segment{a.seg}
	return false
}

// opened moves a task from probing to open. Whoever is idle may then take more
// of its ranges.
func (s *scheduler) opened(a assignment, ans *session.Answer, size int64, present store.Extents) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := a.task
	a.seg.off, a.seg.end = ans.Off, ans.End
	if ans.End < 0 {
		a.seg.end = endless
	}
	t.present = present.Len()
	t.plan.alone = !ans.Ranges || t.noRange
	if size >= 0 {
		t.plan.known(size, present)
	} else {
		t.plan.size, t.plan.rest = store.UnknownSize, store.Extents{}
	}
	if t.phase == probing {
		t.phase = open
		s.named()
		if t.plan.hasMore() && t.host.roomy(time.Now()) {
			s.wake()
		}
	}
}

// capAt lowers the segment to what the server answers with, which may be less
// than was asked for.
func (s *scheduler) capAt(a assignment, end int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if end < a.seg.end {
		a.task.plan.rest.Add(store.Range{Off: end, End: a.seg.end})
		a.seg.end = end
	}
}

// claim notes what arrived since the last claim and takes up to n bytes of the
// segment more. It returns 0 when the segment has ended.
func (s *scheduler) claim(a assignment, arrived store.Range, n int64) (off, claimed int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrive(a.task, arrived)
	if a.task.phase == closing {
		return a.seg.off, 0
	}
	off = a.seg.off
	claimed = min(n, a.seg.end-off)
	a.seg.off += claimed
	return off, claimed
}

func (s *scheduler) arrive(t *task, r store.Range) {
	t.refreshed = t.refreshed && r.Len() == 0
	t.present += r.Len()
	t.fetched += r.Len()
	s.fetched += r.Len()
}

// partly notes that of the bytes that were claimed only those of arrived came. The
// segment goes on behind them.
func (s *scheduler) partly(a assignment, arrived store.Range) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrive(a.task, arrived)
	a.seg.off = arrived.End
}

// lost notes that what was claimed from off on was not kept.
func (s *scheduler) lost(a assignment, off int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a.seg.off = off
}

// sizeKnown sets the size of a file whose answer did not say it.
func (s *scheduler) sizeKnown(a assignment, size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a.task.plan.size = size
	a.seg.off, a.seg.end = size, size
}

// turnFor is how long a task waits at most for earlier ones to be named.
const turnFor = 2 * time.Second

// awaitTurn waits until no earlier task of the same host has its first request
// in flight, so that names which only servers tell are claimed in list order as
// well. It does not wait for what is slow: a name with another suffix is no harm,
// a standstill is.
func (s *scheduler) awaitTurn(ctx context.Context, t *task) {
	limit := time.NewTimer(turnFor)
	defer limit.Stop()
	for {
		turn := s.turn(t)
		if turn == nil {
			return
		}
		select {
		case <-turn:
		case <-limit.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// turn returns nil if it is t's turn, else a channel that is closed when that
// may have changed.
func (s *scheduler) turn(t *task) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.begun {
		if b.phase == probing && b.seq < t.seq && b.host == t.host {
			c := make(chan struct{})
			s.outOfTurn = append(s.outOfTurn, c)
			return c
		}
	}
	return nil
}

// named tells those who wait for their turn that a task's first answer is in.
func (s *scheduler) named() {
	for _, c := range s.outOfTurn {
		close(c)
	}
	s.outOfTurn = s.outOfTurn[:0]
}

// rename sets the task's key.
func (s *scheduler) rename(t *task, key store.Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.key = key
}

// landing is what a worker has to do after its segment.
type landing uint8

const (
	nothing  landing = iota
	publish          // every byte is here
	conclude         // the task closes, and nothing of it is in flight
)

// land takes the segment out of the air. If err is not nil it decides what
// comes of the task. returning says that the worker is counted as about to take
// again, so that no other is called for the slot that it gives back.
func (s *scheduler) land(a assignment, err error, cfg *Config) (next landing, returning bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := a.task
	if t.phase == probing {
		s.named()
	}
	t.host.conns--
	t.plan.land(a.seg)
	switch {
	case t.phase == closing:
	case err != nil:
		s.failed(t, a.seg, err, cfg)
	case t.plan.whole():
		t.phase = finishing
		next = publish
	}
	if t.phase == closing && len(t.plan.flying) == 0 {
		next = conclude
	}
	// Whoever publishes to a slow disk will be away for long, and the connection
	// should not be idle meanwhile.
	returning = next == nothing || next == publish && !s.slowly
	if returning {
		s.returning++
	}
	return next, returning
}

// slowPublish is how long a Publish takes that is better not waited for.
const slowPublish = time.Millisecond

// published notes how long a Publish took.
func (s *scheduler) published(took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slowly = took > slowPublish
}

// failed decides what a failed segment means for its task.
func (s *scheduler) failed(t *task, seg *segment, err error, cfg *Config) {
	t.failed(seg)
	v := t.judge(err, cfg)
	if v == tryAgain && len(t.plan.flying) > 0 && t.phase == open {
		// The others go on. What this one left is taken up after a while.
		s.retries++
		t.notBefore = time.Now().Add(retryDelay(cfg, max(t.tries, 1), err))
		s.arm(time.Now(), t.notBefore)
		return
	}
	s.shut(t, ending{v, err})
}

// finishFailed notes what comes of a task whose Publish failed.
func (s *scheduler) finishFailed(t *task, end ending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.phase = closing
	t.end = end
}

// shut begins to close t: what is in flight of it is stopped.
func (s *scheduler) shut(t *task, end ending) {
	t.phase = closing
	t.end = end
	for _, seg := range t.plan.flying {
		if seg.stop != nil {
			seg.stop()
		}
	}
}
