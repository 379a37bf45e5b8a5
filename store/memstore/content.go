package memstore

import (
	"fmt"
	"io"

	"github.com/seed-9a1263fe/haul/store"
)

// blockSize is how much room is taken at a time. Blocks that nobody wrote are
// not there and read as zeros, so that a write far out costs one block and not
// all that lies before it.
const blockSize = 64 << 10

// content is the bytes of one object, by block number.
type content map[int64]*[blockSize]byte

// write puts p at off, within the store's limit.
func (s *Store) write(c *content, p []byte, off int64) error {
	if *c == nil {
		*c = make(content)
	}
	for len(p) > 0 {
		i := off / blockSize
		b := (*c)[i]
		if b == nil {
			if s.limit > 0 && s.used+blockSize > s.limit {
				return fmt.Errorf("memstore: %d of %d bytes are in use: %w", s.used, s.limit, store.ErrNoSpace)
			}
			b = new([blockSize]byte)
			(*c)[i] = b
			s.used += blockSize
		}
		n := copy(b[off%blockSize:], p)
		p, off = p[n:], off+int64(n)
	}
	return nil
}

// free gives back the room of c and empties it.
func (s *Store) free(c *content) {
	s.used -= int64(len(*c)) * blockSize
	*c = nil
}

// readAt fills p with the bytes from off on.
func (c content) readAt(p []byte, off int64) {
	for len(p) > 0 {
		n := min(int64(len(p)), blockSize-off%blockSize)
		if b := c[off/blockSize]; b != nil {
			copy(p[:n], b[off%blockSize:])
		} else {
			clear(p[:n])
		}
		p, off = p[n:], off+n
	}
}

// copyTo writes the first size bytes to w, which never fails (a hash).
func (c content) copyTo(w io.Writer, size int64) {
	buf := make([]byte, blockSize)
	for off := int64(0); off < size; off += blockSize {
		p := buf[:min(blockSize, size-off)]
		c.readAt(p, off)
		w.Write(p)
	}
}
