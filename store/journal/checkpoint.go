package journal

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"

	"github.com/seed-9a1263fe/haul/store/vfs"
)

// Checkpoint writes the owner's state down, so that Open need not replay what
// came before. at is the last record that the state contains: the owner takes
// both at one moment, under whatever keeps it from appending, and may append
// again while write runs. Records after at are applied on top of the state.
//
// When it returns nil, the checkpoint is durable. What is needed neither for it
// nor for the one before it is removed; if the new one ever turns out bad, Open
// falls back to that. A crash at any point leaves the old state of affairs or
// the new one. A checkpoint of a record that the newest one contains already
// does nothing. Checkpoints wait for one another.
func (l *Log) Checkpoint(at LSN, write func(io.Writer) error) error {
	l.snapshot.Lock()
	defer l.snapshot.Unlock()
	l.mu.Lock()
	at = min(at, l.last)
	previous, size, closed := l.base, l.size, l.closed
	log := l.segments[0].log
	l.mu.Unlock()
	if closed {
		return ErrClosed
	}
	if at <= previous {
		return nil
	}
	// The log must reach what the checkpoint says: without it, the older
	// checkpoint could not be gone on from.
	if err := l.Sync(context.Background(), at); err != nil {
		return err
	}
	if err := l.writeCheckpoint(header{magic: l.opt.Magic, kind: kindCheckpoint, log: log, lsn: at, created: time.Now().UnixMilli()}, write); err != nil {
		return err
	}
	l.mu.Lock()
	l.base = at
	l.size -= size
	err := l.endSegment()
	l.mu.Unlock()
	l.prune(previous)
	return err
}

// endSegment begins a new segment if there is anything in this one, so that it
// can be removed one day. A full disk is no reason to complain: the old one
// serves. l.mu is held.
func (l *Log) endSegment() error {
	for l.writing {
		l.changed.Wait()
	}
	if l.err != nil || l.seg.end == headerSize {
		return l.err
	}
	l.writing = true
	err := l.rotate()
	l.writing = false
	l.changed.Broadcast()
	if errors.Is(err, ErrFailed) {
		return l.fail(err)
	}
	if err != nil {
		l.opt.Logger.Warn("journal: no new segment after checkpoint", "error", err)
	}
	return nil
}

// prune removes the segments and checkpoints that come before the one before
// the newest. What cannot be removed is harmless and tried again next time.
func (l *Log) prune(keep LSN) {
	l.mu.Lock()
	newest := l.base
	segments := append([]header(nil), l.segments...)
	l.mu.Unlock()
	n := 0
	for n+1 < len(segments) && segments[n+1].lsn <= keep+1 {
		if err := l.fs.Remove(l.segment(segments[n].number)); err != nil {
			l.opt.Logger.Warn("journal: remove old segment", "error", err)
			break // they go from the oldest on, so that no gap is left
		}
		n++
	}
	l.mu.Lock()
	l.segments = append([]header(nil), l.segments[n:]...)
	l.mu.Unlock()
	found, err := l.list()
	if err != nil {
		l.opt.Logger.Warn("journal: look for old checkpoints", "error", err)
		return
	}
	for _, lsn := range found.checkpoints {
		if lsn == newest || lsn == keep {
			continue
		}
		if err := l.fs.Remove(l.checkpoint(lsn)); err != nil {
			l.opt.Logger.Warn("journal: remove old checkpoint", "error", err)
		}
	}
}

// writeCheckpoint makes the file under another name and moves it when it is
// whole and durable.
func (l *Log) writeCheckpoint(h header, write func(io.Writer) error) error {
	f, err := l.fs.OpenFile(l.unfinished(), vfs.ReadWrite|vfs.Create|vfs.Trunc)
	if err != nil {
		return fmt.Errorf("journal: checkpoint: %w", err)
	}
	err = writeCheckpointTo(f, h, write)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("journal: checkpoint: %w", errors.Join(err, l.fs.Remove(l.unfinished())))
	}
	if err := l.fs.Rename(l.unfinished(), l.checkpoint(h.lsn)); err != nil {
		return fmt.Errorf("journal: checkpoint: %w", err)
	}
	if err := l.fs.SyncDir(l.dir); err != nil {
		return fmt.Errorf("journal: checkpoint: %w", err)
	}
	return nil
}

