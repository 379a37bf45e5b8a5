package journal

import (
	"errors"
	"fmt"
	"io"

	"github.com/seed-9a1263fe/haul/store/vfs"
)

// segment is one file of the log, open.
type segment struct {
	header
	file string
	f    vfs.File
	seed uint32
	end  int64 // behind the last whole frame
}

// createSegment makes a segment that is durable, name and header, before its
// first frame: whoever finds a frame finds the header, and whoever finds the
// segment knows that those before it are whole.
func (p place) createSegment(h header) (*segment, error) {
	file := p.segment(h.number)
	f, err := p.fs.OpenFile(file, vfs.ReadWrite|vfs.Create|vfs.Excl)
	if err != nil {
		return nil, fmt.Errorf("journal: new segment: %w", err)
	}
	s := &segment{header: h, file: file, f: f, seed: h.seed(), end: headerSize}
	if _, err := f.WriteAt(h.encode(), 0); err != nil {
		return nil, errors.Join(fmt.Errorf("journal: new segment: %w", err), f.Close(), p.fs.Remove(file))
	}
	if err := f.Sync(); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: new segment: %w", ErrFailed, err), f.Close())
	}
	if err := p.fs.SyncDir(p.dir); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: new segment: %w", ErrFailed, err), f.Close())
	}
	return s, nil
}

// errTorn says that a segment was never finished being created: no frame can be
// in it.
var errTorn = errors.New("journal: segment has no header yet")

// openSegment opens a segment that exists and reads its header.
func (p place) openSegment(number uint64, flag int) (_ *segment, err error) {
	file := p.segment(number)
	f, err := p.fs.OpenFile(file, flag)
	if err != nil {
		return nil, fmt.Errorf("journal: open segment: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close())
		}
	}()
	size, err := f.Size()
	if err != nil {
		return nil, fmt.Errorf("journal: open segment: %w", err)
	}
	if size < headerSize {
		return nil, errTorn
	}
	h, err := readHeader(f, file)
	if _, corrupt := errors.AsType[*CorruptError](err); corrupt && size == headerSize {
		return nil, errTorn
	}
	if err != nil {
		return nil, err
	}
	if h.kind != kindSegment || h.number != number {
		return nil, &CorruptError{file, 6, fmt.Sprintf("segment %d", number), fmt.Sprintf("segment %d of kind %d", h.number, h.kind)}
	}
	return &segment{header: h, file: file, f: f, seed: h.seed(), end: size}, nil
}

// readHeader reads the header of a file that is long enough for one.
func readHeader(f io.ReaderAt, file string) (header, error) {
	b := make([]byte, headerSize)
	if err := readFull(f, b, 0); err != nil {
		return header{}, fmt.Errorf("journal: read %s: %w", file, err)
	}
	return decodeHeader(file, b)
}

// readFull fills b. An end of the file within b is an error: sizes were looked
// at before.
func readFull(f io.ReaderAt, b []byte, off int64) error {
	n, err := f.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
