package downloader

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-9a1263fe/haul/store"
)

// Whatever workers do, every byte is asked for, none is read by two at once, no
// more than split segments fly, and nothing is split below the least size.
func TestPlanCoversEveryByteOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := plan{
			minSplit: rapid.Int64Range(1, 50).Draw(t, "minSplit"),
			split:    rapid.IntRange(1, 6).Draw(t, "split"),
		}
		size := rapid.Int64Range(0, 2000).Draw(t, "size")
		var have store.Extents
		for range rapid.IntRange(0, 4).Draw(t, "resumed") {
			off := rapid.Int64Range(0, size).Draw(t, "off")
			have.Add(store.Range{Off: off, End: rapid.Int64Range(off, size).Draw(t, "end")})
		}
		p.known(size, have)
		for !p.whole() {
			if seg, ok := p.next(); ok {
				if len(p.flying) > p.split {
					t.Fatalf("%d segments fly, the limit is %d", len(p.flying), p.split)
				}
				disjoint(t, &p)
				if seg.end <= seg.off {
					t.Fatalf("empty segment [%d,%d)", seg.off, seg.end)
				}
				continue
			}
			if len(p.flying) == 0 {
				t.Fatalf("nothing flies and nothing is to be had, %d bytes missing", p.rest.Len())
			}
			seg := p.flying[rapid.IntRange(0, len(p.flying)-1).Draw(t, "worker")]
			n := min(rapid.Int64Range(1, 64).Draw(t, "read"), seg.end-seg.off)
			r := store.Range{Off: seg.off, End: seg.off + n}
			for have := range have.All() {
				if have.Off < r.End && r.Off < have.End {
					t.Fatalf("bytes %v were here already", r)
				}
			}
			have.Add(r)
			seg.off += n
			if seg.off == seg.end || rapid.IntRange(0, 9).Draw(t, "breaks") == 0 {
				p.land(seg)
			}
		}
		if !have.Has(store.Range{End: size}) && size > 0 {
			t.Fatalf("the plan says whole, but only %v of %d is here", have.String(), size)
		}
	})
}

func disjoint(t *rapid.T, p *plan) {
	var seen store.Extents
	add := func(r store.Range) {
		before := seen.Len()
		seen.Add(r)
		if seen.Len() != before+r.Len() {
			t.Fatalf("bytes %v are planned twice", r)
		}
	}
	for r := range p.rest.All() {
		add(r)
	}
	for _, s := range p.flying {
		if s.off < s.end {
			add(store.Range{Off: s.off, End: s.end})
		}
	}
}

func TestPlanNeverSplitsBelowTheLeastSize(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minSplit := rapid.Int64Range(1, 100).Draw(t, "minSplit")
		size := rapid.Int64Range(minSplit, 5000).Draw(t, "size")
		p := plan{minSplit: minSplit, split: rapid.IntRange(1, 8).Draw(t, "split")}
		p.known(size, store.Extents{})
		for {
			seg, ok := p.next()
			if !ok {
				break
			}
			for _, f := range p.flying {
				if f.end-f.off < minSplit {
					t.Fatalf("[%d,%d) is smaller than %d", f.off, f.end, minSplit)
				}
			}
			if rapid.Bool().Draw(t, "read all") {
				seg.off = seg.end
				p.land(seg)
			}
		}
	})
}

func TestPlanHasMoreSaysWhatNextDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := plan{minSplit: 10, split: rapid.IntRange(1, 4).Draw(t, "split")}
		p.known(rapid.Int64Range(0, 300).Draw(t, "size"), store.Extents{})
		for range 10 {
			more := p.hasMore()
			_, ok := p.next()
			if more != ok {
				t.Fatalf("hasMore says %v, next %v", more, ok)
			}
		}
	})
}

func TestRangesShrinkTowardsTheEnd(t *testing.T) {
	p := plan{minSplit: 1 << 20, split: 4}
	p.known(1<<30, store.Extents{})
	last := int64(1 << 62)
	for p.rest.Count() > 0 {
		seg, _ := p.next()
		n := seg.end - seg.off
		if n > last+p.minSplit {
			t.Fatalf("a range of %d bytes after one of %d", n, last)
		}
		last = n
		seg.off = seg.end
		p.land(seg)
	}
	if last > 3<<20 {
		t.Errorf("the last range has %d bytes, want near the least size", last)
	}
}

func TestEndlessSegmentIsNotSplit(t *testing.T) {
	p := plan{size: store.UnknownSize, minSplit: 1, split: 4}
	p.probe(true)
	if p.hasMore() {
		t.Error("a body of unknown length was to be split")
	}
}
