package fileq

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/seed-9a1263fe/haul/queue"
)

const (
	// blockBytes and blockJobs end a block, whichever comes first. A job is read
	// again with its whole block, so a block is small; and a list of 100 million
	// lines has some 40,000 of them, so it is not too small.
	blockBytes = 256 << 10
	blockJobs  = 4096

	// maxBuffer bounds what is held of a list at once. An entry that does not
	// fit is read through the list itself.
	maxBuffer = 4 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// block is a stretch of a source with whole entries, so that one job can be
// read again. How many jobs it has follows from the block after it.
type block struct {
	off   int64  // of its first byte
	size  int64  // in bytes
	first int64  // ordinal of its first job
	line  int64  // of its first byte
	lines int64  // that it takes
	crc   uint32 // CRC32C of its bytes
	gone  bool   // a later version of the list does not have it
}

func (b block) end() int64 { return b.off + b.size }

// piece is a block that was read, with its jobs.
type piece struct {
	block
	jobs []queue.Job
	raw  []byte // its bytes, good until the next read; nil if they are too many
}

// limits bound what is read at once.
type limits struct {
	bytes  int64 // of a block
	jobs   int   // of a block, at most blockJobs
	buffer int64
}

var usualLimits = limits{bytes: blockBytes, jobs: blockJobs, buffer: maxBuffer}

// reader reads pieces of one source after the other. Its buffers are used again
// for each, so it belongs to one goroutine at a time.
type reader struct {
	limits
	buf  []byte
	pile []queue.Job
}

// errMisread is for a Format that breaks its promises.
var errMisread = errors.New("entries do not add up to the bytes they were read from")

// cut reads the next block, which begins at off and line, of a source that is
// end bytes long.
func (r *reader) cut(src io.ReaderAt, f Format, off, end, line int64) (piece, error) {
	for want := r.bytes; ; want *= 2 {
		n := min(want, end-off)
		buf, err := r.read(src, off, n)
		if err != nil {
			return piece{}, err
		}
		last := off+n == end
		p, err := r.parse(f, buf, off, line, last)
		switch {
		case err == nil && (last || len(p.jobs) > 0):
			p.raw = buf[:p.size]
			p.crc = crc32.Checksum(p.raw, castagnoli)
			return p, nil
		case last:
			return piece{}, err
		case n >= r.buffer:
			return r.cutLong(src, f, off, end, line)
		}
	}
}

// parse takes the entries off the front of buf. Unless buf ends where the
// source does, its last entry may be cut, and is left for the next block.
func (r *reader) parse(f Format, buf []byte, off, line int64, last bool) (piece, error) {
	p := piece{block: block{off: off, line: line}, jobs: r.pile[:0]}
	var size, lines int64 // of the last entry
	for e, err := range f.Jobs(bytes.NewReader(buf), line) {
		if err != nil {
			if last {
				return p, err
			}
			break // the cut may have caused it
		}
		if e.Size < 0 || e.Lines < 0 || p.size+e.Size > int64(len(buf)) {
			return p, errMisread
		}
		p.jobs = append(p.jobs, e.Job)
		size, lines = e.Size, e.Lines
		p.size += size
		p.lines += lines
		if len(p.jobs) == r.limits.jobs && p.size < int64(len(buf)) {
			r.pile = p.jobs
			return p, nil
		}
	}
	r.pile = p.jobs
	if last {
		p.size = int64(len(buf)) // comments alone belong to nobody
		return p, nil
	}
	if n := len(p.jobs); n > 0 {
		p.jobs = p.jobs[:n-1]
		p.size -= size
		p.lines -= lines
	}
	return p, nil
}

// cutLong reads a block of one entry that does not fit into the buffer.
func (r *reader) cutLong(src io.ReaderAt, f Format, off, end, line int64) (piece, error) {
	p := piece{block: block{off: off, line: line}}
	for e, err := range f.Jobs(io.NewSectionReader(src, off, end-off), line) {
		if err != nil {
			return p, err
		}
		p.jobs = append(r.pile[:0], e.Job)
		p.size, p.lines = e.Size, e.Lines
		break
	}
	if len(p.jobs) == 0 {
		p.size = end - off
	}
	if p.size <= 0 || p.size > end-off {
		return p, errMisread
	}
	var err error
	p.crc, err = r.checksum(src, p.off, p.size)
	return p, err
}

// again reads the jobs of a block that is known. count is how many it has.
func (r *reader) again(src io.ReaderAt, f Format, b block, count int64) (piece, error) {
	var in io.Reader
	if b.size <= r.buffer {
		buf, err := r.read(src, b.off, b.size)
		if err != nil {
			return piece{}, err
		}
		if crc32.Checksum(buf, castagnoli) != b.crc {
			return piece{}, ErrListChanged
		}
		in = bytes.NewReader(buf)
	} else {
		crc, err := r.checksum(src, b.off, b.size)
		if err != nil {
			return piece{}, err
		}
		if crc != b.crc {
			return piece{}, ErrListChanged
		}
		in = io.NewSectionReader(src, b.off, b.size)
	}
	p := piece{block: b, jobs: r.pile[:0]}
	for e, err := range f.Jobs(in, b.line) {
		if err != nil {
			return p, err
		}
		p.jobs = append(p.jobs, e.Job)
	}
	r.pile = p.jobs
	if int64(len(p.jobs)) != count {
		return p, fmt.Errorf("%w: %d jobs where there were %d", errMisread, len(p.jobs), count)
	}
	return p, nil
}

// checksum reads a stretch, a buffer at a time.
func (r *reader) checksum(src io.ReaderAt, off, n int64) (uint32, error) {
	var crc uint32
	for n > 0 {
		buf, err := r.read(src, off, min(n, r.bytes))
		if err != nil {
			return 0, err
		}
		crc = crc32.Update(crc, castagnoli, buf)
		off += int64(len(buf))
		n -= int64(len(buf))
	}
	return crc, nil
}

// read fills the buffer with n bytes, which must be there.
func (r *reader) read(src io.ReaderAt, off, n int64) ([]byte, error) {
	if int64(cap(r.buf)) < n {
		r.buf = make([]byte, n)
	}
	buf := r.buf[:n]
	got, err := src.ReadAt(buf, off)
	if int64(got) == n {
		return buf, nil
	}
	if err == io.EOF || err == nil {
		return nil, ErrListShrunk
	}
	return nil, err
}
