package fileq

// ref names a job that is not in memory: the place of its source, its ordinal
// there, and how often it was tried, in 64 bits.
type ref uint64

const (
	attemptBits = 12
	ordinalBits = 38

	maxAttempt = 1<<attemptBits - 1
	maxOrdinal = 1<<ordinalBits - 1
	maxSources = 1 << (64 - attemptBits - ordinalBits)
)

// makeRef packs a ref. Attempts beyond maxAttempt are counted no further.
func makeRef(slot int, ordinal int64, attempt int) ref {
	return ref(uint64(slot)<<(ordinalBits+attemptBits) | uint64(ordinal)<<attemptBits | uint64(min(attempt, maxAttempt)))
}

func (r ref) slot() int      { return int(r >> (ordinalBits + attemptBits)) }
func (r ref) ordinal() int64 { return int64(r >> attemptBits & maxOrdinal) }
func (r ref) attempt() int   { return int(r & maxAttempt) }

// delayed is a job that is owed later: 16 bytes, whatever the job holds.
type delayed struct {
	at  int64 // nanoseconds since the queue was opened
	ref ref
}

// delays is a heap, the first due at index 0.
type delays []delayed

func (d *delays) push(x delayed) {
	*d = append(*d, x)
	h := *d
	for i := len(h) - 1; i > 0; {
		up := (i - 1) / 2
		if h[up].at <= h[i].at {
			break
		}
		h[up], h[i] = h[i], h[up]
		i = up
	}
}

// pop takes the first due off. There must be one.
func (d *delays) pop() delayed {
	h := *d
	first, last := h[0], len(h)-1
	h[0] = h[last]
	h = h[:last]
	*d = h
	for i := 0; ; {
		down := 2*i + 1
		if down >= last {
			return first
		}
		if down+1 < last && h[down+1].at < h[down].at {
			down++
		}
		if h[i].at <= h[down].at {
			return first
		}
		h[i], h[down] = h[down], h[i]
		i = down
	}
}

// forget moves a ref with the sources behind one that is forgotten, which no
// ref names.
func (r ref) forget(slot int) ref {
	if r.slot() > slot {
		r -= 1 << (ordinalBits + attemptBits)
	}
	return r
}

func (d delays) forget(slot int) {
	for i := range d {
		d[i].ref = d[i].ref.forget(slot)
	}
}
