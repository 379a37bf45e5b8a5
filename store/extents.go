package store

import (
	"fmt"
	"iter"
	"slices"
	"sort"
)

// Range is the bytes from Off up to, not including, End.
type Range struct{ Off, End int64 }

// Len is the number of bytes in r.
func (r Range) Len() int64 { return r.End - r.Off }

// Valid reports whether r is a range that can hold something: 0 ≤ Off < End.
func (r Range) Valid() bool { return r.Off >= 0 && r.Off < r.End }

// Contains reports whether all of other lies in r.
func (r Range) Contains(other Range) bool { return r.Off <= other.Off && other.End <= r.End }

// String writes r as [off,end).
func (r Range) String() string { return fmt.Sprintf("[%d,%d)", r.Off, r.End) }

// Extents is a set of bytes: ranges in order, none empty, none touching. The
// zero value is the empty set. It is not safe for use from several goroutines.
type Extents struct{ rs []Range }

// ExtentsOf returns the set of the bytes of all ranges given.
func ExtentsOf(rs ...Range) Extents {
	var e Extents
	for _, r := range rs {
		e.Add(r)
	}
	return e
}

// search returns the index of the first range that ends at or after off.
func (e *Extents) search(off int64) int {
	return sort.Search(len(e.rs), func(i int) bool { return e.rs[i].End >= off })
}

// Add puts the bytes of r into the set. An invalid range adds nothing.
func (e *Extents) Add(r Range) {
	if !r.Valid() {
		return
	}
	i := e.search(r.Off)
	j := i
	for j < len(e.rs) && e.rs[j].Off <= r.End {
		r.Off = min(r.Off, e.rs[j].Off)
		r.End = max(r.End, e.rs[j].End)
		j++
	}
	e.rs = slices.Replace(e.rs, i, j, r)
}

// Remove takes the bytes of r out of the set.
func (e *Extents) Remove(r Range) {
	if !r.Valid() {
		return
	}
	i := e.search(r.Off + 1)
	var keep [2]Range
	n := 0
	j := i
	for j < len(e.rs) && e.rs[j].Off < r.End {
		if e.rs[j].Off < r.Off {
			keep[n] = Range{e.rs[j].Off, r.Off}
			n++
		}
		if e.rs[j].End > r.End {
			keep[n] = Range{r.End, e.rs[j].End}
			n++
		}
		j++
	}
	e.rs = slices.Replace(e.rs, i, j, keep[:n]...)
}

// Has reports whether every byte of r is in the set.
func (e *Extents) Has(r Range) bool {
	i := e.search(r.Off + 1)
	return i < len(e.rs) && e.rs[i].Contains(r)
}

// Len is the number of bytes in the set.
func (e *Extents) Len() int64 {
	var n int64
	for _, r := range e.rs {
		n += r.Len()
	}
	return n
}

// Count is the number of ranges in the set.
func (e *Extents) Count() int { return len(e.rs) }

// All yields the ranges in order.
func (e *Extents) All() iter.Seq[Range] { return slices.Values(e.rs) }

// Missing yields, in order, the ranges of [0,size) that are not in the set.
func (e *Extents) Missing(size int64) iter.Seq[Range] {
	return func(yield func(Range) bool) {
		off := int64(0)
		for _, r := range e.rs {
			if r.Off >= size {
				break
			}
			if r.Off > off && !yield(Range{off, r.Off}) {
				return
			}
			off = r.End
		}
		if off < size {
			yield(Range{off, size})
		}
	}
}

// Clone returns a set that shares nothing with e.
func (e *Extents) Clone() Extents { return Extents{slices.Clone(e.rs)} }

// String writes the ranges in order.
func (e *Extents) String() string { return fmt.Sprint(e.rs) }
