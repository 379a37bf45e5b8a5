package diskstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sync"
	"time"

	"github.com/seed-9a1263fe/haul/store"
	"github.com/seed-9a1263fe/haul/store/vfs"
)

// maxSize bounds what is believed of an object's size.
const maxSize = 1 << 62

// Object is one open object.
type Object struct {
	s      *Store
	owner  store.Owner
	opened time.Time

	// mu is shared by WriteAt and Commit and taken alone by all others, so the
	// fields below it change only while nobody else is here.
	mu    sync.RWMutex
	ended bool
	key   store.Key
	part  string
	id    store.Identity
	begun bool
	// d is what the log knows of this object, nil while that is nothing. What
	// it points to is guarded by the store's mu.
	d *draft

	syncs group // of the part file, for Strict

	// ledger guards what follows, never for as long as a read or write takes.
	ledger  sync.Mutex
	file    vfs.File // nil until it is needed
	fresh   bool     // the part file holds nothing but what was written here
	written pieces   // and not committed
	kept    store.Extents
	poison  error

	sum *running // of the bytes from zero on; nil if nobody asked for it
}

var _ store.Object = (*Object)(nil)

// adopt goes on with what the log knows. The store's mu is held.
func (o *Object) adopt(d *draft) {
	o.d = d
	o.key, o.part, o.id, o.begun = d.key, d.part, d.id, d.begun
	o.kept = d.done.extents()
}

// Key is the name it will have.
func (o *Object) Key() store.Key {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.key
}

// Identity is what the last Reset said.
func (o *Object) Identity() store.Identity {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.id
}

// Extents are the ranges that were committed.
func (o *Object) Extents() store.Extents {
	o.ledger.Lock()
	defer o.ledger.Unlock()
	return o.kept.Clone()
}

// Rename changes the name that it will have. The part file stays where it is.
func (o *Object) Rename(ctx context.Context, key store.Key) error {
	if err := checkKey(key); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended {
		return store.ErrClosed
	}
	s := o.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if key == o.key {
		return nil
	}
	if other, claimed := s.claims[key]; claimed && other != o.owner {
		return fmt.Errorf("%w: %q is on its way to another owner", store.ErrExists, key)
	}
	if o.d != nil {
		var w writer
		w.begin(o.owner, key)
		if _, err := s.append(recRename, &w); err != nil {
			return err
		}
		o.d.key = key
	} else {
		o.part = partName(o.owner, key)
	}
	delete(s.claims, o.key)
	s.claims[key] = o.owner
	o.key = key
	return nil
}

// Reset gives up every byte. What was committed is given up durably before the
// first byte of the new identity is written, so that no crash makes one of two.
func (o *Object) Reset(ctx context.Context, id store.Identity) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended {
		return store.ErrClosed
	}
	if id.Size < store.UnknownSize || id.Size > maxSize {
		return fmt.Errorf("diskstore: reset %q: size %d", o.key, id.Size)
	}
	if err := o.forget(ctx, &id); err != nil {
		return err
	}
	if err := o.empty(); err != nil {
		return err
	}
	o.id, o.begun = id, true
	o.written, o.kept, o.poison = nil, store.Extents{}, nil
	o.sum = o.s.running()
	return nil
}

// forget makes the log say that nothing is held, if it says otherwise. With an
// identity the object goes on with that one, else it ends.
func (o *Object) forget(ctx context.Context, id *store.Identity) error {
	s := o.s
	s.mu.Lock()
	d := o.d
	if d == nil || id != nil && len(d.done) == 0 {
		if d != nil {
			d.begun = false // the first commit says what it is
		}
		s.mu.Unlock()
		return nil
	}
	var w writer
	typ := uint8(recDrop)
	w.owner(o.owner)
	next := *d
	if id != nil {
		typ = recMeta
		next.id, next.begun, next.done = *id, true, nil
		w = writer{}
		w.meta(&next)
	}
	lsn, err := s.append(typ, &w)
	if err != nil {
		s.mu.Unlock()
		return err
	}
	held := len(d.done) > 0
	if id != nil {
		*d = next
	} else {
		delete(s.st.drafts, o.owner)
		o.d = nil
	}
	s.mu.Unlock()
	if !held {
		return nil // a part file that the log lays no claim to
	}
	return s.flush(ctx, lsn, true)
}

// empty makes the part file hold nothing. One that failed is given up, since
// the system may take its lost pages for written; the next write makes another.
func (o *Object) empty() error {
	if o.poison != nil {
		return o.removePart()
	}
	if o.file == nil || len(o.written) == 0 && o.fresh {
		return nil
	}
	if err := o.file.Truncate(0); err != nil {
		return fmt.Errorf("diskstore: empty %q: %w", o.part, spaceError(err))
	}
	o.fresh = true
	return nil
}

