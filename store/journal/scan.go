package journal

import (
	"errors"
	"fmt"
	"io"
)

// scanner reads the frames of a segment in order. It needs memory for the
// largest frame.
type scanner struct {
	*segment
	size int64
	off  int64 // of the next frame
	next LSN   // that the next frame must begin with
	buf  []byte

	// known is the highest durable mark seen; unsure is the offset from which
	// on frames may lie that no mark vouches for.
	known  LSN
	unsure int64
}

func newScanner(s *segment) *scanner {
	return &scanner{segment: s, size: s.end, off: headerSize, next: s.lsn, unsure: headerSize}
}

// frame reads the next frame and returns its payload, which is good until the
// next call. The end is io.EOF. A *CorruptError says that there is no whole
// frame at the offset: torn says whether it may be what a crash leaves.
func (s *scanner) frame() (fr frame, payload []byte, err error) {
	if s.off == s.size {
		return frame{}, nil, io.EOF
	}
	fr, payload, err = s.frameAt(s.off, s.next)
	if err != nil {
		return frame{}, nil, err
	}
	count, err := countRecords(payload)
	if err != nil {
		return frame{}, nil, &badPayloadError{s.bad(s.off, "records", err.Error())}
	}
	s.advance(fr, count)
	return fr, payload, nil
}

// advance moves behind a good frame of count records.
func (s *scanner) advance(fr frame, count LSN) {
	s.known = max(s.known, fr.durable)
	if s.known+1 >= fr.lsn {
		s.unsure = s.off
	}
	s.off += frameHeader + int64(fr.length)
	s.next = fr.lsn + count
}

// badPayloadError is a frame whose checksum is right and whose records make no
// sense. No crash does that.
type badPayloadError struct{ *CorruptError }

// Unwrap returns the CorruptError.
func (e *badPayloadError) Unwrap() error { return e.CorruptError }

func (s *scanner) bad(off int64, expected, found string) *CorruptError {
	return &CorruptError{File: s.file, Offset: off, Expected: expected, Found: found}
}

// frameAt reads the frame at an offset. All lengths are checked before anything
// of that length is made.
func (s *scanner) frameAt(off int64, lsn LSN) (frame, []byte, error) {
	var head [frameHeader]byte
	left := s.size - off - frameHeader
	if left < 0 {
		return frame{}, nil, s.bad(off, "a frame or the end", fmt.Sprintf("%d bytes", s.size-off))
	}
	if err := readFull(s.f, head[:], off); err != nil {
		return frame{}, nil, fmt.Errorf("journal: read %s: %w", s.file, err)
	}
	fr := getFrame(head[:])
	switch {
	case fr.length == 0 || fr.length > maxPayload || int64(fr.length) > left:
		return frame{}, nil, s.bad(off, fmt.Sprintf("a frame of 1 to %d bytes", min(left, maxPayload)), fmt.Sprintf("length %d", fr.length))
	case fr.lsn != lsn:
		return frame{}, nil, s.bad(off, fmt.Sprintf("record %d", lsn), fmt.Sprintf("record %d", fr.lsn))
	case fr.durable >= fr.lsn:
		return frame{}, nil, s.bad(off, fmt.Sprintf("a durable mark below %d", fr.lsn), fmt.Sprintf("%d", fr.durable))
	}
	payload, err := s.payload(off+frameHeader, int(fr.length))
	if err != nil {
		return frame{}, nil, err
	}
	if sum := frameSum(s.seed, head[:20], payload); sum != fr.sum {
		return frame{}, nil, s.bad(off, fmt.Sprintf("checksum %08x", fr.sum), fmt.Sprintf("%08x", sum))
	}
	return fr, payload, nil
}

// payload reads n bytes, at most maxPayload, into the scanner's buffer.
func (s *scanner) payload(off int64, n int) ([]byte, error) {
	if cap(s.buf) < n {
		s.buf = make([]byte, n)
	}
	b := s.buf[:n]
	if err := readFull(s.f, b, off); err != nil {
		return nil, fmt.Errorf("journal: read %s: %w", s.file, err)
	}
	return b, nil
}

// scanWindow is how much is read at once in search of a frame.
const scanWindow = 1 << 20

// claimed reports whether a good frame after the bad one at s.off says that the
// record missing there was durable. Where it began is lost with the bad one, so
// every offset is tried; the fields are looked at first and rule out nearly all.
func (s *scanner) claimed() (bool, error) {
	window := make([]byte, min(scanWindow+frameHeader-1, s.size-s.off))
	for base := s.off + 1; base+frameHeader <= s.size; base += scanWindow {
		b := window[:min(int64(len(window)), s.size-base)]
		if err := readFull(s.f, b, base); err != nil {
			return false, fmt.Errorf("journal: read %s: %w", s.file, err)
		}
		for i := 0; i+frameHeader <= len(b); i++ {
			fr := getFrame(b[i:])
			if fr.durable < s.next || fr.lsn <= s.next || fr.lsn > s.next+LSN(s.size) {
				continue
			}
			_, _, err := s.frameAt(base+int64(i), fr.lsn)
			if err == nil {
				return true, nil
			}
			if _, corrupt := errors.AsType[*CorruptError](err); !corrupt {
				return false, err
			}
		}
	}
	return false, nil
}
