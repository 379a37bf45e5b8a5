package fileq

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/store/journal"
)

// Types of record in the journal. FORMAT.md has their bytes.
const (
	recRun     = 1 // a run begins: what had failed is owed
	recSource  = 2 // a source was added, or a list looks different
	recBlock   = 3 // a block was read
	recGone    = 4 // blocks from an ordinal on are gone
	recState   = 5 // a job is done, or owed again
	recFailed  = 6 // a job was dropped
	recSynced  = 7 // so much of a spool file is on the disk
	recFreed   = 8 // a spool file was removed
	recRetired = 9 // a spool file of an earlier run is history
)

const (
	maxName = 4096
	maxKind = 64
	maxText = 512
)

// errRecord is wrapped by every error of a record or checkpoint that makes no
// sense though its checksum is right.
var errRecord = errors.New("fileq: bad record")

func encodeSource(s *source) []byte {
	f := fields(nil).uint(int64(s.id), int64(s.kind)).string(s.name)
	return appendLook(f, s.look)
}

// appendLook writes the modification time as its 64 bits: it may lie before
// 1970.
func appendLook(f fields, k look) fields {
	f = binary.AppendUvarint(f.uint(k.size), uint64(k.modTime))
	return binary.AppendUvarint(f, k.inode)
}

// encodeBlock writes a block with the states that its jobs begin with. Jobs of
// a spool all begin as owed.
func encodeBlock(s *source, b block, count int64) []byte {
	f := fields(nil).uint(int64(s.id), b.first, count, b.off, b.size, b.line, b.lines, int64(b.crc))
	all := s.kind == kindSpool || s.states.next(b.first, b.first+count, done) == b.first+count &&
		s.states.next(b.first, b.first+count, void) == b.first+count
	if all {
		return f.uint(0) // every job is owed
	}
	f = f.uint(1)
	for i := b.first; i < b.first+count; i += 4 {
		var four byte
		for j := range min(4, b.first+count-i) {
			four |= byte(s.states.get(i+j)) << (2 * j)
		}
		f = append(f, four)
	}
	return f
}

func encodeState(s *source, ordinal int64, to state) []byte {
	return fields(nil).uint(int64(s.id), ordinal, int64(to))
}

func encodeSynced(s *source, size, jobs int64) []byte {
	return fields(nil).uint(int64(s.id), size, jobs)
}

func encodeFailed(s *source, ordinal int64, f Failure) []byte {
	b := fields(nil).uint(int64(s.id), ordinal)
	b = append(b, f.ID[:]...)
	return b.string(f.Reason.Kind).string(f.Reason.Text)
}

// apply does to the state what a record says.
func (st *memory) apply(typ uint8, body []byte) error {
	in := &scanner{b: body}
	switch typ {
	case recRun:
		if resume := in.uint(1) == 1; in.err == nil {
			st.beginRun(resume)
		}
	case recSource:
		st.applySource(in)
	case recBlock:
		st.applyBlock(in)
	case recGone:
		if s := st.source(in); s != nil {
			st.cut(s, in.uint(maxOrdinal))
		}
	case recState:
		if s, ordinal := st.job(in); s != nil {
			if to := state(in.uint(int64(void))); in.err == nil {
				st.set(s, ordinal, to)
			}
		}
	case recFailed:
		if s, ordinal := st.job(in); s != nil {
			f := Failure{ID: in.id(), List: s.name, Reason: queue.Reason{Kind: in.string(maxKind), Text: in.string(maxText)}}
			if in.err == nil {
				st.fail(s, ordinal, f)
			}
		}
	case recSynced:
		if s := st.source(in); s != nil {
			s.synced = max(s.synced, in.uint(maxInt64))
			s.states.grow(in.uint(maxSpoolJobs))
		}
	case recFreed:
		if s := st.source(in); s != nil {
			s.free()
		}
	case recRetired:
		if s := st.source(in); s != nil {
			st.applyRetired(in, s)
		}
	default:
		return journal.ErrUnknownRecord
	}
	if in.err == nil && len(in.b) > 0 {
		in.fail("bytes too many")
	}
	return in.err
}

// source reads the number of a source that must be known.
func (st *memory) source(in *scanner) *source {
	id := uint64(in.uint(maxInt64))
	if in.err != nil {
		return nil
	}
	s, ok := st.byID[id]
	if !ok {
		in.fail(fmt.Sprintf("source %d is unknown", id))
	}
	return s
}

// job reads a source and an ordinal. Jobs of a spool may be settled before the
// blocks they are in are recorded, since the spool's file says what they are.
func (st *memory) job(in *scanner) (*source, int64) {
	s := st.source(in)
	ordinal := in.uint(maxOrdinal)
	switch {
	case in.err != nil:
		return nil, 0
	case s.freed:
		in.b = nil // its jobs are settled
		return nil, 0
	case s.kind == kindSpool && ordinal < maxSpoolJobs:
		s.states.grow(ordinal + 1)
	case ordinal >= s.indexed:
		in.fail(fmt.Sprintf("source %d has no job %d", s.id, ordinal))
		return nil, 0
	}
	return s, ordinal
}

func (st *memory) applyRetired(in *scanner, s *source) {
	past := in.uint(maxOrdinal)
	if s.kind != kindSpool {
		in.fail(fmt.Sprintf("source %d is no spool", s.id))
	}
	if in.err == nil {
		st.forget(s, past)
	}
}

func (st *memory) applySource(in *scanner) {
	s := &source{id: uint64(in.uint(maxInt64)), kind: kind(in.uint(255)), name: in.string(maxName)}
	s.look = in.look()
	switch {
	case in.err != nil:
	case s.kind != kindList && s.kind != kindSpool:
		in.fail(fmt.Sprintf("kind of source %d", s.kind))
	case st.byID[s.id] != nil:
		st.byID[s.id].look = s.look
	case len(st.sources) >= maxSources:
		in.fail("too many sources")
	default:
		st.add(s)
	}
}

func (st *memory) applyBlock(in *scanner) {
	s := st.source(in)
	first, count := in.uint(maxOrdinal), in.uint(blockJobs)
	b := block{first: first, off: in.uint(maxInt64), size: in.uint(maxInt64), line: in.uint(maxInt64), lines: in.uint(maxInt64), crc: uint32(in.uint(1<<32 - 1))}
	some := in.uint(1) == 1
	if in.err != nil || s.freed {
		in.b = nil
		return
	}
	if first > s.indexed || (first < s.indexed && !s.grows(b)) || first+count > maxOrdinal {
		in.fail(fmt.Sprintf("block at job %d of source %d, which has %d", first, s.id, s.indexed))
		return
	}
	s.addBlock(b, count)
	if !some {
		return
	}
	if int64(len(in.b)) != (count+3)/4 {
		in.fail("states do not fit the block")
		return
	}
	for i := range count {
		if to := state(in.b[i/4]>>(i%4*2)) & 3; to != owed {
			st.set(s, first+i, to)
		}
	}
	in.b = nil
}
