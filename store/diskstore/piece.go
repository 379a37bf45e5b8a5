package diskstore

import (
	"slices"
	"sort"

	"github.com/seed-9a1263fe/haul/store"
)

// piece is a range of bytes with its checksum.
type piece struct {
	store.Range
	crc   uint32
	known bool  // crc is valid
	at    epoch // of the claim, for pieces that were committed
}

// pieces are in order and do not overlap. They may touch.
type pieces []piece

// search returns the index of the first piece that ends after off.
func (ps pieces) search(off int64) int {
	return sort.Search(len(ps), func(i int) bool { return ps[i].End > off })
}

// put puts p in, over what was there.
func (ps *pieces) put(p piece) {
	if n := len(*ps); n == 0 || (*ps)[n-1].End <= p.Off {
		*ps = append(*ps, p) // bytes mostly come in order
		return
	}
	ps.cut(p.Range)
	*ps = slices.Insert(*ps, ps.search(p.Off), p)
}

// cut takes the bytes of r out. What is left of a piece that was cut has no
// checksum.
func (ps *pieces) cut(r store.Range) {
	i := ps.search(r.Off)
	j := i
	var keep [2]piece
	n := 0
	for ; j < len(*ps) && (*ps)[j].Off < r.End; j++ {
		p := (*ps)[j]
		p.known = false
		if p.Off < r.Off {
			keep[n] = p
			keep[n].End = r.Off
			n++
		}
		if p.End > r.End {
			keep[n] = p
			keep[n].Off = r.End
			n++
		}
	}
	*ps = slices.Replace(*ps, i, j, keep[:n]...)
}

// within returns the pieces that share bytes with r. They are a part of ps, not
// a copy, and the first and last may reach beyond r.
func (ps pieces) within(r store.Range) pieces {
	i := ps.search(r.Off)
	j := i
	for j < len(ps) && ps[j].Off < r.End {
		j++
	}
	return ps[i:j]
}

// gap returns the first range of r that is in no piece, or an empty range.
func (ps pieces) gap(r store.Range) store.Range {
	off := r.Off
	for _, p := range ps.within(r) {
		if p.Off > off {
			return store.Range{Off: off, End: p.Off}
		}
		off = p.End
	}
	if off < r.End {
		return store.Range{Off: off, End: r.End}
	}
	return store.Range{}
}

// merge makes one piece of neighbours for which ok holds.
func (ps *pieces) merge(ok func(a, b piece) bool) {
	out := (*ps)[:0]
	for _, p := range *ps {
		if n := len(out); n > 0 && out[n-1].End == p.Off && ok(out[n-1], p) {
			out[n-1] = join(out[n-1], p)
			continue
		}
		out = append(out, p)
	}
	*ps = out
}

// join returns a and b, which follows it, as one.
func join(a, b piece) piece {
	a.known = a.known && b.known
	if a.known {
		a.crc = combine(a.crc, b.crc, b.Len())
	}
	a.End = b.End
	a.at = max(a.at, b.at)
	return a
}

// extents returns the bytes as a set.
func (ps pieces) extents() store.Extents {
	var e store.Extents
	for _, p := range ps {
		e.Add(p.Range)
	}
	return e
}

// size is the number of bytes in all pieces.
func (ps pieces) size() int64 {
	var n int64
	for _, p := range ps {
		n += p.Len()
	}
	return n
}

// clip returns a copy of the pieces in r, cut to it.
func (ps pieces) clip(r store.Range) pieces {
	out := slices.Clone(ps.within(r))
	for i := range out {
		p := &out[i]
		if p.Off < r.Off || p.End > r.End {
			p.Off, p.End = max(p.Off, r.Off), min(p.End, r.End)
			p.known = false
		}
	}
	return out
}
