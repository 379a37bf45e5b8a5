package origin

import (
	"bytes"
	"compress/gzip"
	"io"
)

// zipper compresses what it reads, holding one block at a time.
type zipper struct {
	src  io.Reader
	out  bytes.Buffer
	gz   *gzip.Writer
	in   [32 << 10]byte
	done bool
}

func newZipper(src io.Reader) *zipper {
	z := &zipper{src: src}
	z.gz = gzip.NewWriter(&z.out)
	return z
}

// Read compresses blocks until something comes out.
func (z *zipper) Read(p []byte) (int, error) {
	for z.out.Len() == 0 && !z.done {
		if err := z.step(); err != nil {
			return 0, err
		}
	}
	return z.out.Read(p)
}

func (z *zipper) step() error {
	n, err := z.src.Read(z.in[:])
	if _, bad := z.gz.Write(z.in[:n]); bad != nil {
		return bad
	}
	if err != io.EOF {
		return err
	}
	z.done = true
	return z.gz.Close()
}
