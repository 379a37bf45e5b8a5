package source

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// Depth is how closely a folder is compared with a set.
type Depth int

// Sizes of all files, and the SHA-256 of none, of every 200th, or of all.
const (
	SizesOnly Depth = iota
	Sample
	All
)

// sampled is the distance of the files that Sample reads.
const sampled = 200

// Verdict is what a comparison found.
type Verdict struct {
	// Files that should be there, and how many of them are right.
	Files, Right int
	// Missing, of another size, with other bytes.
	Missing, Size, Content int
	// Extra counts files that are nobody's, without hidden ones.
	Extra int
	// Example names one that is not right, and says why.
	Example string
}

// OK says that every file is there and right, and none too many.
func (v Verdict) OK() bool { return v.Right == v.Files && v.Extra == 0 }

func (v Verdict) String() string {
	if v.OK() {
		return fmt.Sprintf("%d of %d right", v.Right, v.Files)
	}
	return fmt.Sprintf("%d of %d right, %d missing, %d of a wrong size, %d with wrong bytes, %d extra (%s)",
		v.Right, v.Files, v.Missing, v.Size, v.Content, v.Extra, v.Example)
}

// Verify compares the folder dir with the set. An error means that it could not
// be read, or that ctx ended.
func (s *Set) Verify(ctx context.Context, dir string, depth Depth) (Verdict, error) {
	var missing, size, content atomic.Int64
	var example atomic.Pointer[string]
	wrong := func(count *atomic.Int64, f File, why string) {
		count.Add(1)
		text := f.Name + ": " + why
		example.CompareAndSwap(nil, &text)
	}
	g, reading := errgroup.WithContext(ctx)
	g.SetLimit(writers)
	for i := range s.Len {
		if reading.Err() != nil {
			break
		}
		f := s.At(i)
		path := filepath.Join(dir, f.Name)
		fi, err := os.Lstat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			wrong(&missing, f, "missing")
		case err != nil:
			return Verdict{}, errors.Join(fmt.Errorf("source: %w", err), g.Wait())
		case !fi.Mode().IsRegular() || fi.Size() != f.Size:
			wrong(&size, f, fmt.Sprintf("%d bytes, want %d", fi.Size(), f.Size))
		case depth == All || depth == Sample && i%sampled == 0:
			g.Go(func() error {
				sum, err := sumFile(reading, path)
				if err == nil && sum != f.Sum {
					wrong(&content, f, fmt.Sprintf("sha256 %x, want %x", sum[:4], f.Sum[:4]))
				}
				return err
			})
		}
	}
	if err := errors.Join(g.Wait(), ctx.Err()); err != nil {
		return Verdict{}, fmt.Errorf("source: %w", err)
	}
	v := Verdict{Files: s.Len, Missing: int(missing.Load()), Size: int(size.Load()), Content: int(content.Load())}
	v.Right = v.Files - v.Missing - v.Size - v.Content
	if e := example.Load(); e != nil {
		v.Example = *e
	}
	return v, s.countExtra(dir, &v)
}

func sumFile(ctx context.Context, path string) (sum [sha256.Size]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.CopyBuffer(h, reader{ctx, f}, make([]byte, 256<<10))
	h.Sum(sum[:0])
	return sum, err
}

// countExtra counts visible files in dir beyond those of the set that are there.
// A client that left half a file under another name has not cleaned up.
func (s *Set) countExtra(dir string, v *Verdict) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	defer d.Close()
	found := 0
	for {
		names, err := d.Readdirnames(1024)
		for _, name := range names {
			if !strings.HasPrefix(name, ".") {
				found++
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("source: %w", err)
		}
	}
	v.Extra = max(0, found-(v.Files-v.Missing))
	if v.Extra > 0 && v.Example == "" {
		v.Example = "more files than were asked for"
	}
	return nil
}

// AnyWhole returns a function that says whether one of the first files of the
// set stands in dir with its whole size. Clients take the first files of a list first.
func (s *Set) AnyWhole(dir string) func() bool {
	type want struct {
		path string
		size int64
	}
	first := make([]want, min(s.Len, 64))
	for i := range first {
		f := s.At(i)
		first[i] = want{filepath.Join(dir, f.Name), f.Size}
	}
	return func() bool {
		for _, w := range first {
			if fi, err := os.Lstat(w.path); err == nil && fi.Size() == w.size {
				return true
			}
		}
		return false
	}
}

// Warm reads the files that a server will serve, so that the first client to
// come does not pay for a cold disk.
func (s *Set) Warm(ctx context.Context) error {
	entries, err := os.ReadDir(s.Root)
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	buf := make([]byte, 1<<20)
	for _, e := range entries {
		if err := warm(ctx, filepath.Join(s.Root, e.Name()), buf); err != nil {
			return fmt.Errorf("source: %w", err)
		}
	}
	return nil
}

func warm(ctx context.Context, path string, buf []byte) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := f.Read(buf); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}