// writeCheckpointTo writes header, body and trailer.
func writeCheckpointTo(f io.WriterAt, h header, write func(io.Writer) error) error {
	sum := crc32.New(castagnoli)
	buf := bufio.NewWriterSize(io.NewOffsetWriter(f, 0), 64<<10)
	w := &countingWriter{w: io.MultiWriter(buf, sum)}
	if _, err := w.Write(h.encode()); err != nil {
		return err
	}
	if err := write(w); err != nil {
		return err
	}
	var end [trailerSize]byte
	binary.LittleEndian.PutUint64(end[:], uint64(w.n-headerSize))
	sum.Write(end[:8])
	copy(end[8:], trailerMagic)
	binary.LittleEndian.PutUint32(end[12:], sum.Sum32())
	if _, err := buf.Write(end[:]); err != nil {
		return err
	}
	return buf.Flush()
}

// trailerMagic ends a checkpoint, before its checksum.
const trailerMagic = "end."

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// checkpoint is an open checkpoint file whose checksum is right.
type checkpoint struct {
	f    vfs.File
	file string
	size int64
}

// body reads what the owner wrote.
func (c *checkpoint) body() io.Reader {
	return bufio.NewReaderSize(io.NewSectionReader(c.f, headerSize, c.size-headerSize-trailerSize), 64<<10)
}

// openCheckpoint opens a checkpoint and reads all of it once to see that it is
// good: the owner is never given a byte of a bad one.
func (p place) openCheckpoint(lsn LSN, magic [4]byte, log [16]byte) (_ *checkpoint, err error) {
	file := p.checkpoint(lsn)
	f, err := p.fs.OpenFile(file, vfs.ReadOnly)
	if err != nil {
		return nil, fmt.Errorf("journal: open checkpoint: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close())
		}
	}()
	size, err := f.Size()
	if err != nil {
		return nil, fmt.Errorf("journal: open checkpoint: %w", err)
	}
	if size < headerSize+trailerSize {
		return nil, &CorruptError{file, 0, "a checkpoint", fmt.Sprintf("%d bytes", size)}
	}
	h, err := readHeader(f, file)
	if err != nil {
		return nil, err
	}
	if h.kind != kindCheckpoint || h.magic != magic || h.log != log || h.lsn != lsn {
		return nil, &CorruptError{file, 0, fmt.Sprintf("checkpoint %d of log %x", lsn, log), fmt.Sprintf("number %d of log %x", h.lsn, h.log)}
	}
	return &checkpoint{f, file, size}, verifyTrailer(f, file, size)
}

// verifyTrailer reads the whole file and compares length and checksum.
func verifyTrailer(f io.ReaderAt, file string, size int64) error {
	var end [trailerSize]byte
	at := size - trailerSize
	if err := readFull(f, end[:], at); err != nil {
		return fmt.Errorf("journal: read %s: %w", file, err)
	}
	if n := binary.LittleEndian.Uint64(end[:]); n != uint64(at-headerSize) || string(end[8:12]) != trailerMagic {
		return &CorruptError{file, at, fmt.Sprintf("the end of %d bytes", at-headerSize), fmt.Sprintf("%x", end)}
	}
	sum := crc32.New(castagnoli)
	if _, err := io.Copy(sum, io.NewSectionReader(f, 0, at+8)); err != nil {
		return fmt.Errorf("journal: read %s: %w", file, err)
	}
	if want := binary.LittleEndian.Uint32(end[12:]); sum.Sum32() != want {
		return &CorruptError{file, at + 12, fmt.Sprintf("checksum %08x", want), fmt.Sprintf("%08x", sum.Sum32())}
	}
	return nil
}
