package diskstore

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/seed-9a1263fe/haul/store"
	"github.com/seed-9a1263fe/haul/store/vfs"
)

func nthOwner(n int) store.Owner {
	var o store.Owner
	binary.BigEndian.PutUint64(o[:8], mix(uint64(n+1)))
	binary.BigEndian.PutUint64(o[8:], uint64(n))
	return o
}

func nthKey(n int) store.Key { return store.Key(fmt.Sprintf("%04x/file-%d", n>>10, n)) }

// publishNth publishes a small object of its own content.
func publishNth(tb testing.TB, s *Store, n int, data []byte) {
	o, err := s.Open(context.Background(), nthOwner(n), nthKey(n))
	if err == nil {
		err = o.Reset(context.Background(), store.Identity{Size: int64(len(data)), ETag: `"tag"`})
	}
	if err == nil {
		_, err = o.WriteAt(data, 0)
	}
	if err == nil {
		_, err = o.Publish(context.Background(), store.Want{})
	}
	if err != nil {
		tb.Fatal(err)
	}
}

func TestManyObjectsAreFoundInTablesAndAfterReopening(t *testing.T) {
	const n = 3000
	cfg := quiet
	cfg.Durability, cfg.Recent = None, 64
	disk := vfs.NewMem()
	s := mustOpen(t, disk, cfg)
	for i := range n {
		publishNth(t, s, i, []byte(fmt.Sprint(i)))
	}
	look := func(s *Store, when string) {
		t.Helper()
		for i := range n {
			info, err := s.Stat(t.Context(), nthOwner(i))
			if err != nil || info.Key != nthKey(i) || info.Identity.ETag != `"tag"` {
				t.Fatalf("%s: object %d: %+v, %v", when, i, info, err)
			}
		}
		for i := n; i < 2*n; i++ {
			if _, err := s.Stat(t.Context(), nthOwner(i)); err == nil {
				t.Fatalf("%s: object %d was never published and is found", when, i)
			}
		}
	}
	look(s, "while they are written to tables")
	checkView(t, s.View, n)
	checkView(t, func() (*View, error) { return Inspect(disk) }, n)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, disk, cfg)
	look(s, "after reopening")
	if inMemory := s.st.recent.len(); inMemory > 2*cfg.Recent {
		t.Errorf("%d objects are in memory, want at most %d", inMemory, 2*cfg.Recent)
	}
	if len(s.tables.list) > 20 {
		t.Errorf("%d tables", len(s.tables.list))
	}
	// What is published again hides what tables say.
	publishNth(t, s, 7, []byte("again"))
	if info, err := s.Stat(t.Context(), nthOwner(7)); err != nil || info.Present != 5 {
		t.Errorf("published again: %+v, %v", info, err)
	}
}

// checkView wants every object once.
func checkView(t *testing.T, open func() (*View, error), n int) {
	t.Helper()
	v, err := open()
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	seen := make(map[store.Owner]bool)
	for r, err := range v.Published(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if seen[r.Owner] {
			t.Fatalf("%v is told twice", r.Key)
		}
		seen[r.Owner] = true
		if len(seen)%500 == 0 {
			if err := v.Verify(t.Context(), r); err != nil {
				t.Errorf("verify: %v", err)
			}
		}
	}
	if len(seen) != n {
		t.Errorf("%d objects are told, want %d", len(seen), n)
	}
}

func TestVerifyTellsWhatChanged(t *testing.T) {
	disk := vfs.NewMem()
	s := mustOpen(t, disk, quiet)
	keys := []store.Key{"same", "other", "short", "gone"}
	for i, key := range keys {
		put(t, s, byte(i+1), key, []byte("data"), store.Want{SHA256: true})
	}
	o := begin(t, s, 9, "half", 10)
	if _, err := o.WriteAt([]byte("12345"), 0); err != nil {
		t.Fatal(err)
	}
	if err := o.Commit(t.Context(), store.Range{End: 5}); err != nil {
		t.Fatal(err)
	}
	overwrite(t, disk, "other", "DATA")
	overwrite(t, disk, "short", "dat")
	if err := disk.Remove("gone"); err != nil {
		t.Fatal(err)
	}
	v, err := Inspect(disk)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	want := map[store.Key]error{"same": nil, "other": store.ErrMismatch, "short": store.ErrMismatch, "gone": os.ErrNotExist}
	n := 0
	for r, err := range v.Published(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		wantErr(t, string(r.Key), v.Verify(t.Context(), r), want[r.Key])
	}
	if n != len(keys) {
		t.Errorf("%d objects are told, want %d", n, len(keys))
	}
	for r := range v.Unfinished() {
		if r.Key != "half" || r.Present != 5 || r.Identity.Size != 10 {
			t.Errorf("unfinished: %+v", r)
		}
	}
}

