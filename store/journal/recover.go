package journal

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"github.com/seed-9a1263fe/haul/store/vfs"
)

// recovery is what Open finds out before the log can go on.
type recovery struct {
	place
	opt      Options
	found    listing
	segments []header // with a header, oldest first
	torn     []uint64 // without
	log      [16]byte
	base     LSN   // of the checkpoint that was restored, 0 for none
	floor    LSN   // of the newest checkpoint, be it bad: the log was durable up to it
	next     LSN   // first record that is not there
	bytes    int64 // replayed
	empty    []uint64
}

// recoverLog restores the newest good checkpoint, applies every record after
// it, and makes the end of the last segment safe to go on from.
func recoverLog(p place, opt Options) (*recovery, error) {
	r := &recovery{place: p, opt: opt, next: 1}
	var err error
	if r.found, err = p.list(); err != nil {
		return nil, err
	}
	if err := r.readHeaders(); err != nil {
		return nil, err
	}
	if len(r.segments) == 0 {
		return r.startNew()
	}
	if err := r.restore(); err != nil {
		return nil, err
	}
	if err := r.replay(); err != nil {
		return nil, err
	}
	return r, nil
}

// startNew gives a new log its identity. A checkpoint with no segment to go on
// with is what is left of an old one.
func (r *recovery) startNew() (*recovery, error) {
	if len(r.found.checkpoints) > 0 {
		file := r.checkpoint(r.found.checkpoints[0])
		return nil, &CorruptError{File: file, Expected: "segments beside it", Found: "none"}
	}
	if _, err := rand.Read(r.log[:]); err != nil {
		return nil, fmt.Errorf("journal: new log: %w", err)
	}
	return r, nil
}

// readHeaders opens every segment for a moment and learns the log's identity.
func (r *recovery) readHeaders() error {
	for _, number := range r.found.segments {
		s, err := r.openSegment(number, vfs.ReadOnly)
		if errors.Is(err, errTorn) {
			r.torn = append(r.torn, number)
			continue
		}
		if err != nil {
			return err
		}
		if err := s.f.Close(); err != nil {
			return fmt.Errorf("journal: close segment: %w", err)
		}
		if len(r.segments) == 0 {
			r.log = s.log
		}
		if err := r.checkOrigin(s); err != nil {
			return err
		}
		r.segments = append(r.segments, s.header)
	}
	return nil
}

// checkOrigin refuses a segment of another kind of log, or of another log.
func (r *recovery) checkOrigin(s *segment) error {
	if s.magic != r.opt.Magic {
		return &CorruptError{s.file, 0, fmt.Sprintf("magic %q", r.opt.Magic), fmt.Sprintf("%q", s.magic)}
	}
	if s.log != r.log {
		return &CorruptError{s.file, 16, fmt.Sprintf("log %x", r.log), fmt.Sprintf("log %x", s.log)}
	}
	return nil
}

// restore gives the owner the newest checkpoint that is good. Without any the
// log must begin with its first record.
func (r *recovery) restore() error {
	var bad error
	for _, lsn := range r.found.checkpoints {
		r.floor = max(r.floor, lsn)
		c, err := r.openCheckpoint(lsn, r.opt.Magic, r.log)
		if _, corrupt := errors.AsType[*CorruptError](err); corrupt {
			r.opt.Logger.Warn("journal: falling back to an older checkpoint", "error", err)
			bad = errors.Join(bad, err)
			continue
		}
		if err != nil {
			return err
		}
		r.base = lsn
		return errors.Join(r.restoreFrom(c), c.f.Close())
	}
	if first := r.segments[0]; first.lsn > 1 {
		return errors.Join(r.gap(first, 1), bad)
	}
	return nil
}

// gap says that records are missing before a segment.
func (r *recovery) gap(h header, want LSN) error {
	return &CorruptError{r.segment(h.number), 32, fmt.Sprintf("record %d", want), fmt.Sprintf("record %d", h.lsn)}
}

func (r *recovery) restoreFrom(c *checkpoint) error {
	if r.opt.Restore == nil {
		return fmt.Errorf("journal: %s: no one to restore it", c.file)
	}
	if err := r.opt.Restore(c.body()); err != nil {
		return fmt.Errorf("journal: restore %s: %w", c.file, err)
	}
	return nil
}

