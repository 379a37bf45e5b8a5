// Package diskstore keeps objects as files in a directory.
//
// An unfinished object is a part file beside the name that it will have; it
// gets that name, by a rename that replaces nothing, once it is whole and
// verified. What is known of objects stands in a log in the state directory
// (store.StateDir), every claim with a checksum; FORMAT.md has the layouts and
// what a crash can leave at each step.
//
// Small objects are the common case. One that arrives in a single write costs
// creating the part file, the write, the close, a share of a group write of the
// log, and the rename.
package diskstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-9a1263fe/haul/store"
	"github.com/seed-9a1263fe/haul/store/journal"
	"github.com/seed-9a1263fe/haul/store/vfs"
)

// Store keeps objects in a directory. It owns the directory's lock and the
// goroutines that sync, write tables and merge them, all until Close.
type Store struct {
	fs      vfs.FS
	cfg     Config
	logger  *slog.Logger
	lock    io.Closer
	log     *journal.Log
	buffers sync.Pool // *[]byte of readSize, for reading objects again
	dirs    dirs      // which directories are known to be durable
	unsaved atomic.Int64
	wakeup  chan struct{} // tells the syncing goroutine that unsaved is large
	full    chan struct{} // tells the goroutine that writes tables to do so
	tables  *tables
	stop    context.CancelFunc
	workers sync.WaitGroup
	reserve reserve

	// snapshot is held while a checkpoint is written. It comes before mu.
	snapshot sync.Mutex

	// mu is held for a step of the state and its record in the log, so that
	// both have the same order. No file is touched under it but the log, when
	// its buffer is full.
	mu      sync.Mutex
	closed  bool
	st      state
	open    map[store.Owner]*Object
	claims  map[store.Key]store.Owner // keys that unfinished objects will have
	spilled sync.Cond                 // a table was written, or could not be
	stuck   bool                      // it could not be
}

var _ store.Store = (*Store)(nil)

// Open opens the store in fsys, or begins it. The caller closes fsys after the
// store. A *LockedError, which wraps store.ErrInUse, says that another run holds
// it; a *FormatError, *journal.VersionError or *journal.CorruptError that it
// cannot be read, and nothing was changed.
func Open(fsys vfs.FS, cfg Config) (*Store, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := fsys.MkdirAll(store.StateDir); err != nil {
		return nil, fmt.Errorf("diskstore: make state directory: %w", spaceError(err))
	}
	held, err := lock(fsys, cfg.LockInfo)
	if err != nil {
		return nil, err
	}
	s, err := open(fsys, cfg)
	if err != nil {
		return nil, errors.Join(err, held.Close())
	}
	s.lock = held
	return s, nil
}

// open opens the store when the lock is held.
func open(fsys vfs.FS, cfg Config) (*Store, error) {
	s := &Store{
		fs:      fsys,
		cfg:     cfg,
		logger:  cfg.Logger,
		buffers: sync.Pool{New: func() any { return new([readSize]byte) }},
		wakeup:  make(chan struct{}, 1),
		full:    make(chan struct{}, 1),
		tables:  &tables{fs: fsys},
		reserve: reserve{fs: fsys},
		st:      newState(),
		open:    make(map[store.Owner]*Object),
		claims:  make(map[store.Key]store.Owner),
	}
	s.st.tables = s.tables
	s.spilled.L = &s.mu
	known, err := checkFormat(fsys)
	if err == nil && !known {
		err = writeFormat(fsys)
	}
	if err != nil {
		return nil, spaceError(err)
	}
	s.reserve.make()
	s.log, err = journal.Open(fsys, store.StateDir, journal.Options{
		Name:      logName,
		Magic:     logMagic,
		MaxRecord: maxRecord,
		Logger:    cfg.Logger,
		Restore:   s.st.restore,
		Apply:     s.st.apply,
	})
	if err != nil {
		return nil, fmt.Errorf("diskstore: %w", spaceError(err))
	}
	if err := s.recover(); err != nil {
		return nil, errors.Join(err, s.log.Close(), s.tables.close())
	}
	s.start()
	return s, nil
}

// start starts the goroutines that end in Close.
func (s *Store) start() {
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.workers.Go(func() { s.housekeeping(ctx) })
	s.workers.Go(func() { s.tabling(ctx) })
	s.mu.Lock()
	defer s.mu.Unlock()
	s.crowded()
}

// spaceError makes the error of a full disk wrap store.ErrNoSpace.
func spaceError(err error) error {
	if errors.Is(err, vfs.ErrNoSpace) && !errors.Is(err, store.ErrNoSpace) {
		return fmt.Errorf("%w: %w", store.ErrNoSpace, err)
	}
	return err
}

// append adds a record to the log. s.mu is held, and the caller makes the
// change that the record tells before letting it go.
func (s *Store) append(typ uint8, w *writer) (journal.LSN, error) {
	lsn, err := s.log.Append(typ, w.b)
	if errors.Is(err, vfs.ErrNoSpace) && s.reserve.release() {
		lsn, err = s.log.Append(typ, w.b)
	}
	if err != nil {
		return 0, fmt.Errorf("diskstore: %w", spaceError(err))
	}
	return lsn, nil
}

