package fileq

import (
	"encoding/binary"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-9a1263fe/haul/queue"
)

func TestStatesAreAsSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s states
		var want []state
		for range rapid.IntRange(1, 30).Draw(t, "ops") {
			n := int64(len(want))
			switch op := rapid.IntRange(0, 4).Draw(t, "op"); {
			case op == 0 || n == 0:
				n += rapid.Int64Range(0, 100).Draw(t, "more")
				s.grow(n)
				want = append(want, make([]state, n-int64(len(want)))...)
			case op == 1:
				n = rapid.Int64Range(0, n).Draw(t, "less")
				s.truncate(n)
				want = want[:n]
			case op == 2:
				from, to := rapid.Int64Range(0, n).Draw(t, "from"), rapid.Int64Range(0, n).Draw(t, "to")
				was, is := state(rapid.IntRange(0, 3).Draw(t, "was")), state(rapid.IntRange(0, 3).Draw(t, "is"))
				if was == is {
					continue
				}
				s.replace(from, to, was, is)
				for i := from; i < to; i++ {
					if want[i] == was {
						want[i] = is
					}
				}
			default:
				i, to := rapid.Int64Range(0, n-1).Draw(t, "i"), state(rapid.IntRange(0, 3).Draw(t, "to"))
				s.set(i, to)
				want[i] = to
			}
			compareStates(t, &s, want)
		}
	})
}

func compareStates(t *rapid.T, s *states, want []state) {
	if s.n != int64(len(want)) {
		t.Fatalf("%d ordinals, want %d", s.n, len(want))
	}
	var counts [4]int64
	for i, w := range want {
		counts[w]++
		if got := s.get(int64(i)); got != w {
			t.Fatalf("state of %d: got %d, want %d", i, got, w)
		}
	}
	if s.counts != counts {
		t.Fatalf("counts: got %v, want %v", s.counts, counts)
	}
	for of := range state(4) {
		next := s.n
		if i := slices.Index(want, of); i >= 0 {
			next = int64(i)
		}
		if got := s.next(0, s.n, of); got != next {
			t.Fatalf("first in state %d: got %d, want %d", of, got, next)
		}
	}
}

func TestBitsetHasWhatWasAdded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b bitset
		in := rapid.SliceOf(rapid.Int64Range(0, 300)).Draw(t, "in")
		for _, i := range in {
			b.add(i)
		}
		from, to := rapid.Int64Range(0, 320).Draw(t, "from"), rapid.Int64Range(0, 320).Draw(t, "to")
		any := false
		for i := range int64(320) {
			has := slices.Contains(in, i)
			any = any || (has && i >= from && i < to)
			if b.has(i) != has {
				t.Fatalf("has %d: got %v, want %v", i, b.has(i), has)
			}
		}
		if b.any(from, to) != any {
			t.Fatalf("any in [%d,%d) of %v: got %v, want %v", from, to, in, b.any(from, to), any)
		}
	})
}

func TestDelaysComeInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d delays
		in := rapid.SliceOf(rapid.Int64Range(0, 50)).Draw(t, "in")
		for i, at := range in {
			d.push(delayed{at, makeRef(1, int64(i), 0)})
		}
		var out []int64
		for len(d) > 0 {
			x := d.pop()
			if in[x.ref.ordinal()] != x.at {
				t.Fatalf("%d came with the time of another", x.ref.ordinal())
			}
			out = append(out, x.at)
		}
		if slices.Sort(in); !slices.Equal(out, in) {
			t.Fatalf("got %v, want %v", out, in)
		}
	})
}

func TestRefHoldsItsParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slot, ordinal := rapid.IntRange(0, maxSources-1).Draw(t, "slot"), rapid.Int64Range(0, maxOrdinal).Draw(t, "ordinal")
		attempt := rapid.IntRange(0, 2*maxAttempt).Draw(t, "attempt")
		r := makeRef(slot, ordinal, attempt)
		if r.slot() != slot || r.ordinal() != ordinal || r.attempt() != min(attempt, maxAttempt) {
			t.Fatalf("got %d, %d, %d; want %d, %d, %d", r.slot(), r.ordinal(), r.attempt(), slot, ordinal, attempt)
		}
	})
}

func numbered(n int) queue.ID {
	var id queue.ID
	binary.LittleEndian.PutUint64(id[:], uint64(n)*0x9e3779b97f4a7c15)
	binary.LittleEndian.PutUint64(id[8:], uint64(n)+1)
	return id
}

func TestIDSetHasWhatWasAddedAndNothingElse(t *testing.T) {
	const n = 300_000
	s := newIDSet()
	for i := range n {
		if !s.add(numbered(i)) {
			t.Fatalf("ID %d is taken for one that was there", i)
		}
	}
	for i := range n {
		if s.add(numbered(i)) || !s.has(numbered(i)) {
			t.Fatalf("ID %d is not there", i)
		}
		if s.has(numbered(n + i)) {
			t.Fatalf("ID %d is there", n+i)
		}
	}
	if s.n != n {
		t.Errorf("the set counts %d, want %d", s.n, n)
	}
}
