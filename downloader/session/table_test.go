package session

import (
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// table drives the table of hosts with requests that end in every way.
type table struct {
	*rapid.T
	hs    *hosts
	lent  []*host
	trips map[*host][]*trip
}

var ends = []*Error{
	nil, nil, nil, refused, lateHead,
	{Kind: KindCanceled},
	{Kind: KindNotFound, Status: 404},
	{Kind: KindRateLimited, Status: 429, Temporary: true},
	{Kind: KindRateLimited, Status: 503, Temporary: true, After: 20 * time.Second},
	{Kind: KindReset, Phase: PhaseHeader, Temporary: true},
	{Kind: KindStalled, Phase: PhaseBody, Temporary: true},
	{Kind: KindDNS, Phase: PhaseResolve},
	{Kind: KindTLS, Phase: PhaseTLS},
}

func (b *table) acquire() {
	origin := fmt.Sprintf("http://h%d:80", rapid.IntRange(0, 2).Draw(b.T, "host"))
	if h := b.hs.tryAcquire(origin); h != nil {
		b.lent = append(b.lent, h)
	}
}

func (b *table) any() (*host, int) {
	if len(b.lent) == 0 {
		return nil, 0
	}
	i := rapid.IntRange(0, len(b.lent)-1).Draw(b.T, "slot")
	return b.lent[i], i
}

func (b *table) begin() {
	h, _ := b.any()
	if h == nil || len(b.trips[h]) >= h.inFlight {
		return
	}
	if t, err := b.hs.begin(h); err == nil {
		b.trips[h] = append(b.trips[h], t)
	}
}

func (b *table) answer() {
	if h, _ := b.any(); h != nil && len(b.trips[h]) > 0 {
		b.hs.answered(b.trips[h][0])
	}
}

func (b *table) end() {
	if h, _ := b.any(); h != nil && len(b.trips[h]) > 0 {
		t := b.trips[h][0]
		b.trips[h] = b.trips[h][1:]
		b.hs.end(t, rapid.SampledFrom(ends).Draw(b.T, "end"))
	}
}

func (b *table) release() {
	h, i := b.any()
	if h == nil {
		return
	}
	if len(b.trips[h]) >= h.inFlight { // as a Conn does, its request first
		b.hs.end(b.trips[h][0], &Error{Kind: KindCanceled})
		b.trips[h] = b.trips[h][1:]
	}
	b.lent = append(b.lent[:i], b.lent[i+1:]...)
	b.hs.release(h)
}

func (b *table) pass() {
	timer := time.NewTimer(time.Duration(rapid.IntRange(1, 40).Draw(b.T, "seconds")) * time.Second)
	<-timer.C
	synctest.Wait() // for the timers of holds
}

// check is what must hold at any time.
func (b *table) check() {
	b.hs.mu.Lock()
	defer b.hs.mu.Unlock()
	lent := map[*host]int{}
	for _, h := range b.lent {
		lent[h]++
	}
	for origin, h := range b.hs.m {
		switch {
		case h.limit < 1 || h.limit > h.max:
			b.Fatalf("%s: limit %d of %d", origin, h.limit, h.max)
		case h.inFlight != lent[h]:
			b.Fatalf("%s: %d slots in flight, %d lent", origin, h.inFlight, lent[h])
		case h.inFlight > h.max:
			b.Fatalf("%s: %d in flight of %d", origin, h.inFlight, h.max)
		case h.answering < 0 || h.answering > h.inFlight:
			b.Fatalf("%s: %d answering, %d in flight", origin, h.answering, h.inFlight)
		case h.probing && h.downFor == 0 && len(b.trips[h]) == 0:
			b.Fatalf("%s: is looked at by nobody", origin)
		case h.wanted && h.free(time.Now()):
			b.Fatalf("%s: is free and wanted, and nobody was told", origin)
		case h.inFlight == 0 && h.plain(time.Now()) && h.heldUntil.IsZero():
			b.Fatalf("%s: is remembered for nothing", origin)
		}
		delete(lent, h)
	}
	if len(lent) > 0 {
		b.Fatalf("%d hosts with slots lent are not in the table", len(lent))
	}
}

func TestTableOfHostsKeepsItsPromises(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(struct{ rapid.TB }{t}, func(rt *rapid.T) {
			b := &table{T: rt, trips: map[*host][]*trip{}}
			told := func(string) {}
			b.hs = newHosts(4, 0, told, slog.New(slog.DiscardHandler))
			defer b.hs.stop()
			steps := []func(){b.acquire, b.acquire, b.acquire, b.begin, b.begin, b.answer, b.end, b.release, b.pass}
			for range rapid.IntRange(1, 80).Draw(rt, "steps") {
				rapid.SampledFrom(steps).Draw(rt, "step")()
				b.check()
			}
		})
	})
}

func TestRememberedHostsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hs := newHosts(4, 0, nil, slog.New(slog.DiscardHandler))
		defer hs.stop()
		for i := range maxRemembered + 1000 {
			h := hs.tryAcquire(fmt.Sprint("http://h", i))
			trip, err := hs.begin(h)
			if err != nil {
				t.Fatal(err)
			}
			hs.end(trip, &Error{Kind: KindRateLimited, Status: 429, After: time.Hour})
			hs.release(h)
		}
		if len(hs.m) != maxRemembered || hs.idle.Len() != maxRemembered {
			t.Fatalf("%d hosts are remembered, want %d", len(hs.m), maxRemembered)
		}
		if hs.readyAt("http://h0") != (time.Time{}) || hs.readyAt(fmt.Sprint("http://h", maxRemembered+999)).IsZero() {
			t.Fatal("not the oldest were forgotten")
		}
	})
}
