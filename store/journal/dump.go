package journal

import (
	"errors"
	"io"

	"github.com/seed-9a1263fe/haul/store/vfs"
)

// Frame is one group of records as it stands on the disk.
type Frame struct {
	File    string // of the segment
	Offset  int64  // in it, in bytes
	LSN     LSN    // of the first record
	Durable LSN    // what was known durable when it was written
	Records []Record
}

// Record is one record. Its body is good until the callback returns.
type Record struct {
	LSN  LSN
	Type uint8
	Body []byte
}

// Dump reads every frame of the segments that exist and changes nothing; the
// log may be in use. Where a segment breaks off it goes on with the next one
// and returns, at the end, a *CorruptError for each break; on the last segment
// that may as well be the torn end of a crash, or a frame that is being
// written. It stops when fn returns an error.
func Dump(fs vfs.FS, dir, name string, fn func(Frame) error) error {
	p := place{fs, dir, name}
	found, err := p.list()
	if err != nil {
		return err
	}
	var breaks error
	for _, number := range found.segments {
		err := p.dumpSegment(number, fn)
		if _, corrupt := errors.AsType[*CorruptError](err); corrupt {
			breaks = errors.Join(breaks, err)
		} else if err != nil && !errors.Is(err, errTorn) {
			return err
		}
	}
	return breaks
}

func (p place) dumpSegment(number uint64, fn func(Frame) error) (err error) {
	seg, err := p.openSegment(number, vfs.ReadOnly)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, seg.f.Close()) }()
	for s := newScanner(seg); ; {
		off := s.off
		fr, payload, err := s.frame()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		records, err := recordsOf(fr, payload)
		if err != nil {
			return err
		}
		if err := fn(Frame{seg.file, off, fr.lsn, fr.durable, records}); err != nil {
			return err
		}
	}
}

func recordsOf(fr frame, payload []byte) ([]Record, error) {
	var records []Record
	for lsn := fr.lsn; len(payload) > 0; lsn++ {
		typ, body, rest, err := nextRecord(payload)
		if err != nil {
			return nil, err
		}
		records = append(records, Record{lsn, typ, body})
		payload = rest
	}
	return records, nil
}
