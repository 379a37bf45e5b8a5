package source

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// pair makes a set and a folder with a copy of it.
func pair(t *testing.T) (*Set, string) {
	t.Helper()
	s, err := Make(t.Context(), t.TempDir(), 7, Sizes(7, 300, 1, 4096, 1))
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	if err := os.CopyFS(out, os.DirFS(s.Root)); err != nil {
		t.Fatal(err)
	}
	return s, out
}

func TestVerifyFindsWhatIsNotRight(t *testing.T) {
	for name, c := range map[string]struct {
		harm  func(dir string, f File) error
		depth Depth
		want  Verdict
	}{
		"nothing":                   {func(string, File) error { return nil }, All, Verdict{Right: 300}},
		"missing":                   {func(dir string, f File) error { return os.Remove(filepath.Join(dir, f.Name)) }, SizesOnly, Verdict{Right: 299, Missing: 1}},
		"short":                     {func(dir string, f File) error { return os.Truncate(filepath.Join(dir, f.Name), f.Size-1) }, SizesOnly, Verdict{Right: 299, Size: 1}},
		"content":                   {flip, All, Verdict{Right: 299, Content: 1}},
		"content of a sampled file": {flip, Sample, Verdict{Right: 299, Content: 1}},
		"content unread":            {flip, SizesOnly, Verdict{Right: 300}},
		"extra":                     {func(dir string, _ File) error { return os.WriteFile(filepath.Join(dir, "x"), nil, 0o600) }, SizesOnly, Verdict{Right: 300, Extra: 1}},
		"hidden":                    {func(dir string, _ File) error { return os.Mkdir(filepath.Join(dir, ".haul"), 0o700) }, SizesOnly, Verdict{Right: 300}},
	} {
		t.Run(name, func(t *testing.T) {
			s, out := pair(t)
			if err := c.harm(out, s.At(sampled)); err != nil {
				t.Fatal(err)
			}
			got, err := s.Verify(t.Context(), out, c.depth)
			c.want.Files, c.want.Example = 300, got.Example
			if err != nil || got != c.want || got.OK() != (got.Right == 300 && got.Extra == 0) || !got.OK() && got.Example == "" {
				t.Errorf("got %+v, %v, want %+v", got, err, c.want)
			}
		})
	}
}

// flip changes the first byte.
func flip(dir string, f File) error {
	path := filepath.Join(dir, f.Name)
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	b[0] ^= 1
	return os.WriteFile(path, b, 0o600)
}

func TestVerifyEndsWithItsContext(t *testing.T) {
	s, out := pair(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if v, err := s.Verify(ctx, out, All); !errors.Is(err, context.Canceled) {
		t.Errorf("got %+v %v", v, err)
	}
}

func TestTheSameSeedMakesTheSameSet(t *testing.T) {
	a, _ := pair(t)
	b, _ := pair(t)
	var sum int64
	for i := range a.Len {
		if a.At(i) != b.At(i) {
			t.Fatalf("%+v and %+v", a.At(i), b.At(i))
		}
		sum += a.At(i).Size
	}
	if sum != a.Bytes {
		t.Errorf("sizes add up to %d, Bytes is %d", sum, a.Bytes)
	}
}

func TestSizesStayWithinTheirBoundsAndSkewMakesThemSmaller(t *testing.T) {
	var even, skewed int64
	for i, s := range Sizes(1, 1000, 10, 1000, 1) {
		if s < 10 || s > 1000 {
			t.Fatalf("size %d", s)
		}
		even += s
		skewed += Sizes(1, 1000, 10, 1000, 4)[i]
	}
	if skewed >= even {
		t.Errorf("%d with a skew, %d without", skewed, even)
	}
}

func TestRepeatGivesOneFileManyNames(t *testing.T) {
	s, err := Repeat(t.Context(), t.TempDir(), 1, 1000, 20)
	if err != nil {
		t.Fatal(err)
	}
	if s.At(0).Name == s.At(999).Name || s.At(0).Sum != s.At(999).Sum || s.Bytes != 20_000 {
		t.Errorf("%+v %+v", s.At(0), s.At(999))
	}
	path := filepath.Join(t.TempDir(), "list")
	if err := s.WriteList(path, "http://h"); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	head := make([]byte, 32)
	if _, err := io.ReadFull(f, head); err != nil || string(head[:30]) != "http://h/every/f0000000.bin\nht" {
		t.Errorf("got %q %v", head, err)
	}
}

func TestAnyWholeWaitsForTheWholeSize(t *testing.T) {
	s, out := pair(t)
	empty := t.TempDir()
	if s.AnyWhole(empty)() || !s.AnyWhole(out)() {
		t.Error("an empty folder has one, or a full one has none")
	}
	f := s.At(0)
	if err := os.WriteFile(filepath.Join(empty, f.Name), make([]byte, f.Size+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if s.AnyWhole(empty)() {
		t.Error("a file of another size counts")
	}
}
