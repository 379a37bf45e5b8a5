package fileq

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-9a1263fe/haul/queue"
)

// AddList adds the jobs of a list. It returns as soon as the list is compared
// with what earlier runs saw of it; the list is read while its jobs are lent.
//
// A list with the same name, size, time and inode as in the run before is taken
// for the same. Otherwise its bytes are compared, block by block. What was
// appended is new. From the first change on, the list is read anew, and jobs
// that were done are known by their ID wherever they stand now (with
// Config.Dedupe at Exact; otherwise they are owed, and the store knows them).
// Lines that are gone are not run, and are done still if they come back.
//
// Lists are best added before the first Next. A name that was added in this run
// already is passed over. AddList may be called beside Put and Next.
func (q *Queue) AddList(ctx context.Context, l List) error {
	if err := l.validate(); err != nil {
		return err
	}
	if err := q.beginAdd(); err != nil {
		return err
	}
	defer q.endAdd()
	q.adding.Lock()
	defer q.adding.Unlock()

	q.mu.Lock()
	s := q.list(l.Name)
	added := s != nil && s.in != nil
	q.mu.Unlock()
	if added {
		return nil
	}
	// Nobody else changes a list that is not part of the run.
	var cut int64 = -1
	if s != nil && !(l.look() == s.look && s.look.vouches()) {
		var err error
		if cut, err = compare(ctx, l, s.look, s.live()); ctx.Err() != nil {
			return ctx.Err() // says nothing of the list
		} else if err != nil {
			return &ListError{List: l.Name, Err: err}
		}
	}
	if err := q.attach(l, s, cut); err != nil {
		return err
	}
	return q.knowList(l.Name)
}

// compare returns the ordinal from which on a list must be read anew, or -1. It
// is that of the block before the first one that differs, or before what was
// appended: what follows a block may change its last entry.
func compare(ctx context.Context, l List, was look, blocks []block) (int64, error) {
	r := reader{limits: usualLimits}
	for i, b := range blocks {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		same := b.end() <= l.Size
		if same {
			crc, err := r.checksum(l.Reader, b.off, b.size)
			if err != nil {
				return 0, err
			}
			same = crc == b.crc
		}
		if !same {
			return blocks[max(i-1, 0)].first, nil
		}
	}
	if n := len(blocks); n > 0 && blocks[n-1].end() == was.size && l.Size > was.size {
		return blocks[n-1].first, nil
	}
	return -1, nil
}

// attach makes a list part of the run. s is nil if it was never seen; cut is
// the ordinal from which on it is not what it was, or -1.
func (q *Queue) attach(l List, s *source, cut int64) (err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return queue.ErrClosed
	}
	if s == nil {
		if s, err = q.newSource(kindList, l.Name, l.look()); err != nil {
			return err
		}
	}
	if cut >= 0 {
		if _, err := q.log.Append(recGone, fields(nil).uint(int64(s.id), cut)); err != nil {
			return fmt.Errorf("fileq: %w", err)
		}
		q.cut(s, cut)
		q.edited = true
	}
	if s.look != l.look() {
		s.look = l.look()
		if _, err := q.log.Append(recSource, encodeSource(s)); err != nil {
			return fmt.Errorf("fileq: %w", err)
		}
	}
	s.begin(l.Reader, l.Format, l.Size, q.cfg.Recheck)
	s.final = true
	q.review = true
	q.changed()
	return nil
}

// knowList adds the IDs of a list that came when the set was built already.
func (q *Queue) knowList(name string) error {
	q.known.mu.Lock()
	defer q.known.mu.Unlock()
	if q.known.set == nil {
		return nil
	}
	all, err := q.stretches()
	for _, st := range all {
		if !st.past && st.src.kind == kindList && st.src.name == name {
			err = errors.Join(err, q.collect(q.known.set, st))
		}
	}
	return err
}
