package diskstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/bits"
	"sync"

	"github.com/seed-9a1263fe/haul/store"
	"github.com/seed-9a1263fe/haul/store/vfs"
)

// A table is a file of published objects in the order of their owners, in
// blocks of 4 KiB that each carry a checksum, and is never changed. Owners are
// hashes, so where one must be follows from its value: a look costs a read or
// two and nothing in memory but the bloom.
const (
	blockSize   = 4 << 10
	blockHead   = 6 // checksum, number of entries
	footerHead  = 40
	tableMagic  = "HLTB"
	tableFormat = 1
	// maxInTable is the most bytes of a record that fit in a block.
	maxInTable = blockSize - blockHead - 16 - 5 - 3
	// readBlocks is how many blocks are read at a time when all are wanted.
	readBlocks = 64
)

// TableError says that a table is not what was written.
type TableError struct {
	File  string
	Block int64
	What  string
}

// Error names the place.
func (e *TableError) Error() string {
	return fmt.Sprintf("diskstore: %s is corrupt at block %d: %s", e.File, e.Block, e.What)
}

// row is one entry of a table. An empty record hides older ones.
type row struct {
	owner  store.Owner
	at     epoch
	record []byte
}

// table is an open table. Its methods may be called by several goroutines.
type table struct {
	id     uint64
	name   string
	file   vfs.File
	count  int64
	blocks int64
	bloom  bloom
}

func tableName(id uint64) string { return fmt.Sprintf("%s/published-%08x.tbl", store.StateDir, id) }

// tableWriter writes a table from rows in order.
type tableWriter struct {
	t     *table
	block []byte
	rows  uint16
	out   []byte // blocks that are not written yet
}

// newTable begins a table of at most n rows.
func newTable(fsys vfs.FS, id uint64, n int64) (*tableWriter, error) {
	name := tableName(id)
	f, err := fsys.OpenFile(name, vfs.ReadWrite|vfs.Create|vfs.Trunc)
	if err != nil {
		return nil, fmt.Errorf("diskstore: new table: %w", spaceError(err))
	}
	t := &table{id: id, name: name, file: f, bloom: newBloom(n)}
	return &tableWriter{t: t, block: make([]byte, blockHead, blockSize)}, nil
}

// add appends a row.
func (w *tableWriter) add(r row) error {
	e := writer{b: make([]byte, 0, len(r.record)+24)}
	e.owner(r.owner)
	e.epoch(r.at)
	e.bytes(r.record)
	if len(w.block)+len(e.b) > blockSize {
		if err := w.endBlock(); err != nil {
			return err
		}
	}
	w.block = append(w.block, e.b...)
	w.rows++
	w.t.count++
	w.t.bloom.add(r.owner)
	return nil
}

// endBlock seals the block. Its checksum is of its number, too, so that a block
// in a wrong place is found.
func (w *tableWriter) endBlock() error {
	binary.LittleEndian.PutUint16(w.block[4:], w.rows)
	w.block = append(w.block, make([]byte, blockSize-len(w.block))...)
	binary.LittleEndian.PutUint32(w.block, blockSum(w.t.blocks, w.block))
	w.out = append(w.out, w.block...)
	w.block, w.rows = w.block[:blockHead], 0
	w.t.blocks++
	if len(w.out) < readBlocks*blockSize {
		return nil
	}
	return w.flush()
}

func (w *tableWriter) flush() error {
	off := w.t.blocks*blockSize - int64(len(w.out))
	if err := writeAll(w.t.file, w.out, off); err != nil {
		return fmt.Errorf("diskstore: write %s: %w", w.t.name, spaceError(err))
	}
	w.out = w.out[:0]
	return nil
}

func blockSum(number int64, block []byte) uint32 {
	var n [8]byte
	binary.LittleEndian.PutUint64(n[:], uint64(number))
	return update(checksum(n[:]), block[4:])
}

