package diskstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/seed-9a1263fe/haul/store"
	"github.com/seed-9a1263fe/haul/store/journal"
	"github.com/seed-9a1263fe/haul/store/vfs"
)

const (
	// writebackStep is how many bytes are written before the system is asked to
	// begin with the disk: a disk that starts at once is done sooner than one
	// that is left to a page cache that fills up.
	writebackStep = 4 << 20
	// readSize is how much is read at a time.
	readSize = 256 << 10
	// maxPieces is how many pieces that were written and not committed are kept
	// apart.
	maxPieces = 1024
)

// WriteAt takes bytes. A full disk leaves the range unwritten and the object
// well; any other failure poisons it.
func (o *Object) WriteAt(p []byte, off int64) (int, error) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	r := store.Range{Off: off, End: off + int64(len(p))}
	if err := o.admit(r); err != nil {
		return 0, err
	}
	if len(p) == 0 {
		return 0, nil
	}
	f, err := o.handle()
	if err != nil {
		return 0, err
	}
	if err := o.unwrite(r); err != nil {
		return 0, err
	}
	if err := writeAll(f, p, off); err != nil {
		return 0, o.writeError(r, err)
	}
	o.took(piece{Range: r, crc: checksum(p), known: true})
	o.sum.add(p, off)
	if from, to := r.Off/writebackStep, r.End/writebackStep; from < to {
		f.Writeback(from*writebackStep, (to-from)*writebackStep)
	}
	return len(p), nil
}

// admit refuses ranges that cannot be written.
func (o *Object) admit(r store.Range) error {
	if err := o.usable(); err != nil {
		return err
	}
	if !o.begun || r.Off < 0 || r.End < r.Off || r.End > maxSize || o.id.Size >= 0 && r.End > o.id.Size {
		return fmt.Errorf("diskstore: %q: range %v is outside of the object", o.key, r)
	}
	return nil
}

// unwrite forgets what was written to a range before it is written again. What
// was vouched for stays as it is.
func (o *Object) unwrite(r store.Range) error {
	o.ledger.Lock()
	defer o.ledger.Unlock()
	if o.kept.Count() > 0 {
		if gaps := uncommitted(&o.kept, r); len(gaps) != 1 || gaps[0] != r {
			return fmt.Errorf("diskstore: %q: write to %v, of which some is committed", o.key, r)
		}
	}
	if n := len(o.written); n > 0 && o.written[n-1].End > r.Off {
		o.written.cut(r)
	}
	return nil
}

// took notes a range that was written.
func (o *Object) took(p piece) {
	o.s.count(p.Len())
	o.ledger.Lock()
	defer o.ledger.Unlock()
	o.written.put(p)
	if len(o.written) > maxPieces {
		o.written.merge(func(a, b piece) bool { return a.known == b.known })
	}
}

// writeAll writes p, and takes a short write without a reason for a failure.
func writeAll(f vfs.File, p []byte, off int64) error {
	n, err := f.WriteAt(p, off)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	return err
}

// writeError says what a failed write means for the object.
func (o *Object) writeError(r store.Range, err error) error {
	if !errors.Is(err, vfs.ErrNoSpace) {
		return o.fail(err)
	}
	free, _ := o.s.fs.Free() // 0 says enough if it cannot be told
	return fmt.Errorf("diskstore: write %d bytes of %q, %d are free: %w", r.Len(), o.part, free, spaceError(err))
}

// Commit vouches for a range.
func (o *Object) Commit(ctx context.Context, r store.Range) error {
	o.mu.RLock()
	defer o.mu.RUnlock()
	if err := o.admit(r); err != nil {
		return err
	}
	claims, err := o.claims(ctx, r)
	if err != nil || len(claims) == 0 {
		return err
	}
	strict := o.s.cfg.Durability == Strict
	if strict {
		if err := o.sync(ctx); err != nil {
			return err
		}
	}
	lsn, err := o.record(claims, strict)
	if err != nil {
		return err
	}
	if err := o.s.flush(ctx, lsn, strict); err != nil {
		return err
	}
	o.ledger.Lock()
	defer o.ledger.Unlock()
	for _, c := range claims {
		o.written.cut(c.Range)
		o.kept.Add(c.Range)
	}
	return nil
}

