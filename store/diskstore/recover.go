package diskstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/seed-9a1263fe/haul/store"
)

// recover brings the directory and what the log says of it together, before
// anybody uses the store. After a clean end there is nothing to do.
func (s *Store) recover() error {
	if err := errors.Join(s.tables.open(), s.tables.sweep()); err != nil {
		return err
	}
	if err := s.enter(); err != nil {
		return err
	}
	for owner, e := range s.st.recent.all() {
		if !e.pending {
			continue
		}
		f, err := decodeFound(s.st.recent.record(e), e.at)
		if err != nil {
			return err
		}
		if err := s.settle(owner, f); err != nil {
			return err
		}
	}
	for owner, d := range s.st.drafts {
		if len(d.done) > 0 {
			s.claims[d.key] = owner
			continue
		}
		if err := s.sweep(d); err != nil {
			return err
		}
	}
	return nil
}

// enter records, durably, that this process begins: should a power cut take
// everything else that it writes, the next one still knows that there was
// something to lose.
func (s *Store) enter() error {
	boot, now := s.fs.BootID(), time.Now()
	boot = boot[:min(len(boot), maxBootID)]
	var w writer
	w.string(boot)
	w.time(now)
	lsn, err := s.append(recBoot, &w)
	if err != nil {
		return err
	}
	s.st.cal.start(boot, now)
	return s.flush(context.Background(), lsn, true)
}

// settle finds out whether an object whose publish is in the log was renamed.
// If it was not, that is done now, or the publish is taken back.
func (s *Store) settle(owner store.Owner, f found) error {
	part := f.partOf(owner)
	_, err := s.fs.Stat(part)
	if errors.Is(err, fs.ErrNotExist) {
		return s.settleRenamed(owner, f)
	}
	if err != nil {
		return fmt.Errorf("diskstore: look at %q: %w", part, err)
	}
	ok, err := s.finishRename(owner, part, f)
	if err != nil {
		return err
	}
	if ok {
		s.st.settle(owner)
		return nil
	}
	s.takeBack(owner, found{})
	if d := s.st.drafts[owner]; d == nil || len(d.done) == 0 {
		return s.remove(part)
	}
	return nil // the next run publishes it from what was committed
}

// settleRenamed settles an object whose part file is gone. Where it was to take
// the place of another, a power cut may have lost both the part file and the
// rename, and what stands there may be the other one still.
func (s *Store) settleRenamed(owner store.Owner, f found) error {
	if f.over && s.compare(f.published) == unchanged && !s.holdsWhole(string(f.key), f.published) {
		s.takeBack(owner, found{})
	}
	s.st.settle(owner)
	return nil
}

// finishRename makes good a rename that a crash came before. It does so only with
// bytes that it has compared.
func (s *Store) finishRename(owner store.Owner, part string, f found) (bool, error) {
	if s.st.cal.of(f.at) == lost {
		return false, nil
	}
	d := s.st.drafts[owner]
	if (d == nil || len(d.done) == 0) && s.holdsWhole(part, f.published) {
		err := s.rename(part, &f.published)
		if err == nil || !errors.Is(err, store.ErrExists) {
			return err == nil, err
		}
	}
	// Where a rename is made of a link and a removal, both names may stand.
	if f.over || s.compare(f.published) != unchanged || !s.holdsWhole(string(f.key), f.published) {
		return false, nil
	}
	return true, s.remove(part)
}

// holdsWhole reports whether a file holds a whole object. One that cannot be
// read does not, and keeps nobody from opening the store.
func (s *Store) holdsWhole(name string, p published) bool {
	ok, err := s.matches(context.Background(), name, p)
	if err != nil {
		s.logger.Warn("a file that a crash may have torn cannot be read", "file", name, "err", err)
	}
	return ok
}

// sweep removes the part file of an object that nothing was committed of.
func (s *Store) sweep(d *draft) error {
	if err := s.remove(d.part); err != nil {
		return err
	}
	var w writer
	w.owner(d.owner)
	if _, err := s.append(recDrop, &w); err != nil {
		return err
	}
	delete(s.st.drafts, d.owner)
	return nil
}

func (s *Store) remove(part string) error {
	if err := s.fs.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("diskstore: remove %q: %w", part, err)
	}
	return nil
}

// resume opens the part file of an object that was begun before, and gives up
// the claims to it that do not hold.
func (o *Object) resume(ctx context.Context) error {
	s := o.s
	s.mu.Lock()
	claims := slices.Clone(o.d.done)
	s.mu.Unlock()
	size := int64(0)
	switch f, err := o.handle(); {
	case err == nil:
		if size, err = f.Size(); err != nil {
			return fmt.Errorf("diskstore: open %q: %w", o.part, err)
		}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	kept := claims[:0]
	for _, c := range claims {
		ok, err := o.holds(ctx, c, size)
		if err != nil {
			return err
		}
		if ok {
			kept = append(kept, c)
		}
	}
	if len(kept) == len(o.d.done) {
		return nil
	}
	return o.disown(ctx, kept)
}

// holds reports whether a claim is true. One that was in doubt is made anew.
func (o *Object) holds(ctx context.Context, c piece, size int64) (bool, error) {
	s := o.s
	s.mu.Lock()
	t := s.st.cal.of(c.at)
	s.mu.Unlock()
	if c.End > size || t == lost {
		return false, nil
	}
	if t == believed {
		return true, nil
	}
	f, err := o.handle()
	if err != nil {
		return false, err
	}
	crc, err := s.sum(ctx, f, c.Range)
	if err != nil {
		return false, o.unread(ctx, err)
	}
	if crc != c.crc {
		return false, nil
	}
	_, err = o.record(pieces{c}, false)
	return err == nil, err
}

// disown takes back all claims but those that were found true. That is durable
// before a byte is written: a later run must not take other bytes, in the same
// place, for those that were claimed.
func (o *Object) disown(ctx context.Context, kept pieces) error {
	o.kept = kept.extents()
	s := o.s
	s.mu.Lock()
	next := *o.d
	next.done = nil
	var w writer
	w.meta(&next)
	lsn, err := s.append(recMeta, &w)
	if err == nil {
		*o.d = next
	}
	s.mu.Unlock()
	if err == nil && len(kept) > 0 {
		lsn, err = o.record(kept, false)
	}
	if err != nil {
		return err
	}
	return s.flush(ctx, lsn, true)
}
