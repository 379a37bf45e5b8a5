package report

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-9a1263fe/haul/downloader"
)

type piece struct{ at, took, bytes int64 }

func pieces(t *rapid.T) []piece {
	base := rapid.Int64Range(946684800000, 7258118400000).Draw(t, "base")
	reach := rapid.SampledFrom([]int64{1, 100, 5000, 10_000_000, 1e12}).Draw(t, "reach")
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) piece {
		return piece{
			at:    base + rapid.Int64Range(-reach, reach).Draw(t, "at"),
			took:  rapid.Int64Range(0, reach).Draw(t, "took"),
			bytes: rapid.Int64Range(0, maxBytes).Draw(t, "bytes"),
		}
	}), 1, 40).Draw(t, "pieces")
}

func lineOf(all []piece) *timeline {
	line := newTimeline()
	for _, p := range all {
		line.add(p.at, p.took, p.bytes, downloader.Complete)
	}
	return line
}

func sums(slots []slot) (bytes float64, files int64) {
	for i := range slots {
		bytes += slots[i].bytes
		files += slots[i].ended()
	}
	return bytes, files
}

func TestTimelineLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := pieces(t)
		line := lineOf(all)
		want, begin, end := 0.0, int64(math.MaxInt64), int64(math.MinInt64)
		for _, p := range all {
			want += float64(p.bytes)
			begin, end = min(begin, p.at), max(end, p.at+max(p.took, 1))
		}
		n := rapid.IntRange(1, 300).Draw(t, "steps")
		s := line.atMost(n)
		if len(s.steps) > n {
			t.Fatalf("%d steps, want at most %d", len(s.steps), n)
		}
		if s.begin > begin || s.begin+int64(len(s.steps))*s.width < end {
			t.Fatalf("steps cover %d to %d, want %d to %d", s.begin, s.begin+int64(len(s.steps))*s.width, begin, end)
		}
		for name, slots := range map[string][]slot{"slots": line.slots, "steps": s.steps} {
			bytes, files := sums(slots)
			if math.Abs(bytes-want) > 1e-6*want || files != int64(len(all)) {
				t.Fatalf("%s hold %g bytes and %d files, want %g and %d", name, bytes, files, want, len(all))
			}
		}
		if line.span() != end-begin || line.busyTime() > line.span() || line.busyTime() < 1 {
			t.Fatalf("span %d of which busy %d, want %d and no more", line.span(), line.busyTime(), end-begin)
		}
	})
}

func TestTimelineIsTheSameInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := pieces(t)
		a, b := lineOf(all), lineOf(rapid.Permutation(all).Draw(t, "order"))
		sa, sb := a.atMost(slotRoom), b.atMost(slotRoom)
		if sa.begin != sb.begin || sa.width != sb.width || len(sa.steps) != len(sb.steps) {
			t.Fatalf("%d steps of %d from %d on, in another order %d steps of %d from %d on",
				len(sa.steps), sa.width, sa.begin, len(sb.steps), sb.width, sb.begin)
		}
		for i := range sa.steps {
			x, y := sa.steps[i], sb.steps[i]
			if math.Abs(x.bytes-y.bytes) > 1e-6*max(x.bytes, 1) || x.files != y.files || x.busy != y.busy {
				t.Fatalf("step %d is %v, in another order %v", i, x, y)
			}
		}
	})
}

func TestPausesBetweenRunsAreNotBusy(t *testing.T) {
	const hour = 3_600_000
	line := lineOf([]piece{{1e12, hour, 1}, {1e12 + 100*hour, hour, 1}})
	if got := line.busyTime(); got < 2*hour || got > 2*hour+4*line.width {
		t.Errorf("busy for %d ms, want %d and at most two slots a run more", got, 2*hour)
	}
}

func TestBytesAreSpreadOverTheTimeOfTheirFile(t *testing.T) {
	line := lineOf([]piece{{1000, 100, 1000}, {1050, 50, 500}})
	s := line.atMost(2)
	if s.width != 50 || s.rate(0) != 10_000 || s.rate(1) != 20_000 {
		t.Errorf("rates %v and %v in steps of %d ms, want 10000 and 20000 in steps of 50", s.rate(0), s.rate(1), s.width)
	}
}
