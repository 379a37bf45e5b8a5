package session

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// HostStatus describes one host for people.
type HostStatus struct {
	Origin   string
	Limit    int       // requests at a time, as learned so far
	InFlight int       // requests now
	Until    time.Time // nothing is sent before; zero if that is not so
	Why      string    // why it is held or limited
}

type hosts struct {
	limit    int
	hostRate int64
	onReady  func(string)
	log      *slog.Logger

	mu    sync.Mutex
	ended bool
	m     map[string]*host
}

type host struct {
	origin   string
	rate     *rate.Limiter
	inFlight int
	wanted   bool
	waiters  []chan struct{}
}

func newHosts(limit int, hostRate int64, onReady func(string), log *slog.Logger) *hosts {
	return &hosts{limit: limit, hostRate: hostRate, onReady: onReady, log: log, m: map[string]*host{}}
}

func (hs *hosts) get(origin string) *host {
	h := hs.m[origin]
	if h == nil {
		h = &host{origin: origin, rate: newRate(hs.hostRate)}
		hs.m[origin] = h
	}
	return h
}

func (hs *hosts) tryAcquire(origin string) *host {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if hs.ended {
		return nil
	}
	h := hs.get(origin)
	if h.inFlight >= hs.limit {
		h.wanted = true
		return nil
	}
	h.inFlight++
	return h
}

func (hs *hosts) acquire(ctx context.Context, origin string) (*host, error) {
	for {
		hs.mu.Lock()
		if hs.ended {
			hs.mu.Unlock()
			return nil, ErrEnded
		}
		h := hs.get(origin)
		if h.inFlight < hs.limit {
			h.inFlight++
			hs.mu.Unlock()
			return h, nil
		}
		free := make(chan struct{})
		h.waiters = append(h.waiters, free)
		hs.mu.Unlock()
		select {
		case <-free:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (hs *hosts) release(h *host) {
	hs.mu.Lock()
	h.inFlight--
	for _, w := range h.waiters {
		close(w)
	}
	h.waiters = nil
	call := h.wanted && hs.onReady != nil && !hs.ended
	h.wanted = false
	if h.inFlight == 0 {
		delete(hs.m, h.origin)
	}
	hs.mu.Unlock()
	if call {
		hs.onReady(h.origin)
	}
}

func (hs *hosts) end() {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	hs.ended = true
	for _, h := range hs.m {
		for _, w := range h.waiters {
			close(w)
		}
		h.waiters = nil
	}
}

func (hs *hosts) readyAt(string) time.Time { return time.Time{} }
func (hs *hosts) status() []HostStatus     { return nil }
func (hs *hosts) admit(*host) error        { return nil }
func (hs *hosts) failed(*host, *Error)     {}
func (hs *hosts) answered(*host)           {}
func (hs *hosts) succeeded(*host)          {}
