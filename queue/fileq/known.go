package fileq

import (
	"sync"

	"github.com/seed-9a1263fe/haul/queue"
)

// known is which IDs the queue has, for exact duplicate detection. The set is
// built when something is about to be added and not before: a run that goes on
// with what earlier runs have read needs none.
type known struct {
	mu  sync.Mutex
	set *idSet // nil until it is needed
}

// stretch is a run of ordinals of one source whose IDs are known.
type stretch struct {
	src      *source
	ids      *idFile
	from, to int64
	block    int // index, or -1 for a spool
}

// known must be locked. idSet returns the set, built from the IDs of every
// spool and of every list that was added in this run. Lists that are not part
// of this run count for nothing: their jobs will not be lent, so the same job
// elsewhere must be.
func (q *Queue) idSet() (*idSet, error) {
	if q.known.set != nil {
		return q.known.set, nil
	}
	all, err := q.stretches()
	if err != nil {
		return nil, err
	}
	set := newIDSet()
	for _, st := range all {
		if err := q.collect(set, st); err != nil {
			return nil, err
		}
	}
	for _, st := range all {
		if err := q.revive(set, st); err != nil {
			return nil, err
		}
	}
	q.known.set = set
	return set, nil
}

// stretches lists what IDs there are, in the order of sources.
func (q *Queue) stretches() ([]stretch, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var all []stretch
	for _, s := range q.sources {
		if s.kind == kindList && s.in == nil {
			continue
		}
		ids, err := q.idsOf(s)
		if err != nil {
			return nil, err
		}
		if s.kind == kindSpool {
			all = append(all, stretch{s, ids, 0, s.indexed, -1})
			continue
		}
		for i, b := range s.blocks {
			if !b.gone {
				all = append(all, stretch{s, ids, b.first, s.after(i), i})
			}
		}
	}
	return all, nil
}

// collect adds the IDs of all jobs that stand for themselves. One that is owed
// though its ID is there already is a repeat that nobody could see before,
// because the other was not part of the run; it becomes void.
func (q *Queue) collect(set *idSet, st stretch) error {
	var repeats []int64
	err := st.ids.read(st.from, st.to, func(first int64, ids []queue.ID) {
		q.mu.Lock()
		defer q.mu.Unlock()
		for i, id := range ids {
			ordinal := first + int64(i)
			if id.IsZero() || st.stateOf(ordinal) == void {
				continue
			}
			if !set.add(id) && st.block >= st.src.visit && st.stateOf(ordinal) == owed {
				repeats = append(repeats, ordinal)
			}
		}
	})
	if err != nil {
		return err
	}
	return q.turn(st.src, repeats, void)
}

// revive owes the repeats of jobs that are not there any more, because their
// line is gone or their list is not part of this run.
func (q *Queue) revive(set *idSet, st stretch) error {
	var alone []int64
	err := st.ids.read(st.from, st.to, func(first int64, ids []queue.ID) {
		q.mu.Lock()
		defer q.mu.Unlock()
		for i, id := range ids {
			ordinal := first + int64(i)
			if !id.IsZero() && st.block >= st.src.visit && st.stateOf(ordinal) == void && set.add(id) {
				alone = append(alone, ordinal)
			}
		}
	})
	if err != nil {
		return err
	}
	return q.turn(st.src, alone, owed)
}

// stateOf is the state of an ordinal; the jobs of a spool file that was removed
// are done. q.mu is held.
func (st stretch) stateOf(ordinal int64) state {
	if st.src.freed {
		return done
	}
	return st.src.states.get(ordinal)
}

// turn records another state for jobs that nobody has been lent.
func (q *Queue) turn(s *source, ordinals []int64, to state) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, ordinal := range ordinals {
		if _, err := q.log.Append(recState, encodeState(s, ordinal, to)); err != nil {
			return err
		}
		q.set(s, ordinal, to)
	}
	return nil
}

// carried returns the set of IDs that are done under ordinals which are gone, so
// that a line that was moved in its list is not done again.
func (q *Queue) carried(s *source) (*idSet, error) {
	q.mu.Lock()
	var all []stretch
	ids, err := q.idsOf(s)
	if err == nil && ids != nil && s.history > 0 {
		for i, b := range s.blocks {
			if b.gone {
				all = append(all, stretch{s, ids, b.first, s.after(i), i})
			}
		}
	}
	q.mu.Unlock()
	set := newIDSet()
	for _, st := range all {
		err := st.ids.read(st.from, st.to, func(first int64, ids []queue.ID) {
			q.mu.Lock()
			defer q.mu.Unlock()
			for i, id := range ids {
				if !id.IsZero() && st.stateOf(first+int64(i)) == done {
					set.add(id)
				}
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return set, err
}
