// Package source makes the files that are downloaded in measurements, and checks
// what was made of them. The content is a formula of the seed, so that the same
// set is the same everywhere.
package source

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/seed-9a1263fe/haul/bench/origin"
)

// File is one file of a set.
type File struct {
	// Name is its last path segment, and what a client calls it.
	Name string
	Size int64
	// Seed of the content, as origin.File has it.
	Seed uint64
	// Sum is the SHA-256 of the content.
	Sum [sha256.Size]byte
}

// Content returns the file as an origin serves it.
func (f File) Content() origin.File { return origin.File{Size: f.Size, Seed: f.Seed} }

// Set is a number of files that stand below one folder. It does not change once
// it is made, and may be used from any number of goroutines.
type Set struct {
	// Root is the folder that a server serves.
	Root string
	// Prefix is the path of the files below the server's root; it begins and
	// ends with a slash.
	Prefix string
	// Len is the number of files, Bytes the sum of their sizes.
	Len   int
	Bytes int64

	at func(i int) File
}

// At returns the file of a number below Len.
func (s *Set) At(i int) File { return s.at(i) }

// Sizes draws n sizes between lo and hi. With a skew of 1 every order of
// magnitude is as frequent as any other; a larger one makes more of the files small.
func Sizes(seed uint64, n int, lo, hi int64, skew float64) []int64 {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	sizes := make([]int64, n)
	span := math.Log(float64(hi) / float64(lo))
	for i := range sizes {
		sizes[i] = min(hi, int64(float64(lo)*math.Exp(span*math.Pow(r.Float64(), skew))))
	}
	return sizes
}

// writers is how many files are made at once: enough to keep the cores at it.
const writers = 4

// Make writes a file of each size into dir, which exists and is empty.
func Make(ctx context.Context, dir string, seed uint64, sizes []int64) (*Set, error) {
	files := make([]File, len(sizes))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(writers)
	var sum int64
	for i, size := range sizes {
		files[i] = File{Name: fmt.Sprintf("f%06d.bin", i), Size: size, Seed: seed + uint64(i) + 1}
		sum += size
		g.Go(func() error { return write(ctx, dir, &files[i]) })
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	return &Set{
		Root: dir, Prefix: "/", Len: len(files), Bytes: sum,
		at: func(i int) File { return files[i] },
	}, nil
}

// Everywhere is the folder below which one file stands under every name.
const Everywhere = "/every/"

// Repeat makes one file of the given size in dir and returns a set of n names
// for it, which a server answers below Everywhere. So a million files need no
// million inodes on the server's side, and no list of them in memory here.
func Repeat(ctx context.Context, dir string, seed uint64, n int, size int64) (*Set, error) {
	one := File{Name: One, Size: size, Seed: seed + 1}
	if err := write(ctx, dir, &one); err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	return &Set{
		Root: dir, Prefix: Everywhere, Len: n, Bytes: int64(n) * size,
		at: func(i int) File {
			f := one
			f.Name = fmt.Sprintf("f%07d.bin", i)
			return f
		},
	}, nil
}

// One is the name of the file that Repeat makes.
const One = "one.bin"

// Single is the set of one file that an origin serves at its root; it has no
// folder.
func Single(name string, f origin.File) *Set {
	one := File{Name: name, Size: f.Size, Seed: f.Seed}
	copy(one.Sum[:], f.Sum(sha256.New()))
	return &Set{Prefix: "/", Len: 1, Bytes: f.Size, at: func(int) File { return one }}
}

// write makes f below dir and fills in its sum.
func write(ctx context.Context, dir string, f *File) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w, err := os.Create(filepath.Join(dir, f.Name))
	if err != nil {
		return err
	}
	h := sha256.New()
	_, err = io.CopyBuffer(io.MultiWriter(w, h), reader{ctx, f.Content().Reader()}, make([]byte, 256<<10))
	if e := w.Close(); err == nil {
		err = e
	}
	h.Sum(f.Sum[:0])
	return err
}

// reader ends with its context, so that an interrupt need not wait for gigabytes.
type reader struct {
	ctx context.Context
	io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// WriteLines writes a line for each file to the file at path; line gets the
// file's URL below base, and returns the line without its end.
func (s *Set) WriteLines(path, base string, line func(f File, url string) string) error {
	w, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	b := bufio.NewWriterSize(w, 1<<20)
	for i := range s.Len {
		f := s.At(i)
		// The first error stays and is returned by Flush.
		_, _ = b.WriteString(line(f, base+s.Prefix+f.Name) + "\n")
	}
	err = b.Flush()
	if e := w.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("source: write the list: %w", err)
	}
	return nil
}

// WriteList writes the list of URLs below base to the file at path.
func (s *Set) WriteList(path, base string) error {
	return s.WriteLines(path, base, func(_ File, url string) string { return url })
}
