package report

import "math/bits"

// histogram counts numbers from 0 to below 2^52, which floats hold exactly, by
// their magnitude: each power of two has detail places, so that a place is never
// wider than a sixteenth of what it holds.
type histogram struct {
	zeros int64
	count int64 // zeros included
	sum   float64
	most  int64
	place [52 * detail]int64
}

const (
	detailBits = 4
	detail     = 1 << detailBits
)

func (h *histogram) add(n int64) {
	h.count++
	h.sum += float64(n)
	h.most = max(h.most, n)
	if n == 0 {
		h.zeros++
		return
	}
	h.place[placeOf(n)]++
}

// placeOf is where n, which is above zero, is counted.
func placeOf(n int64) int {
	octave := bits.Len64(uint64(n)) - 1
	within := uint64(n) << (63 - octave) >> (63 - detailBits) & (detail - 1)
	return octave*detail + int(within)
}

// lowerBound is the smallest number of a place. It may be a fraction in the
// lowest octaves, whose places are more than their numbers.
func lowerBound(place int) float64 {
	return float64(uint64(1)<<(place/detail)) * (1 + float64(place%detail)/detail)
}

// mean is the mean of all numbers, 0 of none.
func (h *histogram) mean() int64 {
	if h.count == 0 {
		return 0
	}
	return int64(h.sum / float64(h.count))
}

// quantile returns a number that about the share q of all numbers is not above,
// to within a sixteenth.
func (h *histogram) quantile(q float64) int64 {
	rank := int64(q*float64(h.count-1)) + 1
	if rank <= h.zeros {
		return 0
	}
	seen := h.zeros
	for i, n := range h.place {
		if seen += n; seen >= rank {
			return min(int64(lowerBound(i+1)-1e-9), h.most)
		}
	}
	return h.most
}

// bar is a part of a histogram that is shown as one: numbers from lo to below hi.
type bar struct {
	lo, hi float64
	count  int64
}

// bars joins places into bars of a whole octave or, when few octaves are in use,
// of a part of one. Zeros are not among them.
func (h *histogram) bars() []bar {
	lo, hi := -1, -1 // the octaves in use
	for i, n := range h.place {
		if n > 0 {
			if lo < 0 {
				lo = i / detail
			}
			hi = i / detail
		}
	}
	if lo < 0 {
		return nil
	}
	per := detail
	for ; per > detail/4 && (hi-lo+1)*detail/per < 12 && lo >= 2; per /= 2 {
	}
	var all []bar
	for i := lo * detail; i < (hi+1)*detail; i += per {
		b := bar{lo: lowerBound(i), hi: lowerBound(i + per)}
		for _, n := range h.place[i : i+per] {
			b.count += n
		}
		all = append(all, b)
	}
	return all
}
