package downloader

import "github.com/seed-9a1263fe/haul/store"

// maxRange is the most bytes that one request asks for, so that no connection
// is lost with much when it breaks, and a server's clock for one answer is not
// overrun.
const maxRange = 1 << 30

// endless is the end of a segment whose answer does not say its length.
const endless = 1<<63 - 1

// segment is a run of bytes that one worker is reading. All fields are guarded
// by the scheduler's lock.
type segment struct {
	// off is the next byte that nobody has claimed: the worker moves it before
	// it reads, so that what lies from here to end may be given to another.
	off int64
	// end is where the worker stops. Another worker may lower it, never below
	// off.
	end int64
	// stop ends the worker's request.
	stop func()
	// round is the plan's when the segment was launched.
	round int
}

// plan says which bytes of one file are to be asked for next. It is plain data:
// it starts nothing and knows no time.
type plan struct {
	size     int64         // of the whole; store.UnknownSize until it is known
	rest     store.Extents // missing, and asked of nobody
	flying   []*segment    // being read
	minSplit int64
	split    int  // most segments at once
	alone    bool // the server takes no ranges: one segment has all
	round    int  // raised by every failure that counts
}

// known sets the size and what is missing of it, apart from what is flying.
func (p *plan) known(size int64, present store.Extents) {
	p.size = size
	p.rest = store.Extents{}
	for r := range present.Missing(size) {
		p.rest.Add(r)
	}
	for _, s := range p.flying {
		p.rest.Remove(store.Range{Off: s.off, End: s.end})
	}
}

// next takes the next range to ask for off the plan. With nothing left to hand
// out, it halves the largest rest of another segment, whose worker then stops
// early, as long as both halves have minSplit bytes. It returns false where one
// more worker would be no help.
//
// Ranges shrink as the end comes near (guided self-scheduling): each is a share
// of what is left, so that all workers end at nearly the same time though
// nobody knows how fast each is.
func (p *plan) next() (*segment, bool) {
	if len(p.flying) >= p.limit() {
		return nil, false
	}
	if p.rest.Count() > 0 {
		return p.launch(p.cut()), true
	}
	if v := p.largest(); v != nil && v.end-v.off >= 2*p.minSplit {
		mid := v.off + (v.end-v.off)/2
		r := store.Range{Off: mid, End: v.end}
		v.end = mid
		return p.launch(r), true
	}
	return nil, false
}

// limit is the most segments at once.
func (p *plan) limit() int {
	if p.alone {
		return 1
	}
	return p.split
}

// hasMore reports whether next would return a segment.
func (p *plan) hasMore() bool {
	if len(p.flying) >= p.limit() {
		return false
	}
	if p.rest.Count() > 0 {
		return true
	}
	v := p.largest()
	return v != nil && v.end-v.off >= 2*p.minSplit
}

// cut takes a share of the first missing range out of rest.
func (p *plan) cut() store.Range {
	var first store.Range
	for r := range p.rest.All() {
		first = r
		break
	}
	share := p.rest.Len() / int64(2*p.split)
	n := min(max(share, p.minSplit), maxRange)
	if first.Len()-n >= p.minSplit {
		first.End = first.Off + n
	}
	p.rest.Remove(first)
	return first
}

// probe makes the first segment of a file of which nothing is known: a bounded
// range, so that what follows can be split, or everything if the server is not
// to be asked for ranges.
func (p *plan) probe(whole bool) *segment {
	if whole {
		return p.launch(store.Range{End: endless})
	}
	return p.launch(store.Range{End: 2 * p.minSplit})
}

// launch makes a segment of r.
func (p *plan) launch(r store.Range) *segment {
	s := &segment{off: r.Off, end: r.End, round: p.round}
	p.flying = append(p.flying, s)
	return s
}

// land takes s out of the air and gives back what it did not claim.
func (p *plan) land(s *segment) {
	for i, f := range p.flying {
		if f == s {
			p.flying = append(p.flying[:i], p.flying[i+1:]...)
			break
		}
	}
	if p.size >= 0 && s.off < s.end {
		p.rest.Add(store.Range{Off: s.off, End: min(s.end, p.size)})
	}
}

// largest returns the flying segment with the most unclaimed bytes, among those
// whose end is known.
func (p *plan) largest() *segment {
	var best *segment
	for _, s := range p.flying {
		if s.end != endless && (best == nil || s.end-s.off > best.end-best.off) {
			best = s
		}
	}
	return best
}

// whole reports whether every byte has arrived, given that nothing that landed
// was lost.
func (p *plan) whole() bool {
	return p.size >= 0 && p.rest.Count() == 0 && len(p.flying) == 0
}
