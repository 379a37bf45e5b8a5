package diskstore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"slices"
	"time"

	"github.com/seed-9a1263fe/haul/store"
)

// Publish makes the object visible. The order is what keeps a crash from
// showing what is not whole, or forgetting what was shown:
//
//	everything written, size and digest right   else nothing happens
//	strict: the data is synced
//	the record of the publish is in the log     strict: and synced
//	the part file gets its name                 replacing nothing
//	strict: the directory is synced
//
// A run that finds the record and still the part file does the rename, or takes
// the record back.
func (o *Object) Publish(ctx context.Context, want store.Want) (store.Info, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := errors.Join(o.usable(), ctx.Err()); err != nil {
		return store.Info{}, err
	}
	p, err := o.verify(ctx, want)
	if err != nil {
		return store.Info{}, err
	}
	old, err := o.s.find(o.owner)
	if err != nil {
		return store.Info{}, err
	}
	p.over = want.Replace || old.found && old.key == o.key && o.s.compare(old.published) == unchanged
	if err := o.seal(ctx, &p, want); err != nil {
		return store.Info{}, err
	}
	if err := o.show(ctx, &p, old); err != nil {
		return store.Info{}, err
	}
	return p.info(), nil
}

// verify checks that the object is whole and what is wanted, and says what
// there is to record of it.
func (o *Object) verify(ctx context.Context, want store.Want) (published, error) {
	all, size, err := o.whole()
	if err != nil {
		return published{}, err
	}
	p := published{key: o.key, id: o.id, size: size}
	p.id.Size = size
	if o.part != partName(o.owner, o.key) {
		p.part = o.part
	}
	if err := o.sumUnknown(ctx, all); err != nil {
		return published{}, err
	}
	all.merge(func(a, b piece) bool { return true })
	if len(all) > 0 {
		p.crc = all[0].crc
	}
	wanted := slices.ContainsFunc(want.Digests, func(d store.Digest) bool { return d.Algorithm == "sha-256" })
	if want.SHA256 || wanted {
		if p.sha256, err = o.sha256(ctx, size); err != nil {
			return published{}, err
		}
	}
	for _, d := range want.Digests {
		if err := o.digest(ctx, p, d); err != nil {
			return published{}, err
		}
	}
	return p, nil
}

// whole returns the pieces of the object, from zero to its end without a gap.
func (o *Object) whole() (pieces, int64, error) {
	if !o.begun {
		return nil, 0, fmt.Errorf("%w: %q was not begun", store.ErrIncomplete, o.key)
	}
	var all pieces
	if o.d != nil {
		o.s.mu.Lock()
		all = slices.Clone(o.d.done)
		o.s.mu.Unlock()
	}
	for _, p := range o.written {
		all.put(p)
	}
	size := o.id.Size
	if n := len(all); size < 0 {
		size = 0
		if n > 0 {
			size = all[n-1].End
		}
	}
	if gap := all.gap(store.Range{End: size}); gap.Valid() {
		return nil, 0, fmt.Errorf("%w: %q lacks %v", store.ErrIncomplete, o.key, gap)
	}
	return all, size, nil
}

// sha256 returns the digest of the object, reading what was not summed on the
// way.
func (o *Object) sha256(ctx context.Context, size int64) ([]byte, error) {
	h, from := o.sum.take()
	o.sum = nil // it may be in the middle of what is read now
	if err := o.reread(ctx, store.Range{Off: from, End: size}, h); err != nil {
		return nil, err
	}
	return h.Sum(nil), nil
}

// reread sums a range of the part file.
func (o *Object) reread(ctx context.Context, r store.Range, h hash.Hash) error {
	if !r.Valid() {
		return nil
	}
	f, err := o.handle()
	if err != nil {
		return err
	}
	if err := o.s.read(ctx, f, r, h); err != nil {
		return o.unread(ctx, err)
	}
	return nil
}

// digest compares the object with a digest that is wanted. Two of them are known
// already; for others the object is read once more.
func (o *Object) digest(ctx context.Context, p published, want store.Digest) error {
	got := store.Digest{Algorithm: want.Algorithm}
	switch want.Algorithm {
	case "sha-256":
		got.Sum = string(p.sha256)
	case "crc32c":
		got.Sum = string(binary.BigEndian.AppendUint32(nil, p.crc))
	default:
		h := want.Hash()
		if h == nil {
			return fmt.Errorf("%w: unknown algorithm %q", store.ErrDigest, want.Algorithm)
		}
		if err := o.reread(ctx, store.Range{End: p.size}, h); err != nil {
			return err
		}
		got.Sum = string(h.Sum(nil))
	}
	if got != want {
		return fmt.Errorf("%w: %q has %v, want %v", store.ErrMismatch, o.key, got, want)
	}
	return nil
}

