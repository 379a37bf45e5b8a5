package diskstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-9a1263fe/haul/store"
)

// tabling moves published objects from memory to tables, and keeps the tables
// few, until ctx ends.
func (s *Store) tabling(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.full:
		}
		if err := s.spillAndMerge(ctx); err != nil && ctx.Err() == nil {
			s.logger.Warn("published objects stay in memory", "err", err)
		}
	}
}

// spillAndMerge does what is due.
func (s *Store) spillAndMerge(ctx context.Context) error {
	if err := s.spill(); err != nil {
		return err
	}
	for {
		run, oldest := s.tables.due(int64(s.cfg.Recent))
		if len(run) == 0 {
			return nil
		}
		err := s.tables.merge(run, oldest, func() error { return errors.Join(ctx.Err(), s.spill()) })
		if err == nil {
			err = s.checkpoint()
		}
		if err != nil {
			return err
		}
	}
}

// spill writes a table if enough was published for one.
func (s *Store) spill() error {
	if !s.freeze() {
		return nil
	}
	t, err := s.writeTable(s.st.frozen)
	s.mu.Lock()
	if s.stuck = err != nil; err == nil {
		s.tables.add(t)
		s.st.frozen = nil
	}
	s.spilled.Broadcast()
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return s.checkpoint()
}

// freeze puts what was published lately aside, to be written to a table. What
// is still being renamed stays. It reports whether there is something aside.
// Only one goroutine calls it.
func (s *Store) freeze() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.st.frozen != nil {
		return true // which could not be written before
	}
	if s.st.recent.len() < s.cfg.Recent {
		return false
	}
	old := s.st.recent
	s.st.recent = newRecent()
	for owner, e := range old.all() {
		if e.pending {
			s.st.recent.put(owner, old.record(e), e.at, true)
			delete(old.entries, owner)
		}
	}
	if old.len() == 0 {
		return false
	}
	s.st.frozen = old
	return true
}

// writeTable writes a table of what is frozen, which nobody changes.
func (s *Store) writeTable(r *recent) (*table, error) {
	owners := make([]store.Owner, 0, r.len())
	for owner := range r.all() {
		owners = append(owners, owner)
	}
	slices.SortFunc(owners, func(a, b store.Owner) int { return bytes.Compare(a[:], b[:]) })
	w, err := s.tables.begin(int64(len(owners)))
	if err != nil {
		return nil, err
	}
	for _, owner := range owners {
		e := r.entries[owner]
		record, err := forTable(r.record(e), e.at)
		if err == nil {
			err = w.add(row{owner, e.at, record})
		}
		if err != nil {
			return nil, errors.Join(err, w.abort(s.fs))
		}
	}
	return w.finish(s.fs)
}

// forTable makes a record fit in a block. What is only of use until the rename
// is left out of one that is too long.
func forTable(record []byte, at epoch) ([]byte, error) {
	if len(record) <= maxInTable {
		return record, nil
	}
	f, err := decodeFound(record, at)
	if err != nil {
		return nil, err
	}
	f.part = ""
	var w writer
	w.published(f.published)
	if len(w.b) > maxInTable {
		return nil, fmt.Errorf("%w: %d bytes", errRecord, len(w.b))
	}
	return w.b, nil
}

// awaitRoom waits while twice as many objects are in memory as there should be
// and tables can be written. s.mu is held.
func (s *Store) awaitRoom() {
	for !s.stuck && s.st.recent.len()+s.st.frozen.len() >= 2*s.cfg.Recent {
		s.spilled.Wait()
	}
}

// crowded wakes the goroutine that writes tables if it has something to do.
// s.mu is held.
func (s *Store) crowded() {
	if s.st.recent.len() < s.cfg.Recent {
		return
	}
	select {
	case s.full <- struct{}{}:
	default:
	}
}