// flush makes records survive a kill, and strict also makes them durable.
func (s *Store) flush(ctx context.Context, lsn journal.LSN, strict bool) error {
	put := func() error {
		if strict {
			return s.log.Sync(ctx, lsn)
		}
		return s.log.Flush(lsn)
	}
	err := put()
	if errors.Is(err, vfs.ErrNoSpace) && s.reserve.release() {
		err = put()
	}
	if err != nil {
		return fmt.Errorf("diskstore: %w", spaceError(err))
	}
	return nil
}

// checkKey refuses keys that have no place in this store.
func checkKey(key store.Key) error {
	if err := key.Validate(); err != nil {
		return err
	}
	if len(key) > maxKey {
		return fmt.Errorf("%w: %d bytes, at most %d", store.ErrKey, len(key), maxKey)
	}
	if isPartName(string(key)) {
		return fmt.Errorf("%w: %q is kept for unfinished objects", store.ErrKey, key)
	}
	return nil
}

// Stat tells what is held for an owner. After a power cut, the first Stat of an
// object whose bytes were not synced compares them with their checksum; every
// other Stat reads no bodies.
func (s *Store) Stat(ctx context.Context, owner store.Owner) (store.Info, error) {
	rec, err := s.find(owner)
	if err != nil {
		return store.Info{}, err
	}
	if rec.found {
		ok, err := s.stands(ctx, owner, rec)
		if err != nil {
			return store.Info{}, err
		}
		if ok {
			return rec.info(), nil
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.st.drafts[owner]; d != nil && len(d.done) > 0 {
		return store.Info{State: store.Unfinished, Key: d.key, Identity: d.id, Present: d.done.size()}, nil
	}
	return store.Info{}, store.ErrNotFound
}

// Taken reports whether the key is somebody else's, or will be.
func (s *Store) Taken(ctx context.Context, owner store.Owner, key store.Key) (bool, error) {
	if err := checkKey(key); err != nil {
		return false, err
	}
	s.mu.Lock()
	claimant, claimed := s.claims[key]
	closed := s.closed
	s.mu.Unlock()
	if closed {
		return false, store.ErrClosed
	}
	if claimed && claimant != owner {
		return true, nil
	}
	info, err := s.fs.Stat(string(key))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return s.blocked(key, err)
	case s.mayBeTorn(info):
		return false, nil // Publish compares
	}
	rec, err := s.find(owner)
	if err != nil {
		return false, err
	}
	return !rec.found || rec.key != key || s.compare(rec.published) != unchanged, nil
}

// blocked reports whether a key cannot be had because something that is no
// directory stands on the way to it. cause is what the look at it gave.
func (s *Store) blocked(key store.Key, cause error) (bool, error) {
	for dir := parent(string(key)); dir != "."; dir = parent(dir) {
		if info, err := s.fs.Stat(dir); err == nil {
			if !info.IsDir() {
				return true, nil
			}
			break
		}
	}
	return false, fmt.Errorf("diskstore: look at %q: %w", key, cause)
}

// Open begins the owner's object or goes on with it. It touches no file unless
// there is something to go on with.
func (s *Store) Open(ctx context.Context, owner store.Owner, key store.Key) (store.Object, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	o, err := s.begin(owner, key)
	if err != nil {
		return nil, err
	}
	if o.d == nil {
		return o, nil
	}
	if err := o.resume(ctx); err != nil {
		return nil, errors.Join(err, o.Close())
	}
	return o, nil
}

// begin makes the owner's open object, with its draft if there is one.
func (s *Store) begin(owner store.Owner, key store.Key) (*Object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, store.ErrClosed
	}
	if s.open[owner] != nil {
		return nil, fmt.Errorf("%w: %v", store.ErrBusy, owner)
	}
	o := &Object{s: s, owner: owner, key: key, opened: time.Now()}
	if d := s.st.drafts[owner]; d != nil {
		o.adopt(d)
	} else {
		if err := s.claim(owner, key); err != nil {
			return nil, err
		}
		o.part = partName(owner, key)
	}
	s.open[owner] = o
	return o, nil
}

// claim says that key is on its way to an owner. s.mu is held.
func (s *Store) claim(owner store.Owner, key store.Key) error {
	other, claimed := s.claims[key]
	switch {
	case !claimed || other == owner:
		s.claims[key] = owner
		return nil
	case s.open[other] != nil:
		return fmt.Errorf("%w: %q", store.ErrBusy, key)
	default:
		return fmt.Errorf("%w: %q is on its way to another owner", store.ErrExists, key)
	}
}

// Close makes durable what was committed and published, except with None, and
// releases everything. Objects that are open are closed.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	var objects []*Object
	for _, o := range s.open {
		objects = append(objects, o)
	}
	s.mu.Unlock()
	var errs []error
	for _, o := range objects {
		errs = append(errs, o.Close())
	}
	s.stop()
	s.workers.Wait()
	errs = append(errs, s.finish(), s.log.Close(), s.tables.close(), s.lock.Close())
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("diskstore: close: %w", spaceError(err))
	}
	return nil
}
