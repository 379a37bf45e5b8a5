package vfs

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func rng(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// create makes a file with content that is not synced.
func create(t testing.TB, m *Mem, name, content string) File {
	t.Helper()
	f, err := m.OpenFile(name, os.O_RDWR|os.O_CREATE)
	must(t, err)
	_, err = f.WriteAt([]byte(content), 0)
	must(t, err)
	return f
}

func TestCrashKeepsWhatWasSynced(t *testing.T) {
	m := NewMem()
	must(t, m.MkdirAll("d"))
	must(t, m.SyncDir("."))
	f := create(t, m, "d/f", "durable")
	must(t, f.Sync())
	must(t, m.SyncDir("d"))
	for seed := range uint64(100) {
		wantContent(t, m.CrashClone(rng(seed), 0), "d/f", "durable")
		wantContent(t, m.CrashClone(rng(seed), 0.5), "d/f", "durable")
	}
}

func TestCrashLosesWhatWasNotSynced(t *testing.T) {
	cases := map[string]func(m *Mem, f File) error{
		"data":      func(m *Mem, _ File) error { return m.SyncDir("d") },
		"name":      func(_ *Mem, f File) error { return f.Sync() },
		"directory": func(m *Mem, f File) error { return errors.Join(f.Sync(), m.SyncDir("d")) },
	}
	for what, sync := range cases {
		t.Run(what, func(t *testing.T) {
			m := NewMem()
			must(t, m.MkdirAll("d"))
			if what != "directory" {
				must(t, m.SyncDir("."))
			}
			must(t, sync(m, create(t, m, "d/f", "content")))
			if got, err := read(m.CrashClone(rng(1), 0), "d/f"); err == nil && got == "content" {
				t.Error("it is all there without a sync of it")
			}
			wantContent(t, m.CrashClone(onlyWhole(t), 1), "d/f", "content")
			wantContent(t, m.KillClone(), "d/f", "content")
		})
	}
}

// onlyWhole returns a source of chance that tears no block.
func onlyWhole(t testing.TB) *rand.Rand {
	t.Helper()
	return rand.New(highest{})
}

// highest is the source that always yields the highest number.
type highest struct{}

func (highest) Uint64() uint64 { return math.MaxUint64 }

func TestSyncAllKeepsEverything(t *testing.T) {
	m := NewMem()
	must(t, m.MkdirAll("a/b"))
	create(t, m, "a/b/f", "x")
	create(t, m, "old", "y")
	must(t, m.Rename("old", "a/new"))
	must(t, m.SyncAll())
	c := m.CrashClone(rng(1), 0)
	wantContent(t, c, "a/b/f", "x")
	wantContent(t, c, "a/new", "y")
	wantNames(t, c, ".", "a")
}

func TestCrashShowsARenameWhollyOrNotAtAll(t *testing.T) {
	var before, after int
	for seed := range uint64(200) {
		m := NewMem()
		must(t, m.MkdirAll("a"))
		must(t, m.MkdirAll("b"))
		create(t, m, "a/f", "new")
		create(t, m, "b/f", "old")
		must(t, m.SyncAll())
		must(t, m.Rename("a/f", "b/f"))
		// A later file in the old place must not cost the one that stood there.
		must(t, create(t, m, "a/f", "later").Sync())
		c := m.CrashClone(rng(seed), 0.5)
		a, errA := read(c, "a/f")
		b, errB := read(c, "b/f")
		switch {
		case a == "new" && b == "old" && errA == nil && errB == nil:
			before++
		case b == "new" && errB == nil && (errors.Is(errA, fs.ErrNotExist) || a == "later"):
			after++
		default:
			t.Fatalf("seed %d: a/f holds %q, %v and b/f %q, %v", seed, a, errA, b, errB)
		}
	}
	if before == 0 || after == 0 {
		t.Errorf("%d crashes before and %d after the rename; want some of each", before, after)
	}
}

func TestCrashMixesOldAndNewBlocks(t *testing.T) {
	old, fresh := strings.Repeat("o", 4*blockSize), strings.Repeat("n", 4*blockSize)
	mixed, torn := 0, 0
	for seed := range uint64(200) {
		m := NewMem()
		f := create(t, m, "f", old)
		must(t, m.SyncAll())
		_, err := f.WriteAt([]byte(fresh), 0)
		must(t, err)
		got, err := read(m.CrashClone(rng(seed), 0.5), "f")
		must(t, err)
		if len(got) != len(old) {
			t.Fatalf("seed %d: %d bytes", seed, len(got))
		}
		if strings.Contains(got, "n") && strings.Contains(got, "o") {
			mixed++
		}
		for i := 0; i < len(got); i += sectorSize {
			if s := got[i : i+sectorSize]; strings.Count(s, s[:1]) != sectorSize {
				t.Fatalf("seed %d: a sector of both", seed)
			}
		}
		for i := 0; i < len(got); i += blockSize {
			if b := got[i : i+blockSize]; strings.Count(b, b[:1]) != blockSize {
				torn++
			}
		}
	}
	if mixed < 100 || torn == 0 {
		t.Errorf("%d of 200 mixed, %d blocks torn; want most, and some", mixed, torn)
	}
}

func TestClonesShareNothing(t *testing.T) {
	m := NewMem()
	f := create(t, m, "f", "one")
	must(t, m.SyncAll())
	_, err := f.WriteAt([]byte("two"), 0)
	must(t, err)
	killed, crashed := m.KillClone(), m.CrashClone(onlyWhole(t), 1)
	_, err = f.WriteAt([]byte("six"), 0)
	must(t, err)
	write(t, killed, "f", "ten")
	wantContent(t, m, "f", "six")
	wantContent(t, killed, "f", "ten")
	wantContent(t, crashed, "f", "two")
	wantContent(t, m.CrashClone(rng(1), 0), "f", "one")
}

func TestSameSeedCrashesAlike(t *testing.T) {
	m := NewMem()
	for i := range 20 {
		create(t, m, fmt.Sprint("f", i), strings.Repeat("x", 20000))
	}
	for seed := range uint64(20) {
		if a, b := dump(t, m.CrashClone(rng(seed), 0.5)), dump(t, m.CrashClone(rng(seed), 0.5)); a != b {
			t.Fatalf("seed %d crashed in two ways", seed)
		}
	}
}

// dump writes down all files below the root.
func dump(t testing.TB, m *Mem) string {
	t.Helper()
	var s strings.Builder
	entries, err := m.ReadDir(".")
	must(t, err)
	for _, e := range entries {
		content, err := read(m, e.Name())
		must(t, err)
		fmt.Fprintf(&s, "%s=%q\n", e.Name(), content)
	}
	return s.String()
}

func TestKillFreesLocksAndKeepsBootID(t *testing.T) {
	m := NewMem()
	_, err := m.Lock("LOCK", "first")
	must(t, err)
	c := m.KillClone()
	_, err = c.Lock("LOCK", "second")
	must(t, err)
	if c.BootID() != m.BootID() || m.CrashClone(rng(1), 1).BootID() == m.BootID() {
		t.Error("a kill must keep the boot ID and a crash must change it")
	}
}

// TestMemFileIsAByteArray compares a file with the plainest thing that it can be.
func TestMemFileIsAByteArray(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := NewMem()
		f, err := m.OpenFile("f", os.O_RDWR|os.O_CREATE)
		if err != nil {
			t.Fatal(err)
		}
		var model, durable []byte
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				off := rapid.IntRange(0, 3*blockSize).Draw(t, "off")
				p := rapid.SliceOfN(rapid.Byte(), 0, 100).Draw(t, "p")
				_, err = f.WriteAt(p, int64(off))
				if grow := off + len(p) - len(model); grow > 0 && len(p) > 0 {
					model = append(model, make([]byte, grow)...)
				}
				copy(model[min(off, len(model)):], p)
			},
			"truncate": func(t *rapid.T) {
				n := rapid.IntRange(0, 3*blockSize).Draw(t, "n")
				err = f.Truncate(int64(n))
				model = append(model, make([]byte, max(n-len(model), 0))...)[:n]
			},
			"sync": func(*rapid.T) {
				err = m.SyncAll()
				durable = append([]byte(nil), model...)
			},
			"": func(t *rapid.T) {
				if err != nil {
					t.Fatal(err)
				}
				if got, _ := read(m, "f"); got != string(model) {
					t.Fatalf("the file and its model differ")
				}
				if got, _ := read(m.CrashClone(rng(1), 0), "f"); got != string(durable) {
					t.Fatalf("the disk and its model differ")
				}
			},
		})
	})
}