// finish writes what is left and makes the table durable. On an error the file
// is closed and of no use.
func (w *tableWriter) finish(fsys vfs.FS) (*table, error) {
	err := w.tail()
	if err == nil {
		err = w.t.file.Sync()
	}
	if err == nil {
		err = fsys.SyncDir(store.StateDir)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("diskstore: finish %s: %w", w.t.name, spaceError(err)), w.abort(fsys))
	}
	return w.t, nil
}

// tail writes the last blocks, the bloom and the footer.
func (w *tableWriter) tail() error {
	if w.rows > 0 {
		if err := w.endBlock(); err != nil {
			return err
		}
	}
	if err := w.flush(); err != nil {
		return err
	}
	t := w.t
	if err := writeAll(t.file, t.bloom, t.blocks*blockSize); err != nil {
		return err
	}
	foot := make([]byte, 0, footerHead)
	foot = append(foot, tableMagic...)
	foot = binary.LittleEndian.AppendUint32(foot, tableFormat)
	foot = binary.LittleEndian.AppendUint64(foot, uint64(t.count))
	foot = binary.LittleEndian.AppendUint64(foot, uint64(t.blocks))
	foot = binary.LittleEndian.AppendUint64(foot, uint64(len(t.bloom)))
	foot = binary.LittleEndian.AppendUint32(foot, checksum(t.bloom))
	foot = binary.LittleEndian.AppendUint32(foot, checksum(foot))
	return writeAll(t.file, foot, t.blocks*blockSize+int64(len(t.bloom)))
}

// abort removes a table that is of no use.
func (w *tableWriter) abort(fsys vfs.FS) error {
	return errors.Join(w.t.file.Close(), fsys.Remove(w.t.name))
}

