package diskstore

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"slices"

	"github.com/seed-9a1263fe/haul/store"
	"github.com/seed-9a1263fe/haul/store/journal"
	"github.com/seed-9a1263fe/haul/store/vfs"
)

// Record is what a store knows of one object.
type Record struct {
	store.Info
	Owner store.Owner
	// CRC32C of a published object.
	CRC32C uint32
	// Doubtful objects were published shortly before a power cut and not looked
	// at since; Stat looks before it tells of one.
	Doubtful bool

	published published
}

// View is what a store knew at one moment. It holds files open until Close. Its
// methods may be called by several goroutines.
type View struct {
	fs     vfs.FS
	cal    calendar
	recent map[store.Owner]found
	drafts []Record
	tables tables
}

// View returns what the store knows now.
func (s *Store) View() (*View, error) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, store.ErrClosed
	}
	v, err := newView(s.fs, &s.st)
	// The tables cannot be removed before a checkpoint, which waits for s.mu.
	if err == nil {
		err = v.tables.open()
	}
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return v, nil
}

// inspectTries is how often Inspect begins again when the run that holds the
// store removes files that it was about to read.
const inspectTries = 10

// Inspect returns what the store in fsys knows, and changes nothing. A run may
// hold the store meanwhile. If there is no store the error wraps fs.ErrNotExist.
func Inspect(fsys vfs.FS) (*View, error) {
	known, err := checkFormat(fsys)
	if err == nil && !known {
		err = fmt.Errorf("diskstore: %s: %w", formatFile, fs.ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	for range inspectTries {
		var v *View
		if v, err = inspect(vfs.Frozen(fsys)); err == nil {
			return v, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return nil, err
}

// inspect reads the state once.
func inspect(fsys vfs.FS) (*View, error) {
	st := newState()
	st.tables = &tables{fs: fsys}
	log, err := journal.Open(fsys, store.StateDir, journal.Options{
		Name: logName, Magic: logMagic, MaxRecord: maxRecord, Restore: st.restore, Apply: st.apply,
	})
	if err != nil {
		return nil, fmt.Errorf("diskstore: inspect: %w", err)
	}
	if err := log.Close(); err != nil {
		return nil, fmt.Errorf("diskstore: inspect: %w", err)
	}
	if boot := fsys.BootID(); boot == "" || boot != st.cal.boot {
		st.cal.distrust(false)
	}
	v, err := newView(fsys, &st)
	if err != nil {
		return nil, err
	}
	return v, v.tables.open()
}

// newView copies a state. Its tables are not open yet.
func newView(fsys vfs.FS, st *state) (*View, error) {
	v := &View{fs: fsys, cal: st.cal, recent: make(map[store.Owner]found, st.recent.len()+st.frozen.len())}
	v.cal.spans = slices.Clone(st.cal.spans)
	v.cal.cuts = slices.Clone(st.cal.cuts)
	for _, from := range []*recent{st.frozen, st.recent} { // the later counts
		for owner, e := range from.all() {
			f, err := decodeFound(from.record(e), e.at)
			if err != nil {
				return nil, err
			}
			v.recent[owner] = f
		}
	}
	for _, d := range st.drafts {
		if len(d.done) > 0 {
			v.drafts = append(v.drafts, Record{Owner: d.owner, Info: store.Info{
				State: store.Unfinished, Key: d.key, Identity: d.id, Present: d.done.size(),
			}})
		}
	}
	slices.SortFunc(v.drafts, func(a, b Record) int { return cmp.Compare(a.Key, b.Key) })
	st.tables.mu.RLock()
	defer st.tables.mu.RUnlock()
	v.tables.fs = fsys
	for _, t := range st.tables.list {
		v.tables.list = append(v.tables.list, &table{id: t.id})
	}
	return v, nil
}

// Close releases the files.
func (v *View) Close() error { return v.tables.close() }

// Unfinished yields the objects that some bytes were committed of, in the order
// of keys.
func (v *View) Unfinished() iter.Seq[Record] { return slices.Values(v.drafts) }

// Published yields every object that was published, in no order, as it was
// recorded: whether its file still stands is for Verify to say. After an error
// there is nothing more.
func (v *View) Published(ctx context.Context) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for _, owner := range slices.SortedFunc(maps.Keys(v.recent), func(a, b store.Owner) int { return bytes.Compare(a[:], b[:]) }) {
			if f := v.recent[owner]; f.found && !yield(v.record(owner, f), nil) {
				return
			}
		}
		n := 0
		for r, err := range mergeRows(v.tables.list) {
			if n++; err == nil && n%1024 == 0 {
				err = ctx.Err()
			}
			if err != nil {
				yield(Record{}, err)
				return
			}
			if _, newer := v.recent[r.owner]; newer {
				continue
			}
			f, err := decodeFound(r.record, r.at)
			if err != nil {
				yield(Record{}, err)
				return
			}
			if f.found && !yield(v.record(r.owner, f), nil) {
				return
			}
		}
	}
}

func (v *View) record(owner store.Owner, f found) Record {
	return Record{
		Info: f.info(), Owner: owner, CRC32C: f.crc, Doubtful: v.cal.of(f.at) != believed, published: f.published,
	}
}

// Verify reads a published object's file again and compares it with the record.
// A file that is gone is an error that wraps fs.ErrNotExist; one of another size
// or content, store.ErrMismatch. That somebody touched it does not matter if the
// content is right.
func (v *View) Verify(ctx context.Context, r Record) error {
	f, err := v.fs.OpenFile(string(r.Key), vfs.ReadOnly)
	if err != nil {
		return fmt.Errorf("diskstore: verify %q: %w", r.Key, err)
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return fmt.Errorf("diskstore: verify %q: %w", r.Key, err)
	}
	if size != r.published.size {
		return fmt.Errorf("%w: %q has %d bytes, want %d", store.ErrMismatch, r.Key, size, r.published.size)
	}
	var crc crcHash
	sha := sha256.New()
	to := io.Writer(&crc)
	if r.SHA256 != nil {
		to = io.MultiWriter(&crc, sha)
	}
	if err := readAll(ctx, f, store.Range{End: size}, to, make([]byte, readSize)); err != nil {
		return fmt.Errorf("diskstore: verify %q: %w", r.Key, err)
	}
	if crc.sum != r.CRC32C {
		return fmt.Errorf("%w: %q has crc32c %08x, want %08x", store.ErrMismatch, r.Key, crc.sum, r.CRC32C)
	}
	if got := sha.Sum(nil); r.SHA256 != nil && !bytes.Equal(got, r.SHA256) {
		return fmt.Errorf("%w: %q has sha-256 %x, want %x", store.ErrMismatch, r.Key, got, r.SHA256)
	}
	return nil
}
