package journal

import (
	"errors"
	"fmt"
	"io"
)

// Append adds a record and returns its number. It copies the body. The record
// is nowhere but in this process until a Flush or Sync, unless the buffer is
// full: then Append writes it out or waits until another has.
//
// An error means that the record was not taken. ErrRecord is for a record that
// no log takes, an error that wraps vfs.ErrNoSpace for a full disk, after which
// Append may be tried again.
func (l *Log) Append(typ uint8, body []byte) (LSN, error) {
	if typ == 0 || typ == markType {
		return 0, fmt.Errorf("%w: type %d is reserved", ErrRecord, typ)
	}
	if len(body) > l.opt.MaxRecord {
		return 0, fmt.Errorf("%w: %d bytes, at most %d", ErrRecord, len(body), l.opt.MaxRecord)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.err == nil && !l.closed && !l.fits(len(body)) {
		if err := l.flush(l.last); err != nil {
			return 0, err
		}
	}
	if l.closed {
		return 0, ErrClosed
	}
	if l.err != nil {
		return 0, l.err
	}
	return l.append(typ, body), nil
}

// fits reports whether pending takes a body of n bytes. An empty one takes any.
func (l *Log) fits(n int) bool {
	return len(l.pending) == 0 || len(l.pending)+recordOverhead+n <= frameHeader+bufferSize
}

func (l *Log) append(typ uint8, body []byte) LSN {
	if len(l.pending) == 0 {
		l.pending = append(l.pending, make([]byte, frameHeader)...)
	}
	l.pending = appendRecord(l.pending, typ, body)
	l.last++
	return l.last
}

// Flush hands every record up to upTo to the system, which keeps it when this
// process is killed. Callers at the same moment share one write.
//
// After an error the record stays in the buffer, and the next Flush, Sync or
// full buffer tries to write it again: it may yet be there. What Flush returned
// nil for before is not touched by a later failure.
func (l *Log) Flush(upTo LSN) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.flush(upTo)
}

// flush is Flush with l.mu held. Whoever finds nobody writing leads.
func (l *Log) flush(upTo LSN) error {
	upTo = min(upTo, l.last)
	failures := l.failures
	for l.written < upTo {
		switch {
		case l.err != nil:
			return l.err
		case l.failures != failures:
			return l.failure
		case l.writing:
			l.changed.Wait()
		default:
			l.writing = true
			l.writeOut()
			l.writing = false
			l.changed.Broadcast()
		}
	}
	return nil
}

// writeOut writes one frame: the one that failed before, else all that waits.
// l.mu and writing are held; l.mu is let go during the write.
func (l *Log) writeOut() {
	if len(l.out) == 0 {
		l.out, l.pending = l.pending, l.out
		l.outLast = l.last
	}
	if l.seg.end > headerSize && l.seg.end+int64(len(l.out)) > l.opt.SegmentSize {
		if err := l.rotate(); err != nil {
			l.retryLater(err)
			return
		}
	}
	putFrame(l.out, l.seg.seed, l.written+1, l.durable)
	l.mu.Unlock()
	err := l.seg.write(l.out)
	l.mu.Lock()
	if err != nil {
		l.retryLater(err)
		return
	}
	l.written = l.outLast
	l.size += int64(len(l.out))
	l.out = l.out[:0]
}

// retryLater notes why a frame could not be written, for everyone who waits.
func (l *Log) retryLater(err error) {
	l.failures++
	l.failure = err
	if errors.Is(err, ErrFailed) {
		l.fail(err)
	}
}

// write appends a frame. What a failed write has left is taken away at once: a
// frame behind it would be lost with it. If that fails too, so does the log.
func (s *segment) write(frame []byte) error {
	n, err := s.f.WriteAt(frame, s.end)
	if err == nil && n < len(frame) {
		err = io.ErrShortWrite
	}
	if err == nil {
		s.end += int64(n)
		return nil
	}
	err = fmt.Errorf("journal: write %s: %w", s.file, err)
	if cut := s.f.Truncate(s.end); cut != nil {
		return fmt.Errorf("%w: %w; cut off what it left: %w", ErrFailed, err, cut)
	}
	return err
}

// rotate ends the segment and begins the next one. The old one is synced
// first, so that only the last segment ever ends in what a crash left. l.mu and
// writing are held; l.mu is let go meanwhile.
func (l *Log) rotate() error {
	for l.syncing {
		l.changed.Wait()
	}
	if l.err != nil {
		return l.err
	}
	l.syncing = true
	old := l.seg
	l.mu.Unlock()
	seg, err := l.succeed(old)
	l.mu.Lock()
	l.syncing = false
	l.changed.Broadcast()
	if err != nil {
		return err
	}
	l.durable = max(l.durable, l.written)
	l.use(seg)
	return nil
}

// succeed syncs and closes a segment and begins the one after it.
func (l *Log) succeed(old *segment) (*segment, error) {
	if err := old.f.Sync(); err != nil {
		return nil, fmt.Errorf("%w: sync %s: %w", ErrFailed, old.file, err)
	}
	seg, err := l.begin(old.log)
	if err != nil {
		return nil, err
	}
	if err := old.f.Close(); err != nil {
		l.opt.Logger.Warn("journal: close segment", "file", old.file, "error", err) // it is synced: nothing is lost
	}
	return seg, nil
}
