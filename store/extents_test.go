package store

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// bitmap is the plain way to keep a set of bytes.
type bitmap [64]bool

func (b *bitmap) set(r Range, v bool) {
	for i := max(r.Off, 0); i < min(r.End, int64(len(b))); i++ {
		b[i] = v
	}
}

// ranges returns the runs of bytes for which b is v.
func (b *bitmap) ranges(v bool, size int64) []Range {
	var rs []Range
	for i := range size {
		switch n := len(rs); {
		case b[i] != v:
		case n > 0 && rs[n-1].End == i:
			rs[n-1].End++
		default:
			rs = append(rs, Range{i, i + 1})
		}
	}
	return rs
}

func anyRange(t *rapid.T, label string) Range {
	off := rapid.Int64Range(0, 63).Draw(t, label+" from")
	return Range{off, rapid.Int64Range(off, 64).Draw(t, label+" to")}
}

func TestExtentsAreASetOfBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var e Extents
		var want bitmap
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			r := anyRange(t, "range")
			before := e.Clone()
			if add := rapid.Bool().Draw(t, "add"); add {
				e.Add(r)
				want.set(r, true)
			} else {
				e.Remove(r)
				want.set(r, false)
			}
			before.Add(Range{0, 64}) // must not reach into e
		}
		have := want.ranges(true, 64)
		if got := slices.Collect(e.All()); !slices.Equal(got, have) {
			t.Fatalf("ranges: got %v, want %v", got, have)
		}
		size := rapid.Int64Range(0, 64).Draw(t, "size")
		if got := slices.Collect(e.Missing(size)); !slices.Equal(got, want.ranges(false, size)) {
			t.Fatalf("missing of %d: got %v, want %v", size, got, want.ranges(false, size))
		}
		var n int64
		for _, r := range have {
			n += r.Len()
		}
		if e.Len() != n || e.Count() != len(have) {
			t.Fatalf("got %d bytes in %d ranges, want %d in %d", e.Len(), e.Count(), n, len(have))
		}
		if of := ExtentsOf(have...); of.String() != e.String() {
			t.Fatalf("made of its ranges: got %v, want %v", of.String(), e.String())
		}
		q := anyRange(t, "question")
		all := q.Valid()
		for i := q.Off; i < q.End; i++ {
			all = all && want[i]
		}
		if q.Valid() && e.Has(q) != all {
			t.Fatalf("has %v: got %v, want %v", q, e.Has(q), all)
		}
	})
}

func TestInvalidRangesChangeNothing(t *testing.T) {
	e := ExtentsOf(Range{5, 10})
	for _, r := range []Range{{7, 7}, {8, 3}, {-4, 6}} {
		e.Add(r)
		e.Remove(r)
	}
	if got := slices.Collect(e.All()); !slices.Equal(got, []Range{{5, 10}}) {
		t.Errorf("got %v, want [5,10)", got)
	}
}

func TestIterationsStopWhenAsked(t *testing.T) {
	e := ExtentsOf(Range{5, 10}, Range{20, 30})
	for range e.All() {
		break
	}
	for r := range e.Missing(40) {
		if r != (Range{0, 5}) {
			t.Errorf("first missing: got %v", r)
		}
		break
	}
}
