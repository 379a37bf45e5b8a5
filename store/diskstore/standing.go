package diskstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/seed-9a1263fe/haul/store"
	"github.com/seed-9a1263fe/haul/store/vfs"
)

// found is what is known of an owner's published object.
type found struct {
	published
	at    epoch
	found bool
}

// info is what Stat and Publish tell of it.
func (p *published) info() store.Info {
	return store.Info{
		State: store.Published, Key: p.key, Identity: p.id, Present: p.size, SHA256: p.sha256,
	}
}

// find looks for an owner's published object.
func (s *Store) find(owner store.Owner) (found, error) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return found{}, store.ErrClosed
	}
	record, e, ok := s.st.find(owner)
	s.mu.Unlock()
	if ok {
		return decodeFound(record, e.at)
	}
	r, ok, err := s.tables.find(owner)
	if err != nil || !ok {
		return found{}, err
	}
	return decodeFound(r.record, r.at)
}

// decodeFound reads a record. An empty one tells that there is nothing.
func decodeFound(record []byte, at epoch) (found, error) {
	if len(record) == 0 {
		return found{}, nil
	}
	r := reader{b: record}
	f := found{published: r.published(), at: at, found: true}
	return f, r.err
}

// change is what became of a published object's file.
type change uint8

const (
	unchanged change = iota
	absent           // nothing has the key
	resized          // it has another size, and was not changed later on
	touched          // it is something else, or was changed after it was published
)

// clockSlack is what file systems may round times by.
const clockSlack = 2 * time.Second

// compare looks at the file without reading it.
func (s *Store) compare(p published) change {
	c, _ := s.look(p)
	return c
}

func (s *Store) look(p published) (change, time.Time) {
	info, err := s.fs.Stat(string(p.key))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return absent, time.Time{}
	case err != nil || !info.Mode().IsRegular() || !p.changedAt(info.ModTime()):
		return touched, time.Time{}
	case info.Size() != p.size:
		return resized, info.ModTime()
	}
	return unchanged, info.ModTime()
}

// changedAt reports whether t can be when the store wrote the file last.
func (p *published) changedAt(t time.Time) bool {
	if !p.set.IsZero() && t.Sub(p.set).Abs() <= clockSlack {
		return true
	}
	return !t.After(p.mtime.Add(clockSlack)) && !t.Before(p.mtime.Add(-p.slack-clockSlack))
}

// stands reports whether a published object is still what was published. One
// that a power cut may have torn is compared with its checksum, once; if it is
// torn, it is removed, so that nobody takes it for whole.
func (s *Store) stands(ctx context.Context, owner store.Owner, f found) (bool, error) {
	c, mtime := s.look(f.published)
	s.mu.Lock()
	t := s.st.cal.of(f.at)
	if t == believed && s.st.cal.tears(mtime, f.at) {
		t = doubted // another may have come in its place, and its record been lost
	}
	s.mu.Unlock()
	if t == believed || c == absent || c == touched {
		return t == believed && c == unchanged, nil
	}
	if t == doubted && c == unchanged {
		same, err := s.matches(ctx, string(f.key), f.published)
		if err != nil {
			return false, err
		}
		if same {
			return true, s.confirm(owner, f.published)
		}
	}
	s.logger.Warn("a published file was not whole on the disk and is owed again", "key", f.key)
	if err := s.fs.Remove(string(f.key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("diskstore: remove %q, which a crash has torn: %w", f.key, err)
	}
	s.takeBack(owner, found{})
	return false, nil
}

// matches reads a file and compares its size and checksum with the record.
func (s *Store) matches(ctx context.Context, name string, p published) (bool, error) {
	f, err := s.fs.OpenFile(name, vfs.ReadOnly)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("diskstore: verify %q: %w", name, err)
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil || size != p.size {
		return false, err
	}
	sum, err := s.sum(ctx, f, store.Range{End: size})
	if err != nil {
		return false, fmt.Errorf("diskstore: verify %q: %w", name, err)
	}
	return sum == p.crc, nil
}

// confirm records that a published object was looked at and is whole. What was
// read back after the machine was started came from the disk.
func (s *Store) confirm(owner store.Owner, p published) error {
	var w writer
	w.owner(owner)
	w.byte(0)
	w.published(p)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.append(recConfirm, &w); err != nil {
		return err
	}
	s.st.confirm(owner, w.b[len(owner)+1:], false)
	return nil
}
