package fileq

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/seed-9a1263fe/haul/store/vfs"
)

// openSpool makes the jobs of an earlier run's spool file readable. What was
// durable must be there; beyond that, a crash may have left anything, and what
// is not whole was never promised.
func (q *Queue) openSpool(s *source) error {
	name := spoolName(q.dir, s.id)
	f, err := q.fs.OpenFile(name, vfs.ReadWrite)
	if errors.Is(err, fs.ErrNotExist) && s.synced == 0 {
		return q.forgetSpool(s)
	}
	if err != nil {
		return fmt.Errorf("fileq: open spool: %w", err)
	}
	s.in, s.format = f, spoolFormat{} // from here on Close closes it
	if err := q.readSpool(s, f); err != nil {
		return fmt.Errorf("fileq: %s: %w", name, err)
	}
	return nil
}

// forgetSpool frees the source of a file that never reached the disk, or holds
// nothing.
func (q *Queue) forgetSpool(s *source) error {
	s.states.truncate(0)
	s.indexed = 0
	s.free()
	if _, err := q.log.Append(recFreed, fields(nil).uint(int64(s.id))); err != nil {
		return fmt.Errorf("fileq: %w", err)
	}
	return nil
}

// readSpool finds out how far the file is good, and reads the blocks that the
// journal has not.
func (q *Queue) readSpool(s *source, f vfs.File) error {
	size, err := f.Size()
	if err != nil {
		return err
	}
	var head [spoolHeader]byte
	if size < spoolHeader {
		if s.synced > 0 {
			return fmt.Errorf("%d bytes are left of %d", size, s.synced)
		}
		return q.dropBlocks(s, 0)
	}
	if _, err := f.ReadAt(head[:], 0); err != nil {
		return err
	}
	if err := checkSpoolHeader(head[:], s.id); err != nil && s.synced > 0 {
		return err
	} else if err != nil {
		return q.dropBlocks(s, 0)
	}
	good, err := q.goodBlocks(s, f)
	if err != nil {
		return err
	}
	if good < len(s.blocks) {
		if err := q.dropBlocks(s, good); err != nil {
			return err
		}
	}
	off, _ := s.tail()
	end, err := goodEnd(f, off, size)
	if err != nil {
		return err
	}
	if end < s.synced {
		return fmt.Errorf("%w at offset %d, before the %d bytes that were durable", errTornSpool, end, s.synced)
	}
	if end < size {
		q.cfg.Logger.Warn("fileq: spool ends in what a crash left", "file", spoolName(q.dir, s.id), "offset", end, "bytes", size-end)
	}
	return q.indexSpool(s, f, off, end)
}

// goodBlocks counts the blocks whose bytes are there. Those that were durable
// are taken on trust here; they are compared when they are read.
func (q *Queue) goodBlocks(s *source, f vfs.File) (int, error) {
	for i, b := range s.blocks {
		if b.end() <= s.synced {
			continue
		}
		crc, err := q.read.checksum(f, b.off, b.size)
		if err != nil && !errors.Is(err, ErrListShrunk) {
			return 0, err
		}
		if err != nil || crc != b.crc {
			return i, nil
		}
	}
	return len(s.blocks), nil
}

// dropBlocks forgets the blocks from index n on, which a power cut took. The
// journal still has them, so the state is written down before anything else is
// recorded of this file.
func (q *Queue) dropBlocks(s *source, n int) error {
	if n < len(s.blocks) {
		s.indexed = s.blocks[n].first
		s.blocks = s.blocks[:n]
	}
	s.states.truncate(s.indexed)
	s.final = true
	return q.checkpoint()
}

// goodEnd returns where the whole entries end that begin at off.
func goodEnd(f vfs.File, off, size int64) (int64, error) {
	in := bufio.NewReaderSize(io.NewSectionReader(f, off, size-off), blockBytes)
	for {
		e, err := readSpoolEntry(in)
		switch {
		case err == io.EOF || errors.Is(err, errTornSpool):
			return off, nil
		case err != nil:
			return 0, err
		}
		off += e.Size
	}
}

// indexSpool reads the blocks between off and end, and makes the file durable:
// from now on it is as good as it looks.
func (q *Queue) indexSpool(s *source, f vfs.File, off, end int64) error {
	known := s.indexed
	for off < end {
		p, err := q.read.cut(f, spoolFormat{}, off, end, 1)
		if err != nil {
			return err
		}
		ids, err := q.idsOf(s)
		if err == nil && ids != nil {
			err = ids.write(s.indexed, p.jobs)
		}
		if err == nil {
			err = q.growSpool(s, p)
		}
		if err != nil {
			return err
		}
		off += p.size
	}
	s.states.truncate(s.indexed)
	if s.indexed > known {
		if err := q.recordLastBlock(s); err != nil {
			return err
		}
	}
	if s.synced < end {
		if err := f.Sync(); err != nil {
			return err
		}
		s.synced = end
		if _, err := q.log.Append(recSynced, encodeSynced(s, end, s.indexed)); err != nil {
			return err
		}
	}
	s.begin(f, spoolFormat{}, end, q.cfg.Recheck)
	s.final = true
	return nil
}
