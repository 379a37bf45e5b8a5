package fileq

import "math/bits"

// state says how far a job is. It takes two bits.
type state uint8

const (
	owed   state = iota // to be done, or being done
	done                // acknowledged
	failed              // dropped in this run; the next run owes it again
	void                // nothing to do: its ID stands elsewhere, or its line is gone
)

// perWord is the number of states in a word, and lows has the low bit of each.
const (
	perWord = 32
	lows    = 0x5555555555555555
)

// states holds the states of ordinals 0 to n-1, and counts them. The zero value
// is empty.
type states struct {
	words  []uint64
	n      int64
	counts [4]int64
}

// grow makes room for ordinals below n. New ones are owed.
func (s *states) grow(n int64) {
	if n <= s.n {
		return
	}
	s.counts[owed] += n - s.n
	s.n = n
	if more := (n+perWord-1)/perWord - int64(len(s.words)); more > 0 {
		s.words = append(s.words, make([]uint64, more)...)
	}
}

// truncate forgets the ordinals from n on.
func (s *states) truncate(n int64) {
	if n >= s.n {
		return
	}
	s.replace(n, s.n, done, owed)
	s.replace(n, s.n, failed, owed)
	s.replace(n, s.n, void, owed)
	s.counts[owed] -= s.n - n
	s.n = n
	s.words = s.words[:(n+perWord-1)/perWord]
}

func (s *states) get(i int64) state {
	return state(s.words[i/perWord]>>(i%perWord*2)) & 3
}

func (s *states) set(i int64, to state) {
	s.counts[s.get(i)]--
	s.counts[to]++
	w, shift := &s.words[i/perWord], i%perWord*2
	*w = *w&^(3<<shift) | uint64(to)<<shift
}

// marks has the low bit set of each place in w that holds the state.
func marks(w uint64, of state) uint64 {
	low, high := w, w>>1
	if of&1 == 0 {
		low = ^low
	}
	if of&2 == 0 {
		high = ^high
	}
	return low & high & lows
}

// next returns the first ordinal in [from,to) that has the state, or to.
func (s *states) next(from, to int64, of state) int64 {
	for i := from; i < to; i += perWord - i%perWord {
		m := marks(s.words[i/perWord], of) >> (i % perWord * 2)
		if m != 0 {
			return min(i+int64(bits.TrailingZeros64(m)/2), to)
		}
	}
	return to
}

// replace turns every ordinal in [from,to) that has one state into another.
func (s *states) replace(from, to int64, was, is state) {
	for i := s.next(from, to, was); i < to; i = s.next(i+1, to, was) {
		s.set(i, is)
	}
}

// countOf is how many ordinals in [from,to) have the state.
func (s *states) countOf(from, to int64, of state) int64 {
	var n int64
	for i := s.next(from, to, of); i < to; i = s.next(i+1, to, of) {
		n++
	}
	return n
}

// bitset is a set of ordinals.
type bitset []uint64

func (b *bitset) add(i int64) {
	for int64(len(*b))*64 <= i {
		*b = append(*b, 0)
	}
	(*b)[i/64] |= 1 << (i % 64)
}

func (b bitset) remove(i int64) {
	if i/64 < int64(len(b)) {
		b[i/64] &^= 1 << (i % 64)
	}
}

func (b bitset) has(i int64) bool {
	return i/64 < int64(len(b)) && b[i/64]>>(i%64)&1 != 0
}

// any reports whether the set has an ordinal in [from,to).
func (b bitset) any(from, to int64) bool {
	for i := from; i < min(to, int64(len(b))*64); i += 64 - i%64 {
		w := b[i/64] >> (i % 64)
		if w != 0 && i+int64(bits.TrailingZeros64(w)) < to {
			return true
		}
	}
	return false
}
