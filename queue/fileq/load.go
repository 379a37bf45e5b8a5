package fileq

import (
	"errors"
	"fmt"
	"slices"
)

// load reads jobs into memory: those that are overdue, else a block of a source
// that has some. The caller has set reading.
func (q *Queue) load() {
	q.loading.Lock()
	defer q.loading.Unlock()
	q.mu.Lock()
	version, closed := q.version, q.closed
	q.mu.Unlock()
	var found bool
	var err error
	if !closed {
		found, err = q.loadSome()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.reading = false
	if err != nil {
		q.broken = err
	} else if !found && version == q.version {
		q.idle = true
	}
	q.jobs.leave()
}

// loadSome reports whether it found any job.
func (q *Queue) loadSome() (bool, error) {
	if found, err := q.loadOverdue(); found || err != nil {
		return found, err
	}
	if err := errors.Join(q.flushSpool(), q.reconcile()); err != nil {
		return false, err
	}
	for _, next := range []func(*source) (bool, error){q.loadOwed, q.loadDone} {
		for _, s := range q.readable() {
			if found, err := next(s); found || err != nil {
				return found, err
			}
		}
	}
	return false, nil
}

// readable lists the sources that have something to read.
func (q *Queue) readable() []*source {
	q.mu.Lock()
	defer q.mu.Unlock()
	var rs []*source
	for _, s := range q.sources {
		if s.in != nil {
			rs = append(rs, s)
		}
	}
	return rs
}

// reconcile looks through the IDs of all that is known before any of it is
// lent, if a job may be void for the sake of one that this run does not have:
// because a list was cut, or because one is not part of this run.
func (q *Queue) reconcile() error {
	q.mu.Lock()
	need := q.review && q.cfg.Dedupe == Exact && (q.edited || q.missesSource())
	q.review, q.edited = false, false
	q.mu.Unlock()
	if !need {
		return nil
	}
	q.known.mu.Lock()
	defer q.known.mu.Unlock()
	return q.buildKnown()
}

// missesSource reports whether this run was not given what an earlier one was,
// while lists of it have void jobs. mu is held.
func (q *Queue) missesSource() bool {
	// Numbers without a source are those of spool files that were given up.
	misses, voids := q.nextID-1 > uint64(len(q.sources)), false
	for _, s := range q.sources {
		misses = misses || s.past || (s.kind == kindList && s.in == nil)
		voids = voids || (s.in != nil && s.states.counts[void] > s.voided)
	}
	return misses && voids
}

// loadOverdue reads the jobs again that wait for it and stand in one block.
func (q *Queue) loadOverdue() (bool, error) {
	q.mu.Lock()
	if len(q.overdue) == 0 {
		q.mu.Unlock()
		return false, nil
	}
	s := q.sources[q.overdue[0].slot()]
	i := s.find(q.overdue[0].ordinal())
	b, count := s.blocks[i], s.count(i)
	q.mu.Unlock()

	p, err := q.read.again(s.in, s.format, b, count)
	if err != nil {
		return false, q.listError(s, b, err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.overdue = slices.DeleteFunc(q.overdue, func(r ref) bool {
		ours := r.slot() == s.slot && r.ordinal() >= b.first && r.ordinal() < b.first+count
		if ours {
			it := item{s, r.ordinal(), p.jobs[r.ordinal()-b.first]}
			it.job.Attempt = r.attempt()
			q.again = append(q.again, it)
		}
		return ours
	})
	return true, nil
}

// loadOwed reads the next block of a source that has owed jobs: first those of
// earlier runs, then what nobody has read yet.
func (q *Queue) loadOwed(s *source) (bool, error) {
	if b, count, ok := q.nextVisit(s); ok {
		return true, q.loadBlock(s, b, count, owed)
	}
	for {
		q.mu.Lock()
		off, line := s.tail()
		end := s.size
		q.mu.Unlock()
		if off >= end {
			return false, nil
		}
		if found, err := q.loadNew(s, off, end, line); found || err != nil {
			return found, err
		}
	}
}

// nextVisit finds the next block of an earlier run that has something owed.
func (q *Queue) nextVisit(s *source) (block, int64, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for s.visit < s.visitEnd {
		i := s.visit
		s.visit++
		b, end := s.blocks[i], s.after(i)
		if !b.gone && s.states.next(b.first, end, owed) < end {
			return b, end - b.first, true
		}
	}
	return block{}, 0, false
}

// loadBlock reads a block that is known, for its jobs in one state: those that
// are owed, or those that are done and to be looked at again.
func (q *Queue) loadBlock(s *source, b block, count int64, of state) error {
	p, err := q.read.again(s.in, s.format, b, count)
	if err != nil {
		return q.listError(s, b, err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, job := range p.jobs {
		ordinal := b.first + int64(i)
		if s.states.get(ordinal) != of || (of == done && !s.recheck.has(ordinal)) {
			continue
		}
		job.Done = of == done
		s.recheck.remove(ordinal)
		q.ready.push(item{s, ordinal, job})
	}
	return nil
}

// loadDone reads the next block that has jobs to be looked at again.
func (q *Queue) loadDone(s *source) (bool, error) {
	q.mu.Lock()
	for ; s.checked < len(s.blocks); s.checked++ {
		b, end := s.blocks[s.checked], s.after(s.checked)
		if b.gone || !s.recheck.any(b.first, end) {
			continue
		}
		s.checked++
		q.mu.Unlock()
		return true, q.loadBlock(s, b, end-b.first, done)
	}
	q.mu.Unlock()
	return false, nil
}

// errNoID refuses a job that nobody could tell from another.
var errNoID = errors.New("fileq: job without an ID")

// listError says where reading broke off. A spool is our own, so what is wrong
// with it has no line.
func (q *Queue) listError(s *source, b block, err error) error {
	if s.kind == kindSpool {
		return fmt.Errorf("fileq: %s: %w", spoolName(q.dir, s.id), err)
	}
	return &ListError{List: s.name, Line: b.line, Err: err}
}
