package memstore

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/seed-9a1263fe/haul/store"
)

// draft is an object that is not visible. The store's lock guards it.
type draft struct {
	store *Store
	owner store.Owner

	open      bool
	begun     bool // Reset was called, now or before
	key       store.Key
	id        store.Identity
	bytes     content
	written   store.Extents // committed or not
	committed store.Extents
}

// Object is one open draft.
type Object struct {
	d    *draft
	done bool // ended by Publish, Discard or Close; guarded by the store's lock
}

var _ store.Object = (*Object)(nil)

// enter takes the store's lock, which the caller gives back through the
// function returned, whether or not there is an error.
func (o *Object) enter() (leave func(), err error) {
	s := o.d.store
	s.mu.Lock()
	if o.done || s.closed {
		return s.mu.Unlock, store.ErrClosed
	}
	return s.mu.Unlock, nil
}

// Key is the name it will have.
func (o *Object) Key() store.Key {
	o.d.store.mu.Lock()
	defer o.d.store.mu.Unlock()
	return o.d.key
}

// Identity is what the last Reset said.
func (o *Object) Identity() store.Identity {
	o.d.store.mu.Lock()
	defer o.d.store.mu.Unlock()
	return o.d.id
}

// Extents are the ranges that were committed.
func (o *Object) Extents() store.Extents {
	o.d.store.mu.Lock()
	defer o.d.store.mu.Unlock()
	return o.d.committed.Clone()
}

// Rename changes the name that it will have.
func (o *Object) Rename(ctx context.Context, key store.Key) error {
	if err := key.Validate(); err != nil {
		return err
	}
	leave, err := o.enter()
	defer leave()
	if err != nil {
		return err
	}
	d := o.d
	if d.store.claimed(d.owner, key) {
		return fmt.Errorf("%w: %q is on its way to another owner", store.ErrExists, key)
	}
	delete(d.store.claims, d.key)
	d.key = key
	d.store.claims[key] = d
	return nil
}

// Reset gives up every byte.
func (o *Object) Reset(ctx context.Context, id store.Identity) error {
	leave, err := o.enter()
	defer leave()
	if err != nil {
		return err
	}
	if id.Size < store.UnknownSize {
		return fmt.Errorf("memstore: reset %q: size %d", o.d.key, id.Size)
	}
	d := o.d
	d.store.free(&d.bytes)
	d.written, d.committed = store.Extents{}, store.Extents{}
	d.id, d.begun = id, true
	return nil
}

// within reports, as an error, that r is no range of the object's bytes.
func (d *draft) within(r store.Range) error {
	if r.Off < 0 || r.End < r.Off || !d.begun || d.id.Size >= 0 && r.End > d.id.Size {
		return fmt.Errorf("memstore: %q: range %v is outside of the object", d.key, r)
	}
	return nil
}

// WriteAt takes bytes.
func (o *Object) WriteAt(p []byte, off int64) (int, error) {
	leave, err := o.enter()
	defer leave()
	if err != nil {
		return 0, err
	}
	d := o.d
	r := store.Range{Off: off, End: off + int64(len(p))}
	if err := d.within(r); err != nil {
		return 0, err
	}
	if d.vouched(r) {
		return 0, fmt.Errorf("memstore: %q: write to %v, of which some is committed", d.key, r)
	}
	if err := d.store.write(&d.bytes, p, off); err != nil {
		return 0, err
	}
	d.written.Add(r)
	return len(p), nil
}

// vouched reports whether a part of r was committed.
func (d *draft) vouched(r store.Range) bool {
	before := d.committed.Len()
	rest := d.committed.Clone()
	rest.Remove(r)
	return rest.Len() < before
}

// Commit vouches for a range.
func (o *Object) Commit(ctx context.Context, r store.Range) error {
	leave, err := o.enter()
	defer leave()
	if err != nil {
		return err
	}
	d := o.d
	if err := d.within(r); err != nil {
		return err
	}
	if r.Valid() && !d.written.Has(r) {
		return fmt.Errorf("memstore: %q: commit of %v, which was not written: %w", d.key, r, store.ErrIncomplete)
	}
	d.committed.Add(r)
	return nil
}

// Publish makes the object visible.
func (o *Object) Publish(ctx context.Context, want store.Want) (store.Info, error) {
	leave, err := o.enter()
	defer leave()
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return store.Info{}, err
	}
	d := o.d
	size, err := d.size()
	if err != nil {
		return store.Info{}, err
	}
	info := store.Info{State: store.Published, Key: d.key, Identity: d.id, Present: size}
	info.Identity.Size = size
	if err := d.check(&info, want); err != nil {
		return store.Info{}, err
	}
	if !want.Replace && d.store.foreign(d.owner, d.key) {
		return store.Info{}, fmt.Errorf("%w: %q", store.ErrExists, d.key)
	}
	f := &file{info: info, bytes: d.bytes}
	d.store.forget(d)
	d.store.show(f)
	d.store.published[d.owner] = f
	o.done = true
	return info, nil
}

// size is how long the object is, if it is whole.
func (d *draft) size() (int64, error) {
	size := d.id.Size
	if size < 0 {
		size = 0
		for r := range d.written.All() {
			size = r.End
		}
	}
	for r := range d.written.Missing(size) {
		return 0, fmt.Errorf("%w: %q lacks %v", store.ErrIncomplete, d.key, r)
	}
	if !d.begun {
		return 0, fmt.Errorf("%w: %q was not begun", store.ErrIncomplete, d.key)
	}
	return size, nil
}

// check compares the bytes with what is wanted, and fills in their digest.
func (d *draft) check(info *store.Info, want store.Want) error {
	if want.SHA256 {
		h := sha256.New()
		d.bytes.copyTo(h, info.Present)
		info.SHA256 = h.Sum(nil)
	}
	for _, w := range want.Digests {
		h := w.Hash()
		if h == nil {
			return fmt.Errorf("%w: unknown algorithm %q", store.ErrDigest, w.Algorithm)
		}
		d.bytes.copyTo(h, info.Present)
		got := store.Digest{Algorithm: w.Algorithm, Sum: string(h.Sum(nil))}
		if got != w {
			return fmt.Errorf("%w: %q has %v, want %v", store.ErrMismatch, d.key, got, w)
		}
	}
	return nil
}

// Discard forgets the object.
func (o *Object) Discard(ctx context.Context) error {
	leave, err := o.enter()
	defer leave()
	if err != nil {
		return err
	}
	o.done = true
	o.d.store.free(&o.d.bytes)
	o.d.store.forget(o.d)
	return nil
}

// Close keeps what was committed.
func (o *Object) Close() error {
	leave, err := o.enter()
	defer leave()
	if err != nil {
		return nil // ended already, which a second Close may find
	}
	o.done = true
	o.d.open = false
	o.d.written = o.d.committed.Clone()
	if o.d.committed.Count() == 0 {
		o.d.store.free(&o.d.bytes)
		o.d.store.forget(o.d)
	}
	return nil
}
