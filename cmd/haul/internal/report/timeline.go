package report

import "github.com/seed-9a1263fe/haul/downloader"

// timeline adds up what happened when, in a fixed number of slots. Its slots are
// 1 ms wide at first and become twice as wide whenever a time does not fit, so
// that the sums stay exact whatever span they cover, in whatever order times
// come. Slots begin at multiples of their width, which lets two of them become
// one.
type timeline struct {
	slots      []slot // a window of slotRoom from slot number first
	first      int64
	width      int64 // milliseconds
	begin, end int64 // what was added, in milliseconds since 1970; end is behind it
}

// slot is what happened within one slot's width.
type slot struct {
	bytes float64
	files [3]int64 // that ended, in the order of outcomes
	busy  bool     // a file was in flight
}

// outcomes are the ways a file can end, in the order of charts.
var outcomes = [3]downloader.Status{downloader.Complete, downloader.Skipped, downloader.Failed}

const slotRoom = 2048

func newTimeline() *timeline { return &timeline{width: 1} }

func (t *timeline) empty() bool { return t.slots == nil }

// span is the time from the first begin to the last end, in milliseconds, at
// least 1 unless nothing was added.
func (t *timeline) span() int64 { return t.end - t.begin }

// add spreads bytes evenly over the time from at on, and counts a file that
// ended after it. Times are in milliseconds; one that took none counts as 1 ms.
func (t *timeline) add(at, took, bytes int64, how downloader.Status) {
	took = max(took, 1)
	end := at + took
	t.makeRoom(at, end)
	for i := t.index(at); i <= t.index(end-1); i++ {
		s := &t.slots[i]
		s.busy = true
		from := (t.first + int64(i)) * t.width
		part := min(end, from+t.width) - max(at, from)
		s.bytes += float64(bytes) * float64(part) / float64(took)
	}
	last := &t.slots[t.index(end-1)]
	for i, o := range outcomes {
		if o == how {
			last.files[i]++
		}
	}
}

func (t *timeline) index(ms int64) int { return int(floorDiv(ms, t.width) - t.first) }

// makeRoom has the slots cover begin to end as well.
func (t *timeline) makeRoom(begin, end int64) {
	if t.empty() {
		t.begin, t.end = begin, end
		t.slots = make([]slot, slotRoom)
		t.first = begin
	}
	t.begin, t.end = min(t.begin, begin), max(t.end, end)
	for floorDiv(t.end-1, t.width)-floorDiv(t.begin, t.width) >= slotRoom {
		t.widen()
	}
	if first := floorDiv(t.begin, t.width); first < t.first {
		by := min(t.first-first, slotRoom)
		copy(t.slots[by:], t.slots[:slotRoom-by]) // the end is empty: the span fits
		clear(t.slots[:by])
		t.first = first
	} else if last := floorDiv(t.end-1, t.width); last >= t.first+slotRoom {
		// widen left the window where it covers less than it could
		by := first - t.first
		copy(t.slots, t.slots[by:])
		clear(t.slots[slotRoom-by:])
		t.first = first
	}
}

// widen makes slots twice as wide.
func (t *timeline) widen() {
	first := floorDiv(t.first, 2)
	odd := int(t.first - 2*first)
	wide := make([]slot, slotRoom)
	for i := range t.slots {
		wide[(i+odd)/2].merge(&t.slots[i])
	}
	t.slots, t.first, t.width = wide, first, 2*t.width
}

func (s *slot) merge(other *slot) {
	s.bytes += other.bytes
	s.busy = s.busy || other.busy
	for i := range s.files {
		s.files[i] += other.files[i]
	}
}

// busyTime is for how long files were in flight, in milliseconds: the span
// without the pauses between runs. It is exact to two slots a pause.
func (t *timeline) busyTime() int64 {
	var n int64
	for i := range t.slots {
		if t.slots[i].busy {
			n += t.width
		}
	}
	return min(n, t.span())
}

// series is the timeline in at most n steps that cover the span.
type series struct {
	steps []slot
	begin int64 // of the first step, in milliseconds since 1970
	width int64 // of a step, in milliseconds
}

// atMost returns the timeline in at most n steps.
func (t *timeline) atMost(n int) series {
	if t.empty() {
		return series{width: 1}
	}
	lo, hi := t.index(t.begin), t.index(t.end-1)
	per := (hi - lo + n) / n // rounded up
	s := series{
		steps: make([]slot, (hi-lo)/per+1),
		begin: (t.first + int64(lo)) * t.width,
		width: int64(per) * t.width,
	}
	for i := lo; i <= hi; i++ {
		s.steps[(i-lo)/per].merge(&t.slots[i])
	}
	return s
}

// rate is the bytes a second of a step.
func (s *series) rate(i int) float64 { return s.steps[i].bytes * 1000 / float64(s.width) }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
