package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

func TestSpeedIsMeasuredAnewInEachWindow(t *testing.T) {
	s := slowness{limit: 1000, over: 10 * time.Second}
	if err := s.check(1<<30, 10*time.Second); err != nil {
		t.Fatalf("a fast beginning: %v", err)
	}
	for range 9 {
		if err := s.check(1, time.Second); err != nil {
			t.Fatalf("within the window: %v", err)
		}
	}
	if err := s.check(1, time.Second); !errors.Is(err, errSlow) {
		t.Fatalf("a slow window after a fast one: got %v, want %v", err, errSlow)
	}
}

func TestSlotGrantedToOneWhoGaveUpGoesBack(t *testing.T) {
	hs := newHosts(1, 0, nil, slog.New(slog.DiscardHandler))
	h := hs.tryAcquire("http://a:80")
	w := &waiter{ready: make(chan struct{})}
	e := h.waiters.PushBack(w)
	hs.release(h)
	if !w.granted {
		t.Fatal("the slot was not handed on")
	}
	hs.giveUp(h, w, e)
	if hs.tryAcquire("http://a:80") == nil {
		t.Fatal("the slot is lost")
	}
}

type oneAddress struct{}

func (oneAddress) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, nil
}

func TestRememberedNamesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg, err := Config{Resolver: oneAddress{}}.withDefaults()
		if err != nil {
			t.Fatal(err)
		}
		d := newDialer(&cfg)
		for i := range maxNames + 100 {
			if _, err := d.lookup(context.Background(), fmt.Sprint("h", i), "80"); err != nil {
				t.Fatal(err)
			}
		}
		if len(d.names.known) != maxNames || d.names.order.Len() != maxNames {
			t.Errorf("%d names are remembered, want %d", len(d.names.known), maxNames)
		}
		d.stop()
		d.wait()
	})
}
