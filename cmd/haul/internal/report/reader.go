package report

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

const (
	// maxLine is the longest line that is read as a record, in bytes. A record is
	// long only by what a list gave it to carry.
	maxLine = 4 << 20
	// maxWindow is the largest window of zstd that is accepted (RFC 8878 section
	// 3.1.1.1.2).
	maxWindow = 8 << 20
)

// broken counts the lines that held no record and keeps the first of them.
type broken struct {
	lines int64
	first []BrokenLine
}

// BrokenLine says which line held no record, and why.
type BrokenLine struct{ Place, Why string }

func (b *broken) add(name string, line int64, why error) {
	b.lines++
	b.keep(fmt.Sprintf("%s:%d", show(name, maxName), line), why)
}

func (b *broken) keep(place string, why error) {
	if len(b.first) < shownBroken {
		b.first = append(b.first, BrokenLine{place, show(why.Error(), maxMessage)})
	}
}

// BrokenLines returns the first lines that held no record.
func (r *Report) BrokenLines() []BrokenLine { return r.broken.first }

// Read adds the records of in, one JSON object a line, which may be compressed
// with gzip or zstd; name is what it is called. Lines that are no records are
// counted and named in the report. An error is in's, of its compression or of
// ctx; what was read before it stays in the report, and the report says that
// the rest is missing.
func (r *Report) Read(ctx context.Context, name string, in io.Reader) error {
	r.addSource(name)
	plain, free, err := inflate(in)
	if err != nil {
		return r.breakOff(name, 0, err)
	}
	defer free()
	lines := lineReader{in: bufio.NewReaderSize(plain, 64<<10)}
	for {
		line, err := lines.next()
		if err == nil || errors.Is(err, errLongLine) {
			r.addLine(name, lines.line, line, err)
			err = ctx.Err()
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return r.breakOff(name, lines.line, err)
		}
	}
}

func (r *Report) addLine(name string, n int64, line []byte, err error) {
	if err == nil && len(line) == 0 {
		return
	}
	var rec *record
	if err == nil {
		rec, err = parseRecord(line)
	}
	if err != nil {
		r.broken.add(name, n, err)
		return
	}
	r.add(rec)
}

func (r *Report) breakOff(name string, line int64, err error) error {
	r.broken.keep(fmt.Sprintf("%s, after line %d", show(name, maxName), line), fmt.Errorf("the rest could not be read: %w", err))
	return fmt.Errorf("report: read %s after line %d: %w", name, line, err)
}

// inflate takes the compression off in, if its first bytes tell of one. free is
// to be called when all is read.
func inflate(in io.Reader) (plain io.Reader, free func(), err error) {
	buf := bufio.NewReader(in)
	head, err := buf.Peek(4)
	if err != nil && err != io.EOF {
		return nil, nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b")): // RFC 1952 section 2.3.1
		z, err := gzip.NewReader(buf)
		if err != nil {
			return nil, nil, fmt.Errorf("gzip: %w", err)
		}
		return z, func() {}, nil
	case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")): // RFC 8878 section 3.1.1
		z, err := zstd.NewReader(buf, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, nil, fmt.Errorf("zstd: %w", err)
		}
		return z, z.Close, nil
	}
	return buf, func() {}, nil
}

var errLongLine = fmt.Errorf("is longer than %d MiB", maxLine>>20)

// lineReader cuts lines without keeping more than one of at most maxLine bytes.
type lineReader struct {
	in   *bufio.Reader
	buf  []byte // of a line that in's buffer does not hold
	line int64  // number of the line that was read last, from 1
}

// next returns the next line, without white space around it, until it is called
// again. A line that is too long is passed over and reported as errLongLine.
func (l *lineReader) next() ([]byte, error) {
	part, err := l.in.ReadSlice('\n')
	if err == io.EOF && len(part) == 0 {
		return nil, io.EOF
	}
	l.line++
	if err == bufio.ErrBufferFull {
		if part, err = l.rest(part); errors.Is(err, errLongLine) {
			return nil, err
		}
	}
	if err != nil && err != io.EOF {
		l.line-- // only whole lines count
		return nil, err
	}
	if l.line == 1 {
		part = bytes.TrimPrefix(part, []byte("\ufeff"))
	}
	return bytes.TrimSpace(part), nil
}

// rest gathers a line whose first part has filled in's buffer.
func (l *lineReader) rest(part []byte) ([]byte, error) {
	l.buf = append(l.buf[:0], part...)
	long := false
	for {
		part, err := l.in.ReadSlice('\n')
		if long = long || len(l.buf)+len(part) > maxLine; !long {
			l.buf = append(l.buf, part...)
		}
		switch {
		case err == bufio.ErrBufferFull:
		case long && (err == nil || err == io.EOF):
			return nil, errLongLine
		default:
			return l.buf, err
		}
	}
}
