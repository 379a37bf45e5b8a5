package origin

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

func TestContentIsTheSameFromEveryOffset(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := File{Size: rapid.Int64Range(0, 300).Draw(t, "size"), Seed: rapid.Uint64().Draw(t, "seed")}
		all, err := io.ReadAll(f.Reader())
		if err != nil || int64(len(all)) != f.Size {
			t.Fatalf("read %d bytes of %d: %v", len(all), f.Size, err)
		}
		off := rapid.Int64Range(0, f.Size).Draw(t, "off")
		p := make([]byte, rapid.IntRange(0, 320).Draw(t, "n"))
		n, err := f.ReadAt(p, off)
		want := all[off:min(f.Size, off+int64(len(p)))]
		if !bytes.Equal(p[:n], want) {
			t.Fatalf("at %d: %x, want %x", off, p[:n], want)
		}
		if (n < len(p)) != (err == io.EOF) && off < f.Size {
			t.Fatalf("at %d: %d bytes of %d: %v", off, n, len(p), err)
		}
	})
}

func TestContentIsAReaderAt(t *testing.T) {
	for _, f := range []File{{Size: 1001, Seed: 7}, {Data: []byte("some words")}, {}} {
		all, _ := io.ReadAll(f.Reader())
		if err := iotest.TestReader(f.Reader(), all); err != nil {
			t.Error(err)
		}
	}
	if _, err := (File{Size: 5}).ReadAt(make([]byte, 1), -1); err == nil || err == io.EOF {
		t.Errorf("negative offset: %v", err)
	}
}

func TestSeedsGiveUnlikeContents(t *testing.T) {
	seen := map[string]uint64{}
	for seed := range uint64(200) {
		f := File{Size: 64, Seed: seed}
		p := make([]byte, 8)
		for off := int64(0); off < 64; off += 8 {
			_, _ = f.ReadAt(p, off)
			if other, ok := seen[string(p)]; ok {
				t.Fatalf("seeds %d and %d share the word %x", seed, other, p)
			}
			seen[string(p)] = seed
		}
	}
}

func TestCheckFindsTheFirstWrongByte(t *testing.T) {
	f := File{Size: 100_000, Seed: 3}
	all, _ := io.ReadAll(f.Reader())
	if err := f.Check(all[50:], 50); err != nil {
		t.Fatal(err)
	}
	all[70_001] ^= 1
	if err := f.Check(all, 0); err == nil || !strings.Contains(err.Error(), "byte 70001 ") {
		t.Errorf("got %v", err)
	}
	if err := f.Check(make([]byte, 2), f.Size-1); err == nil {
		t.Error("bytes beyond the end passed")
	}
}

func TestCheckReaderWantsTheWholeContent(t *testing.T) {
	f := File{Size: 100_000, Seed: 3}
	if err := f.CheckReader(f.Reader()); err != nil {
		t.Error(err)
	}
	if err := f.CheckReader(io.NewSectionReader(f, 0, 99_999)); err == nil {
		t.Error("a short content passed")
	}
	if err := f.CheckReader(io.MultiReader(f.Reader(), strings.NewReader("x"))); err == nil {
		t.Error("a long content passed")
	}
	if err := f.CheckReader(iotest.ErrReader(io.ErrUnexpectedEOF)); err == nil {
		t.Error("a read error passed")
	}
}

func TestSHA256IsThatOfTheContent(t *testing.T) {
	f := File{Size: 200_000, Seed: 9}
	all, _ := io.ReadAll(f.Reader())
	sum := sha256.Sum256(all)
	if got, want := f.SHA256(), hex.EncodeToString(sum[:]); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTreeIsTheSameForTheSameSeed(t *testing.T) {
	sizes := Sizes{Min: 0, Max: 1 << 20}
	a, b := Tree(5, 300, sizes), Tree(5, 300, sizes)
	small, paths := 0, map[string]bool{}
	for i := range a {
		if a[i].Path != b[i].Path || a[i].File.Size != b[i].File.Size || a[i].File.Seed != b[i].File.Seed {
			t.Fatalf("file %d differs", i)
		}
		if s := a[i].File.Size; s < 0 || s > 1<<20 {
			t.Fatalf("size %d", s)
		}
		if a[i].File.Size < 1<<10 {
			small++
		}
		paths[a[i].Path] = true
	}
	// Half of the orders of magnitude lie below 1 KiB.
	if small < 100 || small > 200 || len(paths) != 300 {
		t.Errorf("%d of 300 are small, %d paths", small, len(paths))
	}
}

func BenchmarkContent(b *testing.B) {
	f := File{Size: 1 << 40, Seed: 1}
	p := make([]byte, 64<<10)
	b.SetBytes(int64(len(p)))
	var off int64
	for b.Loop() {
		_, _ = f.ReadAt(p, off)
		off += int64(len(p))
	}
}
