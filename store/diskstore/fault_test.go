package diskstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/seed-9a1263fe/haul/store"
	"github.com/seed-9a1263fe/haul/store/vfs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// quiet syncs only when a test says so.
var quiet = Config{SyncEvery: 1 << 60}

func mustOpen(t *testing.T, fsys vfs.FS, cfg Config) *Store {
	t.Helper()
	s, err := Open(fsys, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func begin(t *testing.T, s *Store, n byte, key store.Key, size int64) store.Object {
	t.Helper()
	o, err := s.Open(t.Context(), owner(n), key)
	if err == nil {
		err = o.Reset(t.Context(), store.Identity{Size: size, ETag: `"v"`})
	}
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func put(t *testing.T, s *Store, n byte, key store.Key, data []byte, want store.Want) {
	t.Helper()
	o := begin(t, s, n, key, int64(len(data)))
	_, err := o.WriteAt(data, 0)
	if err == nil {
		_, err = o.Publish(t.Context(), want)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", what, err, want)
	}
}

func TestASecondRunIsToldWhoHoldsTheDirectory(t *testing.T) {
	dir := t.TempDir()
	fsys, err := vfs.NewOS(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer fsys.Close()
	cfg := quiet
	cfg.LockInfo = "run 17"
	s := mustOpen(t, fsys, cfg)
	_, err = Open(fsys, quiet)
	wantErr(t, "second run", err, store.ErrInUse)
	if held, ok := errors.AsType[*LockedError](err); !ok || held.Holder != "run 17" {
		t.Errorf("holder: got %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, fsys, quiet)
}

func TestANewerFormatIsRefusedAndLeftAlone(t *testing.T) {
	for name, text := range map[string]string{
		"newer":   `{"format":"haul-state","major":2,"minor":0,"min_reader":2}`,
		"foreign": `{"format":"other"}`,
		"broken":  `{`,
	} {
		fsys := vfs.NewMem()
		if err := fsys.MkdirAll(store.StateDir); err != nil {
			t.Fatal(err)
		}
		if err := writeWhole(fsys, formatFile, []byte(text)); err != nil {
			t.Fatal(err)
		}
		_, err := Open(fsys, quiet)
		if _, ok := errors.AsType[*FormatError](err); !ok {
			t.Errorf("%s: got %v, want a FormatError", name, err)
		}
		if got, err := readFile(fsys, formatFile); err != nil || string(got) != text {
			t.Errorf("%s: the file was changed to %q (%v)", name, got, err)
		}
	}
}

func TestAFullDiskLosesNothingCommitted(t *testing.T) {
	below := vfs.NewMem()
	data := bytesOf("x", 96<<10)
	disk := vfs.NewDisk(1 << 40)
	s := mustOpen(t, vfs.NewFaulty(below, disk.Plan), quiet)
	o := begin(t, s, 1, "a", int64(len(data)))
	if _, err := o.WriteAt(data[:32<<10], 0); err != nil {
		t.Fatal(err)
	}
	if err := o.Commit(t.Context(), store.Range{End: 32 << 10}); err != nil {
		t.Fatal(err)
	}
	disk.Grow(-1 << 40)
	_, err := o.WriteAt(data[32<<10:], 32<<10)
	wantErr(t, "write", err, store.ErrNoSpace)
	if err == nil || !strings.Contains(err.Error(), "65536 bytes") {
		t.Errorf("the error does not say how much was needed: %v", err)
	}
	disk.Grow(1 << 40)
	if _, err := o.WriteAt(data[32<<10:], 32<<10); err != nil {
		t.Fatalf("write once there is room: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, below, quiet)
	info, err := s.Stat(t.Context(), owner(1))
	if err != nil || info.Present != 32<<10 {
		t.Errorf("after reopening: got %+v, %v, want %d bytes", info, err, 32<<10)
	}
}

func TestAFailedWriteOrSyncPoisonsTheObject(t *testing.T) {
	for _, kind := range []vfs.Kind{vfs.OpWrite, vfs.OpSync} {
		t.Run(string(kind), func(t *testing.T) {
			below := vfs.NewMem()
			var armed atomic.Bool
			plan := func(op vfs.Op) vfs.Fault {
				if op.Kind == kind && strings.HasSuffix(op.Name, partSuffix) && armed.Swap(false) {
					return vfs.Fault{Err: syscall.EIO}
				}
				return vfs.Fault{}
			}
			cfg := quiet
			cfg.Durability = Strict
			s := mustOpen(t, vfs.NewFaulty(below, plan), cfg)
			data := bytesOf("x", 9000)
			o := begin(t, s, 1, "a", 9000)
			if _, err := o.WriteAt(data[:5000], 0); err != nil {
				t.Fatal(err)
			}
			armed.Store(true)
			_, err := o.WriteAt(data[5000:], 5000)
			if kind == vfs.OpSync {
				err = o.Commit(t.Context(), store.Range{End: 9000})
			}
			wantErr(t, "the operation that fails", err, store.ErrPoisoned)
			wantErr(t, "its cause", err, syscall.EIO)
			_, err = o.WriteAt(data, 0)
			wantErr(t, "write afterwards", err, store.ErrPoisoned)
			wantErr(t, "commit afterwards", o.Commit(t.Context(), store.Range{End: 10}), store.ErrPoisoned)
			_, err = o.Publish(t.Context(), store.Want{})
			wantErr(t, "publish afterwards", err, store.ErrPoisoned)

			if err := o.Reset(t.Context(), store.Identity{Size: 9000}); err != nil {
				t.Fatalf("reset: %v", err)
			}
			if _, err := o.WriteAt(data, 0); err != nil {
				t.Fatal(err)
			}
			if _, err := o.Publish(t.Context(), store.Want{}); err != nil {
				t.Fatal(err)
			}
			if got, err := readFile(below, "a"); err != nil || !bytes.Equal(got, data) {
				t.Errorf("published: %d other bytes, %v", len(got), err)
			}
		})
	}
}

func TestNothingOfAPoisonedObjectIsVouchedFor(t *testing.T) {
	below := vfs.NewMem()
	plan := func(op vfs.Op) vfs.Fault {
		if op.Kind == vfs.OpWrite && strings.HasSuffix(op.Name, partSuffix) && op.Len == 7 {
			return vfs.Fault{Err: syscall.EIO}
		}
		return vfs.Fault{}
	}
	s := mustOpen(t, vfs.NewFaulty(below, plan), quiet)
	o := begin(t, s, 1, "a", 100)
	if _, err := o.WriteAt(make([]byte, 50), 0); err != nil {
		t.Fatal(err)
	}
	if err := o.Commit(t.Context(), store.Range{End: 50}); err != nil {
		t.Fatal(err)
	}
	_, err := o.WriteAt(make([]byte, 7), 50)
	wantErr(t, "write", err, store.ErrPoisoned)
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = s.Stat(t.Context(), owner(1))
	wantErr(t, "stat", err, store.ErrNotFound)
}

func TestAFailedSyncOfEverythingIsNotForgiven(t *testing.T) {
	below := vfs.NewMem()
	var fail atomic.Bool
	s := mustOpen(t, vfs.NewFaulty(below, func(op vfs.Op) vfs.Fault {
		if op.Kind == vfs.OpSyncAll && fail.Swap(false) {
			return vfs.Fault{Err: syscall.EIO}
		}
		return vfs.Fault{}
	}), quiet)
	put(t, s, 1, "before", bytesOf("1", 100), store.Want{})
	if err := s.syncAll(); err != nil {
		t.Fatal(err)
	}
	put(t, s, 2, "lost", bytesOf("2", 100), store.Want{})
	o := begin(t, s, 3, "open", 100)
	if _, err := o.WriteAt(bytesOf("3", 50), 0); err != nil {
		t.Fatal(err)
	}
	fail.Store(true)
	wantErr(t, "sync", s.syncAll(), syscall.EIO)
	wantErr(t, "commit", o.Commit(t.Context(), store.Range{End: 50}), store.ErrPoisoned)
	if err := s.syncAll(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Stat(t.Context(), owner(1)); err != nil {
		t.Errorf("what was synced before: %v", err)
	}
	_, err := s.Stat(t.Context(), owner(2))
	wantErr(t, "what the failed sync had to cover", err, store.ErrNotFound)
	if _, err := below.Stat("lost"); err == nil {
		t.Error("a file that may be torn is still visible")
	}
}

func TestIntervalSyncsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var syncs atomic.Int64
		fsys := vfs.NewFaulty(vfs.NewMem(), func(op vfs.Op) vfs.Fault {
			if op.Kind == vfs.OpSyncAll {
				syncs.Add(1)
			}
			return vfs.Fault{}
		})
		s, err := Open(fsys, Config{SyncBytes: 1000})
		if err != nil {
			t.Fatal(err)
		}
		want := func(what string, n int64) {
			t.Helper()
			synctest.Wait()
			if got := syncs.Load(); got != n {
				t.Errorf("%s: %d syncs, want %d", what, got, n)
			}
		}
		put(t, s, 1, "a", []byte("small"), store.Want{})
		want("at once", 0)
		<-time.After(defaultSyncEvery + time.Millisecond)
		want("after the interval", 1)
		<-time.After(10 * defaultSyncEvery)
		want("with nothing new", 1)
		put(t, s, 2, "b", make([]byte, 2000), store.Want{})
		want("after many bytes", 2)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAPlantedLinkLeadsNowhere(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	fsys, err := vfs.NewOS(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer fsys.Close()
	s := mustOpen(t, fsys, quiet)
	if err := os.Symlink(outside, filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	victim := filepath.Join(outside, "victim")
	if err := os.WriteFile(victim, []byte("theirs"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(victim, filepath.Join(dir, partName(owner(2), "b"))); err != nil {
		t.Fatal(err)
	}
	for n, key := range map[byte]store.Key{1: "out/a", 2: "b"} {
		o := begin(t, s, n, key, 4)
		if _, err := o.WriteAt([]byte("ours"), 0); err == nil {
			t.Errorf("%s: a write through a planted link was taken", key)
		}
		o.Discard(t.Context())
	}
	if got, err := os.ReadFile(victim); err != nil || string(got) != "theirs" {
		t.Errorf("the file outside holds %q, %v", got, err)
	}
	if entries, err := os.ReadDir(outside); err != nil || len(entries) != 1 {
		t.Errorf("outside: %v, %v", entries, err)
	}
}

func TestAFileInTheWayOfADirectoryTakesTheKey(t *testing.T) {
	dir := t.TempDir()
	fsys, err := vfs.NewOS(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer fsys.Close()
	s := mustOpen(t, fsys, quiet)
	put(t, s, 1, "a", []byte("file"), store.Want{})
	if taken, err := s.Taken(t.Context(), owner(2), "a/b/c"); err != nil || !taken {
		t.Errorf("got %v, %v, want true", taken, err)
	}
	if err := os.Mkdir(filepath.Join(dir, "d"), 0o777); err != nil {
		t.Fatal(err)
	}
	o := begin(t, s, 2, "d", 4)
	if _, err := o.WriteAt([]byte("ours"), 0); err != nil {
		t.Fatal(err)
	}
	_, err = o.Publish(t.Context(), store.Want{Replace: true})
	wantErr(t, "publish over a directory", err, store.ErrExists)
}

func TestNamesOfPartFilesAreNoKeys(t *testing.T) {
	s := mustOpen(t, vfs.NewMem(), quiet)
	_, err := s.Open(t.Context(), owner(1), "a.00112233.part")
	wantErr(t, "open", err, store.ErrKey)
}

func TestTheTimeOfAFileIsAsWanted(t *testing.T) {
	fsys := vfs.NewMem()
	s := mustOpen(t, fsys, quiet)
	then := time.Unix(1_500_000_000, 0)
	put(t, s, 1, "a", []byte("x"), store.Want{ModTime: then})
	if info, err := fsys.Stat("a"); err != nil || !info.ModTime().Equal(then) {
		t.Errorf("got %v, %v, want %v", info.ModTime(), err, then)
	}
	if _, err := s.Stat(t.Context(), owner(1)); err != nil {
		t.Errorf("stat: %v", err)
	}
	if err := fsys.Chtimes("a", time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	_, err := s.Stat(t.Context(), owner(1))
	wantErr(t, "stat of a file that was touched", err, store.ErrNotFound)
}

func TestAKilledRunLeavesNoPartFiles(t *testing.T) {
	disk := vfs.NewMem()
	s := mustOpen(t, disk, quiet)
	o := begin(t, s, 1, "d/a", 100)
	if _, err := o.WriteAt(make([]byte, 50), 0); err != nil {
		t.Fatal(err)
	}
	put(t, s, 2, "b", []byte("flushes the log"), store.Want{})
	killed := disk.KillClone()
	if entries, err := killed.ReadDir("d"); err != nil || len(entries) != 1 {
		t.Fatalf("before reopening: %v, %v, want the part file", entries, err)
	}
	mustOpen(t, killed, quiet)
	if entries, err := killed.ReadDir("d"); err != nil || len(entries) != 0 {
		t.Errorf("after reopening: %v, %v, want nothing", entries, err)
	}
}

func TestADeletedPartFileIsOwedAgain(t *testing.T) {
	disk := vfs.NewMem()
	s := mustOpen(t, disk, quiet)
	data := bytesOf("x", 8192)
	o := begin(t, s, 1, "a", 8192)
	if _, err := o.WriteAt(data, 0); err != nil {
		t.Fatal(err)
	}
	if err := o.Commit(t.Context(), store.Range{End: 8192}); err != nil {
		t.Fatal(err)
	}
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	if err := disk.Remove(partName(owner(1), "a")); err != nil {
		t.Fatal(err)
	}
	again, err := s.Open(t.Context(), owner(1), "a")
	if err != nil {
		t.Fatal(err)
	}
	if e := again.Extents(); e.Len() != 0 {
		t.Errorf("extents of a file that is gone: %v", e.String())
	}
	if _, err := again.WriteAt(data, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := again.Publish(t.Context(), store.Want{}); err != nil {
		t.Fatal(err)
	}
}

func TestTheDigestOfParallelRangesIsThatOfTheWhole(t *testing.T) {
	cfg := quiet
	cfg.SHA256 = true
	disk := vfs.NewMem()
	s := mustOpen(t, disk, cfg)
	data := bytesOf("x", 100<<10)
	d, err := store.ParseDigest("sha-256", hexSHA(data))
	if err != nil {
		t.Fatal(err)
	}
	o := begin(t, s, 1, "a", int64(len(data)))
	for _, off := range []int{0, 50 << 10, 10 << 10, 60 << 10, 20 << 10, 30 << 10, 90 << 10, 40 << 10, 70 << 10, 80 << 10} {
		if _, err := o.WriteAt(data[off:off+10<<10], int64(off)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := o.Publish(context.Background(), store.Want{Digests: []store.Digest{d}}); err != nil {
		t.Error(err)
	}
}

func hexSHA(p []byte) string {
	sum := sha256.Sum256(p)
	return hex.EncodeToString(sum[:])
}

func TestTheLongestKeyIsRememberedAndNoLonger(t *testing.T) {
	key := store.Key(strings.Repeat(strings.Repeat("d", 127)+"/", 15) + strings.Repeat("k", 128))
	if len(key) != maxKey {
		t.Fatalf("the key has %d bytes", len(key))
	}
	disk := vfs.NewMem()
	s := mustOpen(t, disk, quiet)
	_, err := s.Open(t.Context(), owner(2), key+"k")
	wantErr(t, "open of a longer key", err, store.ErrKey)
	o := begin(t, s, 1, "short", 10)
	if _, err := o.WriteAt([]byte("12345"), 0); err != nil {
		t.Fatal(err)
	}
	if err := o.Commit(t.Context(), store.Range{End: 5}); err != nil {
		t.Fatal(err)
	}
	if err := o.Rename(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	long := begin(t, s, 3, key[:len(key)-1], 10)
	if _, err := long.WriteAt([]byte("12345"), 0); err != nil {
		t.Fatal(err)
	}
	if err := long.Commit(t.Context(), store.Range{End: 5}); err != nil {
		t.Fatal(err)
	}
	if err := long.Rename(t.Context(), "shorter"); err != nil {
		t.Fatal(err)
	}
	if err := s.checkpoint(); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, disk.KillClone(), quiet)
	for n, want := range map[byte]store.Key{1: key, 3: "shorter"} {
		if info, err := s.Stat(t.Context(), owner(n)); err != nil || info.Key != want || info.Present != 5 {
			t.Errorf("object %d: %.40q with %d bytes, %v", n, info.Key, info.Present, err)
		}
	}
}
