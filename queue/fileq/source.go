package fileq

import (
	"hash/crc32"
	"io"
	"sort"

	"github.com/seed-9a1263fe/haul/queue"
)

// kind of a source. The numbers are part of the format.
type kind uint8

const (
	kindList  kind = 1
	kindSpool kind = 2
)

// source is something that jobs are read from: a list, or a file of the spool.
// A job is named by its source and its ordinal there, for ever: when a list is
// edited, what follows the edit gets new ordinals behind the old ones.
//
// All of it is guarded by the queue's lock. What the loader alone uses says so.
type source struct {
	id     uint64
	slot   int // in Queue.sources
	kind   kind
	name   string
	look   look
	blocks []block // by ordinal
	states states
	synced int64 // bytes of a spool file that are known to be on the disk
	freed  bool  // the spool file is removed, and with it the bodies of its jobs
	past   bool  // a spool file of an earlier run that is not part of the last one

	history int64 // done jobs under ordinals that are gone
	voided  int64 // void ordinals that are gone

	// What only this run knows.
	in       io.ReaderAt // nil if this run was not given the list
	format   Format
	size     int64    // bytes that may be read
	final    bool     // no more bytes will come
	recheck  bitset   // done before this run, and to be lent once more
	recheckN int64    // of these, how many are not settled
	lastID   queue.ID // of the entry that was read last; the loader's
	visit    int      // next block of an earlier run to be looked at
	visitEnd int
	indexed  int64 // ordinals below it are in blocks
	checked  int   // next block to be looked at for recheck
}

// tail is where reading goes on: behind the last block that is not gone.
func (s *source) tail() (off, line int64) {
	for i := len(s.blocks) - 1; i >= 0; i-- {
		if b := s.blocks[i]; !b.gone {
			return b.end(), b.line + b.lines
		}
	}
	return s.origin(), 1
}

// origin is the offset of the first entry.
func (s *source) origin() int64 {
	if s.kind == kindSpool {
		return spoolHeader
	}
	return 0
}

// count is how many jobs block i has.
func (s *source) count(i int) int64 { return s.after(i) - s.blocks[i].first }

// after is the ordinal that follows block i.
func (s *source) after(i int) int64 {
	if i+1 < len(s.blocks) {
		return s.blocks[i+1].first
	}
	return s.indexed
}

// find returns the block that holds an ordinal.
func (s *source) find(ordinal int64) int {
	return sort.Search(len(s.blocks), func(i int) bool { return s.blocks[i].first > ordinal }) - 1
}

// live returns the blocks that are not gone.
func (s *source) live() []block {
	var live []block
	for _, b := range s.blocks {
		if !b.gone {
			live = append(live, b)
		}
	}
	return live
}

// addBlock puts a block behind the others, or in the place of the last one if
// it is the same block grown longer.
func (s *source) addBlock(b block, count int64) {
	if s.grows(b) {
		s.blocks = s.blocks[:len(s.blocks)-1]
	}
	s.blocks = append(s.blocks, b)
	s.indexed = b.first + count
	s.states.grow(s.indexed)
}

// grows reports whether b is the last block of a spool, grown longer.
func (s *source) grows(b block) bool {
	i := len(s.blocks) - 1
	return i >= 0 && s.kind == kindSpool && s.blocks[i].first == b.first && s.blocks[i].size <= b.size
}

// extend makes the last block longer by a piece that was read right behind it,
// and reports false if that would be too long. Spools grow by a few jobs at a
// time.
func (s *source) extend(p piece, lim limits) bool {
	i := len(s.blocks) - 1
	if i < 0 || p.raw == nil {
		return false
	}
	last := &s.blocks[i]
	if last.end() != p.off || last.size+p.size > lim.bytes || s.count(i)+int64(len(p.jobs)) > int64(lim.jobs) {
		return false
	}
	last.crc = crc32.Update(last.crc, castagnoli, p.raw)
	last.size += p.size
	s.indexed += int64(len(p.jobs))
	s.states.grow(s.indexed)
	return true
}

// settled reports whether nothing of a spool file can be lent any more in this
// run.
func (s *source) settled() bool {
	off, _ := s.tail()
	return s.kind == kindSpool && s.final && !s.freed && !s.past && off == s.size && s.states.counts[owed] == 0
}

// unsettled is how many bytes of a spool file belong to jobs that may still be
// lent, as far as jobs are of the same length.
func (s *source) unsettled() int64 {
	if s.kind != kindSpool || s.freed || s.past || s.states.n == 0 {
		return 0
	}
	return s.size / s.states.n * min(s.states.counts[owed]+s.recheckN, s.states.n)
}

// checkAgain lends a job that is done once more.
func (s *source) checkAgain(ordinal int64) {
	s.recheck.add(ordinal)
	s.recheckN++
}

// begin makes the source readable in this run, from its beginning.
func (s *source) begin(in io.ReaderAt, f Format, size int64, recheck bool) {
	s.in, s.format, s.size = in, f, size
	s.visitEnd = len(s.blocks)
	if !recheck {
		return
	}
	for i := s.states.next(0, s.states.n, done); i < s.states.n; i = s.states.next(i+1, s.states.n, done) {
		s.checkAgain(i)
	}
}

// free forgets everything of a spool file but what became of its jobs.
func (s *source) free() {
	s.freed, s.final = true, true
	s.blocks, s.recheck, s.recheckN, s.in = nil, nil, 0, nil
}