// seal gives the part file its last shape and closes it.
func (o *Object) seal(ctx context.Context, p *published, want store.Want) error {
	f, err := o.handle()
	if err != nil {
		return err
	}
	if !o.fresh || o.s.cfg.Allocation == AllocTruncate {
		// An earlier run may have left more behind the end than it vouched for.
		if err := f.Truncate(p.size); err != nil {
			return o.fail(err)
		}
	}
	if o.s.cfg.Durability == Strict {
		if err := o.sync(ctx); err != nil {
			return err
		}
	}
	o.file = nil
	if err := f.Close(); err != nil {
		return o.fail(err)
	}
	p.mtime, p.slack = time.Now(), time.Since(o.opened)
	if o.kept.Count() > 0 {
		p.slack = anyTime // an earlier run may have written last
	}
	if want.ModTime.IsZero() {
		return nil
	}
	p.set = want.ModTime
	if err := o.s.fs.Chtimes(o.part, want.ModTime); err != nil {
		return fmt.Errorf("diskstore: set time of %q: %w", o.part, err)
	}
	return nil
}

// show records the publish and renames the part file.
func (o *Object) show(ctx context.Context, p *published, old found) error {
	s := o.s
	strict := s.cfg.Durability == Strict
	if err := o.intend(ctx, p, strict); err != nil {
		return err
	}
	err := s.rename(o.part, p)
	if errors.Is(err, store.ErrExists) && s.isTornCopy(string(p.key), o.part) {
		p.over = true
		err = s.rename(o.part, p)
	}
	if err != nil {
		s.takeBack(o.owner, old)
		return err
	}
	if strict {
		if err := s.dirs.sync(ctx, s.fs, parent(string(p.key))); err != nil {
			return o.hide(p, err)
		}
	}
	err = s.shown(o.owner, strict)
	o.d = nil
	o.release()
	return err
}

// shown notes that an object was renamed. If a sync of everything began after
// the record of the publish, it may have missed the rename: then the claim is
// made anew, for the next one to cover.
func (s *Store) shown(owner store.Owner, strict bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.st.settle(owner)
	s.crowded()
	record, e, ok := s.st.find(owner)
	if strict || !ok || e.at == s.st.cal.now {
		return nil
	}
	w := writer{}
	w.owner(owner)
	w.byte(0)
	w.b = append(w.b, record...)
	if _, err := s.append(recConfirm, &w); err != nil {
		return err
	}
	s.st.confirm(owner, record, false)
	return nil
}

// intend writes the record of the publish. It is synced if a power cut could
// otherwise bring back claims to a part file whose name is free for other bytes.
func (o *Object) intend(ctx context.Context, p *published, strict bool) error {
	s := o.s
	var flags byte
	if strict {
		flags = chunkDurable
	}
	w := writer{b: make([]byte, 0, 256)}
	w.owner(o.owner)
	w.byte(flags)
	head := len(w.b)
	w.published(*p)
	s.mu.Lock()
	s.awaitRoom()
	lsn, err := s.append(recPublish, &w)
	if err != nil {
		s.mu.Unlock()
		return err
	}
	s.st.publish(o.owner, w.b[head:], strict)
	sync := strict || o.d != nil && s.st.certain(o.d)
	s.mu.Unlock()
	err = s.flush(ctx, lsn, sync)
	if err != nil {
		s.takeBack(o.owner, found{})
	}
	return err
}

// rename gives a part file the name of its object.
func (s *Store) rename(part string, p *published) error {
	move := s.fs.RenameExcl
	if p.over {
		move = s.fs.Rename
	}
	err := move(part, string(p.key))
	if errors.Is(err, fs.ErrNotExist) {
		// The key may have got another directory since the part file was made.
		if err := s.fs.MkdirAll(parent(string(p.key))); err != nil {
			return fmt.Errorf("diskstore: publish %q: %w", p.key, spaceError(err))
		}
		err = move(part, string(p.key))
	}
	if err == nil {
		return nil
	}
	if errors.Is(err, fs.ErrExist) || s.isDir(p.key) {
		return fmt.Errorf("%w: %q", store.ErrExists, p.key)
	}
	return fmt.Errorf("diskstore: publish %q: %w", p.key, spaceError(err))
}

func (s *Store) isDir(key store.Key) bool {
	info, err := s.fs.Stat(string(key))
	return err == nil && info.IsDir()
}

// takeBack records that a publish did not happen. What the owner had published
// before counts again.
func (s *Store) takeBack(owner store.Owner, old found) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := writer{}
	w.owner(owner)
	typ := uint8(recWithdraw)
	if old.found {
		typ = recConfirm
		w.byte(0)
		w.published(old.published)
	}
	if _, err := s.append(typ, &w); err != nil {
		// A run that finds the publish without this finds the part file, too.
		s.logger.Warn("a publish that failed could not be taken back in the log", "err", err)
	}
	s.st.withdraw(owner)
	if old.found {
		s.st.confirm(owner, w.b[len(owner)+1:], false)
	}
}

// hide takes back an object whose name could not be made durable. That sync
// must not be tried again, so the bytes must come again, too.
func (o *Object) hide(p *published, cause error) error {
	o.s.takeBack(o.owner, found{})
	err := o.s.fs.Remove(string(p.key))
	return o.fail(errors.Join(cause, err))
}
