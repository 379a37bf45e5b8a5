package diskstore

import (
	"context"
	"errors"
	"time"
)

// housekeeping syncs and writes checkpoints until ctx ends.
func (s *Store) housekeeping(ctx context.Context) {
	tick := time.NewTicker(s.cfg.SyncEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.wakeup:
		}
		if err := s.syncAll(); err != nil {
			s.logger.Error("sync of the output directory failed: what was written lately is owed again", "err", err)
		}
		if s.log.Size() > checkpointAfter {
			if err := s.checkpoint(); err != nil {
				s.logger.Warn("no checkpoint", "err", err)
			}
		}
	}
}

// count counts bytes until the next sync.
func (s *Store) count(n int64) {
	if s.cfg.Durability != Interval || s.unsaved.Add(n) < s.cfg.SyncBytes {
		return
	}
	select {
	case s.wakeup <- struct{}{}:
	default:
	}
}

// syncAll syncs everything, with Interval, and says so in the log. If it fails,
// every claim that it had to cover is void: a later sync would succeed without
// having written anything, so none is trusted for them.
func (s *Store) syncAll() error {
	if s.cfg.Durability != Interval {
		return nil
	}
	s.mu.Lock()
	if s.st.cal.empty && s.st.cal.now == s.st.cal.synced+1 {
		s.mu.Unlock()
		return nil
	}
	s.unsaved.Store(0)
	lsn, err := s.append(recMark, &writer{})
	if err != nil {
		s.mu.Unlock()
		return err
	}
	covered := s.st.cal.mark()
	s.mu.Unlock()
	// The log before the data that it claims is right here: until the record
	// below is there, the claims are in doubt after a power cut.
	if err := s.flush(context.Background(), lsn, false); err != nil {
		return err
	}
	began := time.Now()
	err = s.fs.SyncAll()
	if errors.Is(err, errors.ErrUnsupported) {
		return nil // everything stays in doubt, as with None
	}
	if err != nil {
		return errors.Join(err, s.lose(err))
	}
	s.log.MarkDurable(lsn)
	return s.covered(covered, began)
}

// covered records that a sync went well.
func (s *Store) covered(e epoch, began time.Time) error {
	var w writer
	w.epoch(e)
	w.time(began)
	s.mu.Lock()
	lsn, err := s.append(recSynced, &w)
	if err != nil {
		s.mu.Unlock()
		return err
	}
	s.st.cover(e, began)
	s.mu.Unlock()
	return s.flush(context.Background(), lsn, false)
}

// lose gives up what no sync has covered.
func (s *Store) lose(cause error) error {
	s.mu.Lock()
	lsn, err := s.append(recLost, &writer{})
	s.st.cal.distrust(true)
	objects := make([]*Object, 0, len(s.open))
	for _, o := range s.open {
		objects = append(objects, o)
	}
	s.mu.Unlock()
	for _, o := range objects {
		o.fail(cause)
	}
	if err != nil {
		return err
	}
	return s.flush(context.Background(), lsn, false)
}

// finish makes durable what there is, when nobody else is left.
func (s *Store) finish() error {
	err := s.syncAll()
	s.mu.Lock()
	s.st.cal.clean = err == nil && s.cfg.Durability != None
	s.mu.Unlock()
	return errors.Join(err, s.checkpoint())
}