// removePart removes the part file, if there is one.
func (o *Object) removePart() error {
	if o.file != nil {
		o.file.Close() // nothing in it is wanted any more
		o.file = nil
	}
	o.fresh = false
	err := o.s.fs.Remove(o.part)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("diskstore: remove %q: %w", o.part, err)
	}
	return nil
}

// handle returns the part file, which is opened, or made, if need be.
func (o *Object) handle() (vfs.File, error) {
	o.ledger.Lock()
	defer o.ledger.Unlock()
	if o.file != nil {
		return o.file, nil
	}
	if err := o.announce(); err != nil {
		return nil, err
	}
	f, err := o.create()
	if err != nil {
		return nil, fmt.Errorf("diskstore: open %q: %w", o.part, spaceError(err))
	}
	if err := o.allocate(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	o.file = f
	return f, nil
}

// announce says in the log that there will be a part file, so that a later run
// finds it should this one be killed.
func (o *Object) announce() error {
	s := o.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if o.d != nil {
		return nil
	}
	w := writer{b: make([]byte, 0, len(o.owner)+len(o.key)+2)}
	w.begin(o.owner, o.key)
	lsn, err := s.append(recBegin, &w)
	if err != nil {
		return err
	}
	o.d = &draft{owner: o.owner, key: o.key, part: o.part}
	s.st.begin(o.d)
	if _, _, again := s.st.find(o.owner); again {
		// The log may still tell of an earlier object with a part file of this
		// name, and must not take this one for it.
		return s.flush(context.Background(), lsn, true)
	}
	return nil
}

// create opens the part file. Directories are made when they turn out to be
// missing. A part file that nothing is known of was left by a process that is
// dead, since the directory is locked: it is emptied and used.
func (o *Object) create() (vfs.File, error) {
	const fresh = vfs.ReadWrite | vfs.Create | vfs.Excl
	if o.written != nil || o.kept.Count() > 0 {
		return o.s.fs.OpenFile(o.part, vfs.ReadWrite)
	}
	f, err := o.s.fs.OpenFile(o.part, fresh)
	if errors.Is(err, fs.ErrNotExist) {
		if err := o.s.fs.MkdirAll(path.Dir(o.part)); err != nil {
			return nil, err
		}
		f, err = o.s.fs.OpenFile(o.part, fresh)
	}
	if errors.Is(err, fs.ErrExist) {
		f, err = o.s.fs.OpenFile(o.part, vfs.ReadWrite|vfs.Trunc)
	}
	o.fresh = err == nil
	return f, err
}

// allocate makes room for an object whose size is known.
func (o *Object) allocate(f vfs.File) error {
	size := o.id.Size
	if size <= 0 {
		return nil
	}
	var err error
	switch o.s.cfg.Allocation {
	case AllocAuto:
		if size >= allocFrom {
			err = f.Allocate(size)
		}
	case AllocReserve:
		err = f.Allocate(size)
	case AllocTruncate:
		if o.fresh {
			err = f.Truncate(size)
		}
	}
	if err == nil {
		return nil
	}
	err = spaceError(err)
	if free, ferr := o.s.fs.Free(); ferr == nil && errors.Is(err, store.ErrNoSpace) {
		return fmt.Errorf("diskstore: %q needs %d bytes, %d are free: %w", o.key, size, free, err)
	}
	return fmt.Errorf("diskstore: make room for %q, %d bytes: %w", o.key, size, err)
}

// fail poisons the object: what stands in its file is unknown.
func (o *Object) fail(err error) error {
	o.ledger.Lock()
	defer o.ledger.Unlock()
	err = fmt.Errorf("%w: %q: %w", store.ErrPoisoned, o.part, err)
	if o.poison == nil {
		o.poison = err
	}
	return err
}

// usable returns why the object cannot be written or published.
func (o *Object) usable() error {
	if o.ended {
		return store.ErrClosed
	}
	o.ledger.Lock()
	defer o.ledger.Unlock()
	return o.poison
}

// Discard forgets the object and its bytes, and closes it.
func (o *Object) Discard(ctx context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended {
		return store.ErrClosed
	}
	known := o.d != nil
	if err := o.forget(ctx, nil); err != nil {
		return err
	}
	var err error
	if known {
		err = o.removePart()
	}
	o.release()
	return err
}

// Close keeps what was committed and releases the object.
func (o *Object) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended {
		return nil
	}
	if o.d != nil && (o.kept.Count() == 0 || o.poison != nil) {
		err := errors.Join(o.forget(context.Background(), nil), o.removePart())
		o.release()
		return err
	}
	var err error
	if o.file != nil {
		if err = o.file.Close(); err != nil {
			err = fmt.Errorf("diskstore: close %q: %w", o.part, err)
		}
		o.file = nil
	}
	o.release()
	return err
}

// release takes the object out of the store's books. Its key stays claimed as
// long as the log knows of it.
func (o *Object) release() {
	o.ended = true
	s := o.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[o.owner] == o {
		delete(s.open, o.owner)
	}
	if s.st.drafts[o.owner] == nil {
		delete(s.claims, o.key)
	}
}
