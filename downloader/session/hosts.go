package session

import (
	"cmp"
	"container/list"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// maxRemembered bounds the idle hosts of which something is remembered. Of a
// host that behaves nothing needs to be.
const maxRemembered = 32 << 10

// HostStatus describes one host for people.
type HostStatus struct {
	Origin   string
	Limit    int       // requests at a time, as learned so far
	InFlight int       // requests now
	Until    time.Time // nothing is sent before; zero if that is not so
	Down     bool      // it did not answer lately
	Why      string    // why it is held, limited or down; "" if it is not
}

// hosts is the table of all hosts, and the only one that touches them.
type hosts struct {
	limit    int
	hostRate int64
	onReady  func(string) // may be nil
	log      *slog.Logger
	calls    sync.WaitGroup // of onReady that are under way

	mu    sync.Mutex
	ended bool
	m     map[string]*host
	idle  list.List // of *host that are remembered though unused, the latest first
}

// place is what the table keeps in each host.
type place struct {
	wanted  bool          // a TryConnect failed, and OnReady is owed
	waiters list.List     // of *waiter, first come first served
	timer   *time.Timer   // ends the hold; nil if nobody waits for that
	element *list.Element // in hosts.idle, or nil
}

type waiter struct {
	ready   chan struct{} // closed when granted, or at the end
	granted bool
}

func newHosts(limit int, hostRate int64, onReady func(string), log *slog.Logger) *hosts {
	return &hosts{limit: limit, hostRate: hostRate, onReady: onReady, log: log, m: map[string]*host{}}
}

// get returns the host, made if it is not known.
func (hs *hosts) get(origin string) *host {
	h := hs.m[origin]
	if h == nil {
		h = &host{origin: origin, max: hs.limit, limit: hs.limit, raiseAfter: raiseAfter, rate: newRate(hs.hostRate)}
		hs.m[origin] = h
	}
	return h
}

// take lends a slot of h.
func (hs *hosts) take(h *host) {
	h.inFlight++
	if h.element != nil {
		hs.idle.Remove(h.element)
		h.element = nil
	}
}

// tryAcquire returns the host with a slot lent, or nil.
func (hs *hosts) tryAcquire(origin string) *host {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if hs.ended {
		return nil
	}
	h := hs.get(origin)
	now := time.Now()
	if h.waiters.Len() > 0 || !h.free(now) {
		h.wanted = true
		hs.watchHold(h, now)
		return nil
	}
	hs.take(h)
	return h
}

// acquire waits for a slot. It returns ErrEnded, or the cause of ctx's end.
func (hs *hosts) acquire(ctx context.Context, origin string) (*host, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	hs.mu.Lock()
	if hs.ended {
		hs.mu.Unlock()
		return nil, ErrEnded
	}
	h := hs.get(origin)
	now := time.Now()
	if h.waiters.Len() == 0 && h.free(now) {
		hs.take(h)
		hs.mu.Unlock()
		return h, nil
	}
	w := &waiter{ready: make(chan struct{})}
	e := h.waiters.PushBack(w)
	hs.watchHold(h, now)
	hs.mu.Unlock()

	select {
	case <-w.ready:
		if !w.granted {
			return nil, ErrEnded
		}
		return h, nil
	case <-ctx.Done():
		hs.giveUp(h, w, e)
		return nil, context.Cause(ctx)
	}
}

// giveUp takes a waiter out; a slot that was granted meanwhile goes back.
func (hs *hosts) giveUp(h *host, w *waiter, e *list.Element) {
	hs.mu.Lock()
	if w.granted {
		h.inFlight--
	} else if !hs.ended {
		h.waiters.Remove(e)
	}
	hs.settle(h)
}

// release takes a slot back.
func (hs *hosts) release(h *host) {
	hs.mu.Lock()
	h.inFlight--
	hs.settle(h)
}

// begin starts a request at h, whose slot the caller holds. The error is an
// *Error: the host is down.
func (hs *hosts) begin(h *host) (*trip, error) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	return h.begin(time.Now())
}

// answered notes that t's file is being sent.
func (hs *hosts) answered(t *trip) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	hs.say(t.h, t.h.answered(t, time.Now()))
}

