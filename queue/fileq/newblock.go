package fileq

import "fmt"

// loadNew reads a block that nobody has read before, and reports whether
// anything in it is owed.
func (q *Queue) loadNew(s *source, off, end, line int64) (bool, error) {
	p, err := q.read.cut(s.in, s.format, off, end, line)
	if err != nil {
		return false, q.listError(s, block{line: line}, err)
	}
	for i := range p.jobs {
		if p.jobs[i].ID.IsZero() {
			return false, q.listError(s, block{line: line}, errNoID)
		}
	}
	begin, err := q.judge(s, p)
	if err != nil {
		return false, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if s.kind == kindSpool {
		err = q.growSpool(s, p)
	} else {
		err = q.addBlock(s, p, begin)
	}
	if err != nil {
		return false, err
	}
	found := false
	first := s.indexed - int64(len(p.jobs))
	for i, job := range p.jobs {
		if ordinal := first + int64(i); s.states.get(ordinal) == owed {
			job.Attempt, job.Done = 0, false
			q.ready.push(item{s, ordinal, job})
			found = true
		}
	}
	return found, nil
}

// judge says in which states the jobs of a new block begin: void for what was
// there before, done for what was done in another place or list. nil
// means that all are owed. What is in a spool was judged when it was put.
func (q *Queue) judge(s *source, p piece) ([]state, error) {
	if s.kind == kindSpool || q.cfg.Dedupe == None {
		return nil, nil
	}
	begin := make([]state, len(p.jobs))
	if q.cfg.Dedupe == Adjacent {
		for i, job := range p.jobs {
			if job.ID == s.lastID {
				begin[i] = void
			}
			s.lastID = job.ID
		}
		return begin, nil
	}
	q.known.mu.Lock()
	defer q.known.mu.Unlock()
	if err := q.buildKnown(); err != nil {
		return nil, err
	}
	for i, job := range p.jobs {
		switch {
		case !q.known.set.add(job.ID):
			begin[i] = void
		case q.known.past.has(job.ID):
			begin[i] = done
		}
	}
	return begin, nil
}

// addBlock records a new block of a list. IDs come first: without its ID a job
// could be taken for a new one, without the job the ID means nothing. mu is
// held.
func (q *Queue) addBlock(s *source, p piece, begin []state) error {
	p.first = s.indexed
	count := int64(len(p.jobs))
	if p.first+count > maxOrdinal {
		return q.listError(s, p.block, fmt.Errorf("more than %d entries", int64(maxOrdinal)))
	}
	ids, err := q.idsOf(s)
	if err == nil && ids != nil {
		err = ids.write(p.first, p.jobs)
	}
	if err != nil {
		return err
	}
	s.addBlock(p.block, count)
	for i, to := range begin {
		if to == owed {
			continue
		}
		q.set(s, p.first+int64(i), to)
		if to == done && q.cfg.Recheck {
			s.checkAgain(p.first + int64(i))
		}
	}
	if _, err := q.log.Append(recBlock, encodeBlock(s, p.block, count)); err != nil {
		return fmt.Errorf("fileq: %w", err)
	}
	return nil
}

// growSpool takes what was read of a spool into its last block, or records that
// and begins another. mu is held.
func (q *Queue) growSpool(s *source, p piece) error {
	if s.extend(p, q.cfg.limits) {
		// What is new in the block may be something to be looked at again.
		s.checked = min(s.checked, len(s.blocks)-1)
		return nil
	}
	if err := q.recordLastBlock(s); err != nil {
		return err
	}
	p.first = s.indexed
	s.addBlock(p.block, int64(len(p.jobs)))
	return nil
}

// recordLastBlock writes down the block of a spool that grows no more. mu is
// held.
func (q *Queue) recordLastBlock(s *source) error {
	i := len(s.blocks) - 1
	if i < 0 {
		return nil
	}
	if _, err := q.log.Append(recBlock, encodeBlock(s, s.blocks[i], s.count(i))); err != nil {
		return fmt.Errorf("fileq: %w", err)
	}
	return nil
}
