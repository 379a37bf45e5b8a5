package fileq

import (
	"encoding/binary"
	"fmt"

	"github.com/seed-9a1263fe/haul/queue"
)

// fields writes numbers and strings one after the other.
type fields []byte

func (f fields) uint(ns ...int64) fields {
	for _, n := range ns {
		f = binary.AppendUvarint(f, uint64(n))
	}
	return f
}

func (f fields) string(s string) fields {
	return append(binary.AppendUvarint(f, uint64(len(s))), s...)
}

// scanner takes fields off the front of b. After the first error it gives zero
// values.
type scanner struct {
	b   []byte
	err error
}

func (s *scanner) fail(what string) {
	if s.err == nil {
		s.err = fmt.Errorf("%w: %s", errRecord, what)
	}
	s.b = nil
}

// uint reads a number of at most limit.
func (s *scanner) uint(limit int64) int64 {
	n, w := binary.Uvarint(s.b)
	if w <= 0 {
		s.fail("cut short")
		return 0
	}
	if n > uint64(limit) {
		s.fail(fmt.Sprintf("%d where at most %d can be", n, limit))
		return 0
	}
	s.b = s.b[w:]
	return int64(n)
}

func (s *scanner) bytes(limit int64) []byte {
	n := s.uint(min(limit, int64(len(s.b))))
	if n > int64(len(s.b)) {
		s.fail("cut short")
		return nil
	}
	v := s.b[:n]
	s.b = s.b[n:]
	return v
}

func (s *scanner) string(limit int64) string { return string(s.bytes(limit)) }

func (s *scanner) id() (id queue.ID) {
	if len(s.b) < len(id) {
		s.fail("cut short")
		return id
	}
	copy(id[:], s.b)
	s.b = s.b[len(id):]
	return id
}

// maxInt64 is the limit of a number that may be anything.
const maxInt64 = 1<<63 - 1

func (s *scanner) look() look {
	return look{size: s.uint(maxInt64), modTime: int64(s.word()), inode: s.word()}
}

// word reads a number that may have all 64 bits.
func (s *scanner) word() uint64 {
	n, w := binary.Uvarint(s.b)
	if w <= 0 {
		s.fail("cut short")
		return 0
	}
	s.b = s.b[w:]
	return n
}
