package diskstore

import (
	"bytes"
	"io/fs"

	"github.com/seed-9a1263fe/haul/store/vfs"
)

// sectorSize is the least that a disk writes wholly or not at all.
const sectorSize = 512

// mayBeTorn reports whether a file may be what a power cut has left of an object
// whose record it took. Without Strict, a rename can reach the disk before the
// bytes do, and before the log does: then a name is taken by a file of zeros
// that nothing is known of.
func (s *Store) mayBeTorn(info fs.FileInfo) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return info.Mode().IsRegular() && s.st.cal.tears(info.ModTime(), 0)
}

// isTornCopy reports whether the file at name was written just before a power
// cut and holds nothing that is not in the part file: each sector is the same
// or zeros, and it is no longer. To replace it loses nothing, whoever wrote it.
func (s *Store) isTornCopy(name, part string) bool {
	info, err := s.fs.Stat(name)
	if err != nil || !s.mayBeTorn(info) {
		return false
	}
	a, err := s.fs.OpenFile(name, vfs.ReadOnly)
	if err != nil {
		return false
	}
	defer a.Close()
	b, err := s.fs.OpenFile(part, vfs.ReadOnly)
	if err != nil {
		return false
	}
	defer b.Close()
	return s.isTornFrom(a, b)
}

// isTornFrom compares a torn file with a whole one.
func (s *Store) isTornFrom(torn, whole vfs.File) bool {
	size, err := torn.Size()
	if err != nil {
		return false
	}
	if most, err := whole.Size(); err != nil || size > most {
		return false
	}
	x, y := s.buffers.Get().(*[readSize]byte), s.buffers.Get().(*[readSize]byte)
	defer s.buffers.Put(x)
	defer s.buffers.Put(y)
	for off := int64(0); off < size; off += readSize {
		n := min(readSize, size-off)
		if k, _ := torn.ReadAt(x[:n], off); int64(k) < n {
			return false
		}
		if k, _ := whole.ReadAt(y[:n], off); int64(k) < n {
			return false
		}
		if !tornSectors(x[:n], y[:n]) {
			return false
		}
	}
	return true
}

// tornSectors reports whether each sector of a is that of b or zeros.
func tornSectors(a, b []byte) bool {
	var zeros [sectorSize]byte
	for len(a) > 0 {
		n := min(sectorSize, len(a))
		if !bytes.Equal(a[:n], b[:n]) && !bytes.Equal(a[:n], zeros[:n]) {
			return false
		}
		a, b = a[n:], b[n:]
	}
	return true
}