func overwrite(t *testing.T, fsys vfs.FS, name, text string) {
	t.Helper()
	f, err := fsys.OpenFile(name, vfs.ReadWrite|vfs.Trunc)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte(text), 0); err != nil {
		t.Fatal(err)
	}
}

func TestInspectWhereThereIsNoStore(t *testing.T) {
	_, err := Inspect(vfs.NewMem())
	wantErr(t, "inspect", err, os.ErrNotExist)
}

func TestWhatIsInMemoryIsBounded(t *testing.T) {
	cfg := quiet
	cfg.Recent = 500
	s := mustOpen(t, vfs.NewMem(), cfg)
	for i := range 20_000 {
		s.mu.Lock()
		s.awaitRoom()
		s.crowded()
		n := s.st.recent.len() + s.st.frozen.len()
		s.mu.Unlock()
		if n > 2*cfg.Recent {
			t.Fatalf("%d objects are in memory, want at most %d", n, 2*cfg.Recent)
		}
		if err := s.flatten(nthOwner(i), nthKey(i)); err != nil {
			t.Fatal(err)
		}
	}
}

// flatten records a publish without a file.
func (s *Store) flatten(owner store.Owner, key store.Key) error {
	return s.confirm(owner, published{key: key, mtime: time.Unix(0, 0)})
}

func BenchmarkPublishSmall(b *testing.B) {
	for _, d := range []Durability{Interval, None} {
		b.Run(d.String(), func(b *testing.B) {
			fsys, err := vfs.NewOS(b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			defer fsys.Close()
			s, err := Open(fsys, Config{Durability: d})
			if err != nil {
				b.Fatal(err)
			}
			data := make([]byte, 16<<10)
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				publishNth(b, s, n, data)
				n++
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "files/s")
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

func BenchmarkStatOfAMillion(b *testing.B) {
	fsys, err := vfs.NewOS(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer fsys.Close()
	s, err := Open(fsys, Config{Durability: None})
	if err != nil {
		b.Fatal(err)
	}
	const n = 1_000_000
	for i := range n {
		s.mu.Lock()
		s.awaitRoom()
		s.crowded()
		s.mu.Unlock()
		if err := s.flatten(nthOwner(i), nthKey(i)); err != nil {
			b.Fatal(err)
		}
	}
	i := 0
	for b.Loop() {
		if f, err := s.find(nthOwner(i * 7919 % n)); err != nil || !f.found {
			b.Fatal(f, err)
		}
		i++
	}
	b.StopTimer()
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	s, err = Open(fsys, Config{Durability: None})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(time.Since(began).Milliseconds()), "reopen-ms")
	b.ReportMetric(float64(len(s.tables.list)), "tables")
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "heap-MB")
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

func TestASmallObjectCostsFourOperations(t *testing.T) {
	var ops []string
	var mu sync.Mutex
	fsys := vfs.NewFaulty(vfs.NewMem(), func(op vfs.Op) vfs.Fault {
		mu.Lock()
		defer mu.Unlock()
		ops = append(ops, string(op.Kind))
		return vfs.Fault{}
	})
	s := mustOpen(t, fsys, quiet)
	put(t, s, 1, "first", []byte("data"), store.Want{})
	mu.Lock()
	ops = nil
	mu.Unlock()
	put(t, s, 2, "second", []byte("data"), store.Want{})
	mu.Lock()
	defer mu.Unlock()
	// Closing the part file comes between the writes.
	if want := []string{"open", "write", "write", "rename"}; !slices.Equal(ops, want) {
		t.Errorf("got %v, want %v", ops, want)
	}
}

func TestManyAtOnceWhileTablesAreWrittenAndEverythingIsSynced(t *testing.T) {
	cfg := Config{SyncEvery: time.Millisecond, Recent: 50, SHA256: true}
	disk := vfs.NewMem()
	s := mustOpen(t, disk, cfg)
	const writers, each = 8, 150
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				n := w*each + i
				publishNth(t, s, n, []byte(fmt.Sprint(n)))
				if _, err := s.Stat(context.Background(), nthOwner(n)); err != nil {
					t.Errorf("object %d: %v", n, err)
				}
			}
		})
	}
	wg.Wait()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, disk, cfg)
	for n := range writers * each {
		if _, err := s.Stat(t.Context(), nthOwner(n)); err != nil {
			t.Errorf("object %d after reopening: %v", n, err)
		}
	}
}