// openTable opens a table and reads its bloom.
func openTable(fsys vfs.FS, id uint64) (*table, error) {
	t := &table{id: id, name: tableName(id)}
	f, err := fsys.OpenFile(t.name, vfs.ReadOnly)
	if err != nil {
		return nil, fmt.Errorf("diskstore: open table: %w", err)
	}
	t.file = f
	if err := t.readFooter(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return t, nil
}

func (t *table) readFooter() error {
	size, err := t.file.Size()
	if err != nil {
		return fmt.Errorf("diskstore: open %s: %w", t.name, err)
	}
	var foot [footerHead]byte
	if size < footerHead {
		return &TableError{t.name, 0, "no footer"}
	}
	if _, err := t.file.ReadAt(foot[:], size-footerHead); err != nil && err != io.EOF {
		return fmt.Errorf("diskstore: open %s: %w", t.name, err)
	}
	le := binary.LittleEndian
	if string(foot[:4]) != tableMagic || le.Uint32(foot[36:]) != checksum(foot[:36]) {
		return &TableError{t.name, size / blockSize, "bad footer"}
	}
	if v := le.Uint32(foot[4:]); v != tableFormat {
		return &FormatError{t.name, fmt.Sprintf("is a table of format %d", v)}
	}
	t.count, t.blocks = int64(le.Uint64(foot[8:])), int64(le.Uint64(foot[16:]))
	bloomLen := int64(le.Uint64(foot[24:]))
	if t.count < 0 || t.blocks < 0 || t.blocks > size/blockSize || bloomLen < 8 || t.blocks*blockSize+bloomLen+footerHead != size {
		return &TableError{t.name, size / blockSize, "footer of another length"}
	}
	t.bloom = make(bloom, bloomLen)
	if _, err := t.file.ReadAt(t.bloom, t.blocks*blockSize); err != nil && err != io.EOF {
		return fmt.Errorf("diskstore: open %s: %w", t.name, err)
	}
	if checksum(t.bloom) != le.Uint32(foot[32:]) {
		return &TableError{t.name, t.blocks, "bad bloom"}
	}
	return nil
}

// blockPool keeps blocks between looks.
type blockPool struct{ sync.Pool }

func (p *blockPool) get() *[blockSize]byte {
	if b, ok := p.Get().(*[blockSize]byte); ok {
		return b
	}
	return new([blockSize]byte)
}

// find looks for an owner's row. The record is the caller's.
func (t *table) find(owner store.Owner, pool *blockPool) (row, bool, error) {
	if t.blocks == 0 || !t.bloom.has(owner) {
		return row{}, false, nil
	}
	buf := pool.get()
	defer pool.Put(buf)
	lo, hi := int64(0), t.blocks
	at := t.guess(owner)
	for steps := 0; lo < hi; steps++ {
		rows, err := t.read(at, buf[:])
		if err != nil {
			return row{}, false, err
		}
		r, c, err := search(t, at, rows, owner)
		switch {
		case err != nil:
			return row{}, false, err
		case c == 0:
			r.record = bytes.Clone(r.record)
			return r, r.owner == owner, nil
		case c < 0:
			hi = at
		default:
			lo = at + 1
		}
		at += t.distance(r.owner, owner)
		if at < lo || at >= hi || steps > 6 {
			at = lo + (hi-lo)/2
		}
	}
	return row{}, false, nil
}

// prefix is the leading digits of an owner as a number.
func prefix(o store.Owner) uint64 { return binary.BigEndian.Uint64(o[:8]) }

// guess is the block that an owner is in if all are spread evenly.
func (t *table) guess(owner store.Owner) int64 {
	at, _ := bits.Mul64(prefix(owner), uint64(t.blocks))
	return int64(at)
}

// distance is how many blocks lie between two owners if all are spread evenly.
func (t *table) distance(from, to store.Owner) int64 { return t.guess(to) - t.guess(from) }

// search looks through a block. c is 0 if the owner can be in no other one; if
// it is not there, r is another's. Else c says on which side of the block the
// owner is, and r is the row there.
func search(t *table, at int64, rows []byte, owner store.Owner) (r row, c int, err error) {
	rd := reader{b: rows}
	for first := true; len(rd.b) > 0; first = false {
		r = rd.row()
		if rd.err != nil {
			return row{}, 0, &TableError{t.name, at, rd.err.Error()}
		}
		switch c := bytes.Compare(owner[:], r.owner[:]); {
		case c < 0 && first:
			return r, -1, nil
		case c <= 0:
			return r, 0, nil
		}
	}
	return r, 1, nil
}

func (r *reader) row() row {
	x := row{owner: r.owner(), at: r.epoch()}
	x.record = r.take(int(r.upTo(maxInTable, "record")))
	return x
}

// read reads a block and returns its rows.
func (t *table) read(number int64, buf []byte) ([]byte, error) {
	if _, err := t.file.ReadAt(buf, number*blockSize); err != nil && err != io.EOF {
		return nil, fmt.Errorf("diskstore: read %s: %w", t.name, err)
	}
	return t.rows(number, buf)
}

// rows checks a block and returns its rows, without what is behind them.
func (t *table) rows(number int64, block []byte) ([]byte, error) {
	if binary.LittleEndian.Uint32(block) != blockSum(number, block) {
		return nil, &TableError{t.name, number, "bad checksum"}
	}
	r := reader{b: block[blockHead:]}
	for range binary.LittleEndian.Uint16(block[4:]) {
		r.row()
	}
	if r.err != nil {
		return nil, &TableError{t.name, number, r.err.Error()}
	}
	return block[blockHead : blockSize-len(r.b)], nil
}

// all yields every row in order. A record is good until the next one. After an
// error there is nothing more.
func (t *table) all() iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		buf := make([]byte, readBlocks*blockSize)
		for from := int64(0); from < t.blocks; from += readBlocks {
			part := buf[:min(readBlocks, t.blocks-from)*blockSize]
			if _, err := t.file.ReadAt(part, from*blockSize); err != nil && err != io.EOF {
				yield(row{}, fmt.Errorf("diskstore: read %s: %w", t.name, err))
				return
			}
			for i := int64(0); i*blockSize < int64(len(part)); i++ {
				rows, err := t.rows(from+i, part[i*blockSize:][:blockSize])
				if err != nil {
					yield(row{}, err)
					return
				}
				for r := (reader{b: rows}); len(r.b) > 0; {
					if !yield(r.row(), nil) {
						return
					}
				}
			}
		}
	}
}
