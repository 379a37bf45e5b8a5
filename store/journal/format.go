package journal

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

// LSN numbers the records of a log, from 1 on, without gaps.
type LSN uint64

// SkippableType is the first of the record types that a program may skip when
// it does not know them.
const SkippableType = 128

const (
	version = 1

	headerSize  = 64
	frameHeader = 24
	trailerSize = 16

	// maxPayload bounds a frame, whatever its length field says.
	maxPayload = 16 << 20

	// markType is the journal's own record, which says nothing. It carries the
	// known-durable mark of its frame at a clean end.
	markType = 255

	// recordOverhead is the most that a record takes beyond its body.
	recordOverhead = binary.MaxVarintLen32 + 1
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// kind is the part of a header that tells segments and checkpoints apart.
type kind uint16

const (
	kindSegment    kind = 1
	kindCheckpoint kind = 2
)

// header begins every file. number is that of a segment; lsn is that of the
// first record of a segment, or the last one that a checkpoint covers.
type header struct {
	magic   [4]byte
	kind    kind
	number  uint64
	log     [16]byte
	lsn     LSN
	created int64 // Unix time in milliseconds; for people
}

func (h header) encode() []byte {
	b := make([]byte, headerSize)
	copy(b, h.magic[:])
	binary.LittleEndian.PutUint16(b[4:], version)
	binary.LittleEndian.PutUint16(b[6:], uint16(h.kind))
	binary.LittleEndian.PutUint64(b[8:], h.number)
	copy(b[16:32], h.log[:])
	binary.LittleEndian.PutUint64(b[32:], uint64(h.lsn))
	binary.LittleEndian.PutUint64(b[40:], uint64(h.created))
	binary.LittleEndian.PutUint32(b[60:], crc32.Checksum(b[:60], castagnoli))
	return b
}

// decodeHeader reads the header of file. The version is looked at before
// anything whose meaning depends on it, which is all but the magic.
func decodeHeader(file string, b []byte) (header, error) {
	var h header
	copy(h.magic[:], b)
	if v := binary.LittleEndian.Uint16(b[4:]); v > version {
		return h, &VersionError{File: file, Version: v, Known: version}
	} else if v == 0 {
		return h, &CorruptError{File: file, Offset: 4, Expected: "a version", Found: "0"}
	}
	want := binary.LittleEndian.Uint32(b[60:])
	if got := crc32.Checksum(b[:60], castagnoli); got != want {
		return h, &CorruptError{file, 0, fmt.Sprintf("a header with checksum %08x", want), fmt.Sprintf("checksum %08x", got)}
	}
	h.kind = kind(binary.LittleEndian.Uint16(b[6:]))
	h.number = binary.LittleEndian.Uint64(b[8:])
	copy(h.log[:], b[16:32])
	h.lsn = LSN(binary.LittleEndian.Uint64(b[32:]))
	h.created = int64(binary.LittleEndian.Uint64(b[40:]))
	return h, nil
}

// seed is where the checksum of each frame of a segment starts, so that a frame
// of another log or segment never matches.
func (h header) seed() uint32 {
	var b [24]byte
	copy(b[:16], h.log[:])
	binary.LittleEndian.PutUint64(b[16:], h.number)
	return crc32.Checksum(b[:], castagnoli)
}

// frame is one group of records, written at once.
type frame struct {
	length  uint32 // of the payload
	lsn     LSN    // of the first record
	durable LSN    // records up to this one were durable when it was written
	sum     uint32
}

// putFrame fills in the header of a frame whose payload stands behind it in b.
func putFrame(b []byte, seed uint32, lsn, durable LSN) {
	binary.LittleEndian.PutUint32(b, uint32(len(b)-frameHeader))
	binary.LittleEndian.PutUint64(b[4:], uint64(lsn))
	binary.LittleEndian.PutUint64(b[12:], uint64(durable))
	binary.LittleEndian.PutUint32(b[20:], frameSum(seed, b[:20], b[frameHeader:]))
}

func getFrame(b []byte) frame {
	return frame{
		length:  binary.LittleEndian.Uint32(b),
		lsn:     LSN(binary.LittleEndian.Uint64(b[4:])),
		durable: LSN(binary.LittleEndian.Uint64(b[12:])),
		sum:     binary.LittleEndian.Uint32(b[20:]),
	}
}

func frameSum(seed uint32, head, payload []byte) uint32 {
	return crc32.Update(crc32.Update(seed, castagnoli, head), castagnoli, payload)
}

// appendRecord adds a record to a payload.
func appendRecord(b []byte, typ uint8, body []byte) []byte {
	b = binary.AppendUvarint(b, uint64(1+len(body)))
	b = append(b, typ)
	return append(b, body...)
}

// nextRecord takes the first record off a payload. The body is part of b.
func nextRecord(b []byte) (typ uint8, body, rest []byte, err error) {
	n, w := binary.Uvarint(b)
	switch {
	case w <= 0:
		return 0, nil, nil, io.ErrUnexpectedEOF
	case n == 0:
		return 0, nil, nil, fmt.Errorf("a record of length 0")
	case n > uint64(len(b)-w):
		return 0, nil, nil, fmt.Errorf("a record of %d bytes where %d are left", n, len(b)-w)
	case b[w] == 0:
		return 0, nil, nil, fmt.Errorf("a record of type 0")
	}
	end := w + int(n)
	return b[w], b[w+1 : end : end], b[end:], nil
}

// countRecords walks a whole payload and returns how many records it has.
func countRecords(payload []byte) (LSN, error) {
	var n LSN
	for len(payload) > 0 {
		_, _, rest, err := nextRecord(payload)
		if err != nil {
			return 0, err
		}
		payload = rest
		n++
	}
	return n, nil
}
