package fileq

import (
	"fmt"
	"io"

	"github.com/seed-9a1263fe/haul/queue"
)

// snapshotVersion begins a checkpoint.
const snapshotVersion = 1

// maxSnapshot bounds what is read of a checkpoint: some four thousand million
// jobs.
const maxSnapshot = 1 << 30

// encode writes all of m down. It takes a quarter of a byte for each job, and
// some 20 for each block.
func (m *memory) encode() []byte {
	f := fields(nil).uint(snapshotVersion, int64(m.nextID), m.past)
	f = f.uint(int64(len(m.kinds)))
	for name, n := range m.kinds {
		f = f.string(name).uint(n)
	}
	f = f.uint(int64(len(m.sources)))
	for _, s := range m.sources {
		f = s.encode(f)
	}
	f = f.uint(int64(len(m.failures)))
	for k, fail := range m.failures {
		f = f.uint(int64(k.source), k.ordinal)
		f = append(f, fail.ID[:]...)
		f = f.string(fail.Reason.Kind).string(fail.Reason.Text)
	}
	return f
}

func (s *source) encode(f fields) fields {
	f = appendLook(f.uint(int64(s.id), int64(s.kind)).string(s.name), s.look)
	f = f.uint(s.synced, flag(s.freed), flag(s.past), s.history, s.voided)
	f = f.uint(s.indexed, int64(len(s.blocks)))
	var first int64
	for _, b := range s.blocks {
		f = f.uint(b.first-first, b.off, b.size, b.line, b.lines, int64(b.crc), flag(b.gone))
		first = b.first
	}
	f = f.uint(s.states.n)
	for i := range (s.states.n + 3) / 4 {
		f = append(f, byte(s.states.words[i/8]>>(i%8*8)))
	}
	return f
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// restore reads what encode wrote into an empty memory.
func (m *memory) restore(r io.Reader) error {
	b, err := io.ReadAll(io.LimitReader(r, maxSnapshot+1))
	if err != nil {
		return err
	}
	if len(b) > maxSnapshot {
		return fmt.Errorf("%w: checkpoint of more than %d bytes", errRecord, maxSnapshot)
	}
	in := &scanner{b: b}
	if v := in.uint(maxInt64); in.err == nil && v != snapshotVersion {
		return fmt.Errorf("fileq: checkpoint of version %d; this program reads %d", v, snapshotVersion)
	}
	nextID := uint64(in.uint(maxInt64))
	m.past = in.uint(maxOrdinal)
	for range in.uint(maxKinds + 1) {
		name := in.string(maxKind)
		m.kinds[name] = in.uint(maxInt64)
	}
	for range in.uint(maxSources) {
		s := decodeSource(in)
		if in.err != nil {
			return in.err
		}
		m.add(s)
	}
	m.nextID = max(m.nextID, nextID)
	m.decodeFailures(in)
	if in.err == nil && len(in.b) > 0 {
		in.fail("bytes too many")
	}
	return in.err
}

func (m *memory) decodeFailures(in *scanner) {
	for range in.uint(maxInt64) {
		k := jobKey{uint64(in.uint(maxInt64)), in.uint(maxOrdinal)}
		fail := Failure{ID: in.id(), Reason: queue.Reason{Kind: in.string(maxKind), Text: in.string(maxText)}}
		s := m.byID[k.source]
		if s == nil {
			in.fail("failure of an unknown source")
		}
		if in.err != nil {
			return
		}
		fail.List = s.name
		if len(m.failures) < m.maxFailures {
			m.failures[k] = fail
		}
	}
}

func decodeSource(in *scanner) *source {
	s := &source{id: uint64(in.uint(maxInt64)), kind: kind(in.uint(int64(kindSpool))), name: in.string(maxName), look: in.look()}
	s.synced = in.uint(maxInt64)
	s.freed, s.past = in.uint(1) == 1, in.uint(1) == 1
	s.history, s.voided = in.uint(maxInt64), in.uint(maxInt64)
	s.final = s.freed
	s.indexed = in.uint(maxOrdinal)
	var first int64
	// A block takes seven bytes at least, so that a number beyond what is left
	// is refused before room is made for it.
	n := in.uint(int64(len(in.b)) / 7)
	s.blocks = make([]block, 0, n)
	for range n {
		b := block{first: first + in.uint(maxOrdinal), off: in.uint(maxInt64), size: in.uint(maxInt64), line: in.uint(maxInt64), lines: in.uint(maxInt64), crc: uint32(in.uint(1<<32 - 1)), gone: in.uint(1) == 1}
		if b.first > s.indexed {
			in.fail("block beyond the jobs")
		}
		s.blocks = append(s.blocks, b)
		first = b.first
	}
	s.decodeStates(in)
	return s
}

func (s *source) decodeStates(in *scanner) {
	n := in.uint(int64(len(in.b)) * 4)
	if int64(len(in.b)) < (n+3)/4 || (n < s.indexed && !s.freed) {
		in.fail("states cut short")
		return
	}
	s.states.grow(n)
	for i := range n {
		if to := state(in.b[i/4]>>(i%4*2)) & 3; to != owed {
			s.states.set(i, to)
		}
	}
	in.b = in.b[(n+3)/4:]
}
