package fileq

import (
	"errors"
	"sync"

	"github.com/seed-9a1263fe/haul/queue"
)

// known is which IDs the queue has, for exact duplicate detection. The sets are
// built when something is about to be added and not before: a run that goes on
// with what earlier runs have read needs none.
type known struct {
	mu    sync.Mutex
	built bool
	set   *idSet // what this run has; nil unless duplicates are found exactly
	// past is what was done and is not part of this run: what earlier runs were
	// given by Put, lines that are gone, and lists that were not added.
	past *idSet
}

// stretch is a run of ordinals of one source whose IDs are known.
type stretch struct {
	src      *source
	ids      *idFile
	from, to int64
	block    int  // index, or -1 for a spool
	past     bool // not part of this run
}

// buildKnown makes sure that there are sets, from the IDs of every spool and
// every list, and that what earlier Puts left is history. known must be locked.
func (q *Queue) buildKnown() error {
	if q.known.built {
		return nil
	}
	if q.cfg.Dedupe != Exact {
		err := q.forgetPast(q.pastSpools(), q.past)
		q.known.built = err == nil
		return err
	}
	set, past := newIDSet(), newIDSet()
	if err := q.retire(past); err != nil {
		return err
	}
	all, err := q.stretches()
	if err != nil {
		return err
	}
	for _, st := range all {
		if st.past {
			err = q.collectPast(past, st)
		} else {
			err = q.collect(set, st)
		}
		if err != nil {
			return err
		}
	}
	for _, st := range all {
		if st.past {
			continue
		}
		if err := q.revive(set, past, st); err != nil {
			return err
		}
	}
	q.known.set, q.known.past, q.known.built = set, past, true
	return nil
}

// stretches lists what IDs there are, in the order of sources.
func (q *Queue) stretches() ([]stretch, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var all []stretch
	for _, s := range q.sources {
		ids, err := q.idsOf(s)
		if err != nil {
			return nil, err
		}
		if s.kind == kindSpool {
			all = append(all, stretch{s, ids, 0, s.indexed, -1, false})
			continue
		}
		for i, b := range s.blocks {
			all = append(all, stretch{s, ids, b.first, s.after(i), i, b.gone || s.in == nil})
		}
	}
	return all, nil
}

// collect adds the IDs of all jobs that stand for themselves. One that is owed
// though its ID is there already is a repeat that nobody could see before,
// because the other was not part of the run; it becomes void. One that is done
// needs to be looked at again only in the other place.
func (q *Queue) collect(set *idSet, st stretch) error {
	var repeats []int64
	err := q.eachID(st, func(ordinal int64, id queue.ID, is state) {
		if is == void || set.add(id) {
			return
		}
		if is == owed && st.block >= st.src.visit {
			repeats = append(repeats, ordinal)
		}
		if is == done && st.src.recheck.has(ordinal) {
			st.src.recheck.remove(ordinal)
			st.src.recheckN--
		}
	})
	if err != nil {
		return err
	}
	return q.turn(st.src, repeats, void)
}

// collectPast adds the IDs of what is done.
func (q *Queue) collectPast(past *idSet, st stretch) error {
	return q.eachID(st, func(_ int64, id queue.ID, is state) {
		if is == done {
			past.add(id)
		}
	})
}

// revive lets repeats stand for themselves whose other is not there any more,
// because its line is gone or its list is not part of this run.
func (q *Queue) revive(set, past *idSet, st stretch) error {
	alone := make(map[state][]int64)
	err := q.eachID(st, func(ordinal int64, id queue.ID, is state) {
		if is != void || st.block < st.src.visit || !set.add(id) {
			return
		}
		to := owed
		if past.has(id) {
			to = done
		}
		alone[to] = append(alone[to], ordinal)
	})
	if err != nil {
		return err
	}
	return errors.Join(q.turn(st.src, alone[owed], owed), q.turn(st.src, alone[done], done))
}

// eachID calls do with the jobs of a stretch whose IDs are there, with the
// queue's lock held.
func (q *Queue) eachID(st stretch, do func(ordinal int64, id queue.ID, is state)) error {
	return st.ids.read(st.from, st.to, func(first int64, ids []queue.ID) {
		q.mu.Lock()
		defer q.mu.Unlock()
		for i, id := range ids {
			if ordinal := first + int64(i); !id.IsZero() {
				do(ordinal, id, st.src.states.get(ordinal))
			}
		}
	})
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