// replay reads the segments that hold records after the checkpoint.
func (r *recovery) replay() error {
	r.next = min(r.segments[0].lsn, r.base+1)
	for i, h := range r.segments {
		last := i == len(r.segments)-1
		if !last && r.segments[i+1].lsn <= r.base+1 {
			r.next = r.segments[i+1].lsn // all of it is in the checkpoint
			continue
		}
		if h.lsn != r.next {
			return r.gap(h, r.next)
		}
		if err := r.replaySegment(h, last); err != nil {
			return err
		}
	}
	if r.next <= r.floor {
		h := r.segments[len(r.segments)-1]
		return &CorruptError{r.segment(h.number), 0, fmt.Sprintf("records up to %d", r.floor), fmt.Sprintf("up to %d", r.next-1)}
	}
	return nil
}

// replaySegment applies what one segment holds. The last one may end in what a
// crash left, which is cut off; all the others were synced before the next one
// was made.
func (r *recovery) replaySegment(h header, last bool) (err error) {
	flag := vfs.ReadOnly
	if last {
		flag = vfs.ReadWrite
	}
	seg, err := r.openSegment(h.number, flag)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, seg.f.Close()) }()
	s := newScanner(seg)
	s.known = r.floor
	for {
		fr, payload, err := s.frame()
		if err == io.EOF {
			break
		}
		if err != nil {
			if err := r.judge(s, err, last); err != nil {
				return err
			}
			break
		}
		if err := r.apply(seg.file, fr, payload); err != nil {
			return err
		}
	}
	r.next = s.next
	if s.off == headerSize {
		r.empty = append(r.empty, h.number)
	}
	if last {
		return s.secure()
	}
	return nil
}

// judge returns nil if what stands at s.off instead of a frame may be the torn
// end of a crash, else why not.
func (r *recovery) judge(s *scanner, bad error, last bool) error {
	corrupt, ok := errors.AsType[*CorruptError](bad)
	if !ok {
		return bad
	}
	if _, ok := errors.AsType[*badPayloadError](bad); ok || !last || s.next <= r.floor {
		return corrupt
	}
	claimed, err := s.claimed()
	if err != nil {
		return err
	}
	if claimed {
		return corrupt
	}
	r.opt.Logger.Warn("journal: cutting off a torn end", "file", s.file, "offset", s.off, "bytes", s.size-s.off, "found", corrupt.Found)
	return nil
}

// apply gives the owner the records of a frame that are not in the checkpoint.
func (r *recovery) apply(file string, fr frame, payload []byte) error {
	r.bytes += frameHeader + int64(len(payload))
	for lsn := fr.lsn; len(payload) > 0; lsn++ {
		typ, body, rest, err := nextRecord(payload)
		if err != nil {
			return err // impossible: the scanner has counted them
		}
		payload = rest
		if lsn <= r.base || typ == markType {
			continue
		}
		err = r.opt.Apply(typ, body)
		if typ >= SkippableType && errors.Is(err, ErrUnknownRecord) {
			continue
		}
		if err != nil {
			return fmt.Errorf("journal: %s: record %d of type %d: %w", file, lsn, typ, err)
		}
	}
	return nil
}

// secure cuts off what follows the last good frame and makes the rest durable.
// A sync alone would not do: an earlier process may have seen one fail, after
// which the system takes pages for clean that never reached the disk. So what
// no mark vouches for is written again, the same bytes over themselves.
func (s *scanner) secure() error {
	if s.off < s.size {
		if err := s.f.Truncate(s.off); err != nil {
			return fmt.Errorf("journal: cut off torn end: %w", err)
		}
	}
	if err := rewrite(s.f, s.unsure, s.off); err != nil {
		return fmt.Errorf("journal: write end again: %w", err)
	}
	if err := s.f.Sync(); err != nil {
		return fmt.Errorf("journal: sync end: %w", err)
	}
	return nil
}

// rewrite writes the bytes of [off,end) over themselves.
func rewrite(f vfs.File, off, end int64) error {
	buf := make([]byte, min(max(end-off, 0), scanWindow))
	for off < end {
		b := buf[:min(int64(len(buf)), end-off)]
		if err := readFull(f, b, off); err != nil {
			return err
		}
		if _, err := f.WriteAt(b, off); err != nil {
			return err
		}
		off += int64(len(b))
	}
	return nil
}
