package origin

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
)

// ReadAt fills p with the content from off, as io.ReaderAt. It costs no memory,
// starts anywhere, and any number of goroutines may call it at once.
func (f File) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("origin: read at %d: negative offset", off)
	}
	size := f.length()
	if off >= size {
		return 0, io.EOF
	}
	short := false
	if rest := size - off; int64(len(p)) > rest {
		p, short = p[:rest], true
	}
	if f.Data != nil {
		copy(p, f.Data[off:])
	} else {
		fill(p, f.Seed, off)
	}
	if short {
		return len(p), io.EOF
	}
	return len(p), nil
}

// Reader reads the whole content.
func (f File) Reader() *io.SectionReader { return io.NewSectionReader(f, 0, f.length()) }

// Sum feeds the whole content to h and returns its sum.
func (f File) Sum(h hash.Hash) []byte {
	return sumOf(h, f.Reader())
}

// SHA256 returns the SHA-256 of the whole content in hexadecimal.
func (f File) SHA256() string { return hex.EncodeToString(f.Sum(sha256.New())) }

// Check compares p with the content at off and says where they first differ.
func (f File) Check(p []byte, off int64) error {
	if off < 0 || off+int64(len(p)) > f.length() {
		return fmt.Errorf("origin: bytes %d to %d lie outside a file of %d", off, off+int64(len(p)), f.length())
	}
	var want [32 << 10]byte
	for len(p) > 0 {
		n := min(len(p), len(want))
		if _, err := f.ReadAt(want[:n], off); err != nil {
			return err
		}
		if !bytes.Equal(p[:n], want[:n]) {
			i := 0
			for p[i] == want[i] {
				i++
			}
			return fmt.Errorf("origin: byte %d is %#02x, want %#02x", off+int64(i), p[i], want[i])
		}
		p, off = p[n:], off+int64(n)
	}
	return nil
}

// CheckReader compares all of r with the whole content: every byte and the length.
func (f File) CheckReader(r io.Reader) error {
	buf := make([]byte, 64<<10)
	var off int64
	for {
		n, err := r.Read(buf)
		if bad := f.Check(buf[:n], off); bad != nil {
			return bad
		}
		off += int64(n)
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("origin: read at %d: %w", off, err)
		}
	}
	if off != f.length() {
		return fmt.Errorf("origin: %d bytes, want %d", off, f.length())
	}
	return nil
}

// sumOf panics on a read error, because the readers it is given are formulas
// and byte slices.
func sumOf(h hash.Hash, r io.Reader) []byte {
	if _, err := io.CopyBuffer(onlyWriter{h}, r, make([]byte, 64<<10)); err != nil {
		panic("origin: content cannot be read: " + err.Error())
	}
	return h.Sum(nil)
}

// onlyWriter hides every method but Write, so that CopyBuffer uses its buffer.
type onlyWriter struct{ io.Writer }

// fill writes the bytes of the stream named by seed from off on: eight bytes a
// word, each word a mix of the key and its position.
func fill(p []byte, seed uint64, off int64) {
	key := mix(seed)
	i, skip := uint64(off)/8, int(off%8)
	if skip != 0 {
		var w [8]byte
		binary.LittleEndian.PutUint64(w[:], word(key, i))
		n := copy(p, w[skip:])
		p, i = p[n:], i+1
	}
	for ; len(p) >= 8; p, i = p[8:], i+1 {
		binary.LittleEndian.PutUint64(p, word(key, i))
	}
	if len(p) > 0 {
		var w [8]byte
		binary.LittleEndian.PutUint64(w[:], word(key, i))
		copy(p, w[:])
	}
}

func word(key, i uint64) uint64 { return mix(key + i*0x9e3779b97f4a7c15) }

// mix is the finalizer of splitmix64: a bijection that scatters every bit.
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
