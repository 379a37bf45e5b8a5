// Package memstore keeps objects in memory, for tests and examples.
//
// It is the shortest thing that keeps the promises of package store, so it also
// serves as the reference that others are compared with. What it holds ends with
// the process.
package memstore

import (
	"context"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/seed-9a1263fe/haul/store"
)

// Store keeps objects in memory. One lock guards all of it: it is held for as
// long as bytes are copied or summed, never while anything is waited for.
type Store struct {
	mu        sync.Mutex
	closed    bool
	used      int64 // bytes in blocks, of drafts and of visible objects
	limit     int64 // most bytes in blocks; 0 is without limit
	visible   map[store.Key]*file
	published map[store.Owner]*file
	drafts    map[store.Owner]*draft
	claims    map[store.Key]*draft // the drafts by the key that they will have
}

// file is what stands visible under a key. It never changes.
type file struct {
	info  store.Info
	bytes content
}

var _ store.Store = (*Store)(nil)

// New returns an empty store without a limit.
func New() *Store { return NewLimited(0) }

// NewLimited returns an empty store that holds no more than limit bytes, as a
// disk would; a write beyond fails with store.ErrNoSpace. Room is taken in
// blocks of 64 KiB. A limit of 0 is none.
func NewLimited(limit int64) *Store {
	return &Store{
		limit:     limit,
		visible:   make(map[store.Key]*file),
		published: make(map[store.Owner]*file),
		drafts:    make(map[store.Owner]*draft),
		claims:    make(map[store.Key]*draft),
	}
}

// Stat tells what is held for an owner.
func (s *Store) Stat(ctx context.Context, owner store.Owner) (store.Info, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return store.Info{}, store.ErrClosed
	}
	if f := s.published[owner]; f != nil && s.visible[f.info.Key] == f {
		return f.info, nil
	}
	if d := s.drafts[owner]; d != nil && d.committed.Count() > 0 {
		return store.Info{State: store.Unfinished, Key: d.key, Identity: d.id, Present: d.committed.Len()}, nil
	}
	return store.Info{}, store.ErrNotFound
}

// Taken reports whether the key is somebody else's, or will be.
func (s *Store) Taken(ctx context.Context, owner store.Owner, key store.Key) (bool, error) {
	if err := key.Validate(); err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false, store.ErrClosed
	}
	return s.foreign(owner, key) || s.claimed(owner, key), nil
}

// foreign reports whether what is visible under key is not the owner's.
func (s *Store) foreign(owner store.Owner, key store.Key) bool {
	f := s.visible[key]
	return f != nil && s.published[owner] != f
}

// claimed reports whether key is on its way to somebody else.
func (s *Store) claimed(owner store.Owner, key store.Key) bool {
	d := s.claims[key]
	return d != nil && d.owner != owner
}

// Open begins the owner's object or goes on with it.
func (s *Store) Open(ctx context.Context, owner store.Owner, key store.Key) (store.Object, error) {
	if err := key.Validate(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch d := s.drafts[owner]; {
	case s.closed:
		return nil, store.ErrClosed
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case d != nil && d.open:
		return nil, fmt.Errorf("%w: %v", store.ErrBusy, owner)
	case d != nil:
		d.open = true
		return &Object{d: d}, nil
	case s.claimed(owner, key) && s.claims[key].open:
		return nil, fmt.Errorf("%w: %q", store.ErrBusy, key)
	case s.claimed(owner, key):
		return nil, fmt.Errorf("%w: %q is on its way to another owner", store.ErrExists, key)
	}
	d := &draft{store: s, owner: owner, key: key, open: true}
	s.drafts[owner] = d
	s.claims[key] = d
	return &Object{d: d}, nil
}

// Close ends the store and every object that is open. What is visible can still
// be read with ReadFile.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	clear(s.drafts)
	clear(s.claims)
	return nil
}

// forget takes a draft out of the store.
func (s *Store) forget(d *draft) {
	delete(s.drafts, d.owner)
	delete(s.claims, d.key)
}

// Plant makes data visible under a key as something that no owner published,
// over what stands there.
func (s *Store) Plant(key store.Key, data []byte) error {
	if err := key.Validate(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f := &file{info: store.Info{State: store.Published, Key: key, Present: int64(len(data))}}
	if err := s.write(&f.bytes, data, 0); err != nil {
		return err
	}
	s.show(f)
	return nil
}

// show makes f what stands under its key.
func (s *Store) show(f *file) {
	if old := s.visible[f.info.Key]; old != nil {
		s.free(&old.bytes)
	}
	s.visible[f.info.Key] = f
}

// Remove takes away what is visible under a key, as a user might.
func (s *Store) Remove(key store.Key) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.visible[key]
	if f == nil {
		return fmt.Errorf("memstore: remove %q: %w", key, fs.ErrNotExist)
	}
	s.free(&f.bytes)
	delete(s.visible, key)
	return nil
}

// ReadFile returns a copy of what is visible under a key, or fs.ErrNotExist.
func (s *Store) ReadFile(key store.Key) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.visible[key]
	if f == nil {
		return nil, fmt.Errorf("memstore: read %q: %w", key, fs.ErrNotExist)
	}
	p := make([]byte, f.info.Present)
	f.bytes.readAt(p, 0)
	return p, nil
}

// Keys yields the keys of all that is visible, in order.
func (s *Store) Keys() iter.Seq[store.Key] {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Values(slices.Sorted(maps.Keys(s.visible)))
}
