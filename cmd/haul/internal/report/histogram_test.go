package report

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func numbers(t *rapid.T) []int64 {
	most := rapid.SampledFrom([]int64{1, 3, 20, 1000, 1 << 30, maxBytes}).Draw(t, "most")
	return rapid.SliceOfN(rapid.Int64Range(0, most), 1, 200).Draw(t, "numbers")
}

func TestHistogramCountsEachNumberOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := numbers(t)
		var h histogram
		for _, n := range all {
			h.add(n)
		}
		bars := h.bars()
		got := h.zeros
		for i, b := range bars {
			got += b.count
			if i > 0 && b.lo != bars[i-1].hi {
				t.Fatalf("a bar begins at %g, the one before ends at %g", b.lo, bars[i-1].hi)
			}
			want := int64(0)
			for _, n := range all {
				if float64(n) >= b.lo && float64(n) < b.hi {
					want++
				}
			}
			if b.count != want {
				t.Fatalf("bar %g to %g has %d, want %d", b.lo, b.hi, b.count, want)
			}
		}
		if got != int64(len(all)) || h.count != got || h.most != slices.Max(all) {
			t.Fatalf("%d numbers up to %d, want %d up to %d", got, h.most, len(all), slices.Max(all))
		}
	})
}

func TestQuantilesAreRightToASixteenth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := numbers(t)
		var h histogram
		for _, n := range all {
			h.add(n)
		}
		q := rapid.Float64Range(0, 1).Draw(t, "q")
		slices.Sort(all)
		want := all[int(q*float64(len(all)-1))]
		got := h.quantile(q)
		if float64(got) < float64(want)*(1-1e-9) || float64(got) > float64(want)*(1+1.0/detail) {
			t.Fatalf("quantile %g is %d, want %d to a sixteenth above", q, got, want)
		}
	})
}

func TestFewMagnitudesAreShownInMoreDetail(t *testing.T) {
	var narrow, wide histogram
	for n := int64(1 << 20); n < 1<<21; n += 1 << 14 {
		narrow.add(n)
	}
	for n := int64(1); n < 1<<40; n *= 2 {
		wide.add(n)
	}
	if got := len(narrow.bars()); got != 4 {
		t.Errorf("one octave has %d bars, want 4", got)
	}
	if got := len(wide.bars()); got != 40 {
		t.Errorf("40 octaves have %d bars, want 40", got)
	}
}