// claims returns the ranges of r that were written and not committed, with
// their checksums.
func (o *Object) claims(ctx context.Context, r store.Range) (pieces, error) {
	o.ledger.Lock()
	written := slices.Clone(o.written.within(r))
	var claims pieces
	var missing error
	for _, gap := range uncommitted(&o.kept, r) {
		if hole := written.gap(gap); hole.Valid() {
			missing = fmt.Errorf("%w: %q: commit of %v, of which %v was not written", store.ErrIncomplete, o.key, r, hole)
			break
		}
		claims = append(claims, written.clip(gap)...)
	}
	o.ledger.Unlock()
	if missing != nil {
		return nil, missing
	}
	if err := o.sumUnknown(ctx, claims); err != nil {
		return nil, err
	}
	claims.merge(func(a, b piece) bool { return true })
	return claims, nil
}

// uncommitted returns the parts of r that are not in kept.
func uncommitted(kept *store.Extents, r store.Range) []store.Range {
	var gaps []store.Range
	for gap := range kept.Missing(r.End) {
		gap.Off = max(gap.Off, r.Off)
		if gap.Valid() {
			gaps = append(gaps, gap)
		}
	}
	return gaps
}

// sumUnknown reads the pieces again that have no checksum.
func (o *Object) sumUnknown(ctx context.Context, ps pieces) error {
	for i := range ps {
		if ps[i].known {
			continue
		}
		f, err := o.handle()
		if err != nil {
			return err
		}
		crc, err := o.s.sum(ctx, f, ps[i].Range)
		if err != nil {
			return o.unread(ctx, err)
		}
		ps[i].crc, ps[i].known = crc, true
	}
	return nil
}

// unread says what a failed reading means for the object: nothing, if nobody
// waits for it any more.
func (o *Object) unread(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	return o.fail(err)
}

// sync makes durable what was written to the part file, together with others
// who ask at the same time. A failure is never tried again.
func (o *Object) sync(ctx context.Context) error {
	f, err := o.handle()
	if err != nil {
		return err
	}
	err = o.syncs.do(ctx, f.Sync)
	if err != nil && ctx.Err() == nil {
		return o.fail(err)
	}
	return err
}

// record writes the claims to the log, after what they are claims of.
func (o *Object) record(claims pieces, durable bool) (journal.LSN, error) {
	s := o.s
	s.mu.Lock()
	defer s.mu.Unlock()
	d := o.d
	if !d.begun {
		next := *d
		next.id, next.begun = o.id, true
		var w writer
		w.meta(&next)
		if _, err := s.append(recMeta, &w); err != nil {
			return 0, err
		}
		*d = next
	}
	var flags byte
	if durable {
		flags = chunkDurable
	}
	var lsn journal.LSN
	for _, c := range claims {
		var w writer
		w.chunk(o.owner, c, flags)
		var err error
		if lsn, err = s.append(recChunk, &w); err != nil {
			return 0, err
		}
		s.st.chunk(o.owner, c, durable)
	}
	return lsn, nil
}

// sum reads a range and returns its checksum.
func (s *Store) sum(ctx context.Context, f vfs.File, r store.Range) (uint32, error) {
	var h crcHash
	err := s.read(ctx, f, r, &h)
	return h.sum, err
}

// crcHash is a running checksum.
type crcHash struct{ sum uint32 }

func (h *crcHash) Write(p []byte) (int, error) {
	h.sum = update(h.sum, p)
	return len(p), nil
}

// read gives a range of a file to w.
func (s *Store) read(ctx context.Context, f vfs.File, r store.Range, w io.Writer) error {
	buf := s.buffers.Get().(*[readSize]byte)
	defer s.buffers.Put(buf)
	return readAll(ctx, f, r, w, buf[:])
}

// readAll gives a range of a file to w, through a buffer.
func readAll(ctx context.Context, f vfs.File, r store.Range, w io.Writer, buf []byte) error {
	for off := r.Off; off < r.End; {
		if err := ctx.Err(); err != nil {
			return err
		}
		p := buf[:min(int64(len(buf)), r.End-off)]
		n, err := f.ReadAt(p, off)
		if n < len(p) {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		if _, err := w.Write(p); err != nil {
			return err
		}
		off += int64(n)
	}
	return nil
}
