package list

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// maxWindow is the largest window of zstd that is accepted, which is what
// decoders must at least take (RFC 8878 section 3.1.1.1.2), and what bounds
// their memory.
const maxWindow = 8 << 20

var (
	gzipMagic = []byte("\x1f\x8b")         // RFC 1952 section 2.3.1
	zstdMagic = []byte("\x28\xb5\x2f\xfd") // RFC 8878 section 3.1.1
)

// inflated is a list without its compression.
type inflated struct {
	r      io.Reader
	method string
	free   func()
}

// inflate looks whether r is compressed, by its first bytes.
func inflate(r io.Reader) (inflated, error) {
	head, err := readHead(r, func(head []byte) bool { return !mayBeMagic(head) })
	if err != nil && err != io.EOF {
		return inflated{}, err
	}
	if !bytes.HasPrefix(head, gzipMagic) && !bytes.HasPrefix(head, zstdMagic) {
		return inflated{r: io.MultiReader(bytes.NewReader(head), r)}, nil
	}
	r = io.MultiReader(bytes.NewReader(head), steady{r})
	switch {
	case bytes.HasPrefix(head, gzipMagic):
		z, err := gzip.NewReader(r)
		if err != nil {
			return inflated{}, fmt.Errorf("gzip: %w", err)
		}
		return inflated{r: z, method: "gzip"}, nil
	case bytes.HasPrefix(head, zstdMagic):
		// One at a time means without goroutines, which would read on ahead.
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return inflated{}, fmt.Errorf("zstd: %w", err)
		}
		return inflated{r: z, method: "zstd", free: z.Close}, nil
	}
	return inflated{r: r}, nil
}

// mayBeMagic reports whether head is too short to tell.
func mayBeMagic(head []byte) bool {
	return len(head) < len(gzipMagic) && bytes.HasPrefix(gzipMagic, head) ||
		len(head) < len(zstdMagic) && bytes.HasPrefix(zstdMagic, head)
}