// end ends t, with nil for success. Only the first call for a trip counts.
func (hs *hosts) end(t *trip, fail *Error) {
	hs.mu.Lock()
	hs.say(t.h, t.h.end(t, fail, time.Now()))
	hs.settle(t.h)
}

func (hs *hosts) say(h *host, what string) {
	if what != "" {
		hs.log.Info("host "+what, "host", h.origin)
	}
}

// settle is called with the lock held, and unlocks: it hands slots to those
// who wait, tells OnReady if some are left, and forgets an idle host.
func (hs *hosts) settle(h *host) {
	now := time.Now()
	for h.waiters.Len() > 0 && h.free(now) && !hs.ended {
		w := h.waiters.Remove(h.waiters.Front()).(*waiter)
		w.granted = true
		hs.take(h)
		close(w.ready)
	}
	hs.watchHold(h, now)
	ready := hs.tellLocked(h, h.free(now))
	if h.inFlight == 0 && h.waiters.Len() == 0 {
		hs.rest(h, now)
	}
	var dropped *host
	if hs.idle.Len() > maxRemembered {
		dropped = hs.idle.Back().Value.(*host)
		hs.drop(dropped)
	}
	toldDropped := dropped != nil && hs.tellLocked(dropped, true)
	hs.mu.Unlock()
	if ready {
		hs.tell(h.origin)
	}
	if toldDropped {
		hs.tell(dropped.origin)
	}
}

// tellLocked reports whether OnReady is to be called for h, and counts the call.
func (hs *hosts) tellLocked(h *host, free bool) bool {
	if !h.wanted || !free || hs.ended {
		return false
	}
	h.wanted = false
	if hs.onReady == nil {
		return false
	}
	hs.calls.Add(1)
	return true
}

func (hs *hosts) tell(origin string) {
	defer hs.calls.Done()
	hs.onReady(origin)
}

// watchHold sets a timer to the end of h's hold, if somebody waits for it.
func (hs *hosts) watchHold(h *host, now time.Time) {
	left := h.heldUntil.Sub(now)
	if hs.ended || left <= 0 || !h.wanted && h.waiters.Len() == 0 {
		return
	}
	if h.timer == nil {
		h.timer = time.AfterFunc(left, func() {
			hs.mu.Lock()
			hs.settle(h)
		})
		return
	}
	h.timer.Reset(left)
}

// rest remembers an idle host as long as there is something to remember.
func (hs *hosts) rest(h *host, now time.Time) {
	switch {
	case hs.m[h.origin] != h: // dropped, and its timer came late
	case h.plain(now) && !h.wanted:
		hs.drop(h)
	case h.element == nil:
		h.element = hs.idle.PushFront(h)
	}
}

func (hs *hosts) drop(h *host) {
	delete(hs.m, h.origin)
	if h.timer != nil {
		h.timer.Stop()
	}
	if h.element != nil {
		hs.idle.Remove(h.element)
		h.element = nil
	}
}

// stop fails all that wait and returns when no OnReady is under way any more.
func (hs *hosts) stop() {
	hs.mu.Lock()
	hs.ended = true
	for _, h := range hs.m {
		if h.timer != nil {
			h.timer.Stop()
		}
		for e := h.waiters.Front(); e != nil; e = e.Next() {
			close(e.Value.(*waiter).ready)
		}
		h.waiters.Init()
	}
	hs.mu.Unlock()
	hs.calls.Wait()
}

func (hs *hosts) readyAt(origin string) time.Time {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if h := hs.m[origin]; h != nil && time.Now().Before(h.heldUntil) {
		return h.heldUntil
	}
	return time.Time{}
}

func (hs *hosts) status() []HostStatus {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	now := time.Now()
	all := make([]HostStatus, 0, len(hs.m))
	for _, h := range hs.m {
		st := HostStatus{Origin: h.origin, Limit: h.limit, InFlight: h.inFlight, Down: h.downFor > 0, Why: h.why}
		if now.Before(h.heldUntil) {
			st.Until = h.heldUntil
		}
		if st.Down {
			st.Why, st.Until = string(h.cause.Kind), h.downUntil
		}
		all = append(all, st)
	}
	slices.SortFunc(all, func(a, b HostStatus) int { return cmp.Compare(a.Origin, b.Origin) })
	return all
}
