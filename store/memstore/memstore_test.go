package memstore_test

import (
	"errors"
	"testing"

	"github.com/seed-9a1263fe/haul/store"
	"github.com/seed-9a1263fe/haul/store/memstore"
	"github.com/seed-9a1263fe/haul/store/storetest"
)

func TestContract(t *testing.T) {
	storetest.Suite(t, func(t *testing.T) storetest.Subject {
		s := memstore.New()
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return storetest.Subject{Store: s, Read: s.ReadFile, Plant: s.Plant, Remove: s.Remove}
	})
}

func TestLimitRefusesWhatDoesNotFit(t *testing.T) {
	s := memstore.NewLimited(128 << 10)
	o, err := s.Open(t.Context(), store.Owner{1}, "a")
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Reset(t.Context(), store.Identity{Size: 1 << 20}); err != nil {
		t.Fatal(err)
	}
	if _, err := o.WriteAt(make([]byte, 64<<10), 0); err != nil {
		t.Fatalf("write within the limit: %v", err)
	}
	if _, err := o.WriteAt(make([]byte, 128<<10), 64<<10); !errors.Is(err, store.ErrNoSpace) {
		t.Fatalf("write beyond the limit: got %v, want %v", err, store.ErrNoSpace)
	}
	if err := o.Discard(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Plant("b", make([]byte, 128<<10)); err != nil {
		t.Fatalf("the room of a discarded object was not given back: %v", err)
	}
}

func TestAFarWriteCostsOneBlock(t *testing.T) {
	s := memstore.NewLimited(64 << 10)
	o, err := s.Open(t.Context(), store.Owner{1}, "a")
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Reset(t.Context(), store.Identity{Size: 1 << 60}); err != nil {
		t.Fatal(err)
	}
	if _, err := o.WriteAt([]byte("x"), 1<<59); err != nil {
		t.Fatal(err)
	}
}
