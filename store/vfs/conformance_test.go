package vfs

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// everyFS runs a test over each implementation of the contract.
func everyFS(t *testing.T, test func(t *testing.T, fsys FS)) {
	t.Run("OS", func(t *testing.T) { test(t, newOS(t, t.TempDir())) })
	t.Run("Mem", func(t *testing.T) { test(t, NewMem()) })
	t.Run("Faulty", func(t *testing.T) {
		test(t, NewFaulty(NewMem(), func(Op) Fault { return Fault{} }))
	})
}

func newOS(t *testing.T, dir string) *OS {
	t.Helper()
	o, err := NewOS(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(t, o.Close()) })
	return o
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB, fsys FS, name, content string) {
	t.Helper()
	f, err := fsys.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	must(t, err)
	_, err = f.WriteAt([]byte(content), 0)
	must(t, err)
	must(t, f.Sync())
	must(t, f.Close())
}

// read returns the content of a file, and what went wrong.
func read(fsys FS, name string) (string, error) {
	f, err := fsys.OpenFile(name, os.O_RDONLY)
	if err != nil {
		return "", err
	}
	n, err := f.Size()
	if err != nil {
		return "", errors.Join(err, f.Close())
	}
	b, err := io.ReadAll(io.NewSectionReader(f, 0, n))
	return string(b), errors.Join(err, f.Close())
}

func wantContent(t testing.TB, fsys FS, name, want string) {
	t.Helper()
	got, err := read(fsys, name)
	if err != nil || got != want {
		t.Errorf("%s holds %q, %v; want %q", name, got, err, want)
	}
}

func wantErr(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got error %v, want %v", what, err, want)
	}
}

func TestFileReadsBackWhatWasWritten(t *testing.T) {
	everyFS(t, func(t *testing.T, fsys FS) {
		f, err := fsys.OpenFile("f", os.O_RDWR|os.O_CREATE|os.O_EXCL)
		must(t, err)
		defer func() { must(t, f.Close()) }()
		want := bytes.Repeat([]byte("0123456789"), 1000)
		_, err = f.WriteAt(want[5000:], 5000)
		must(t, err)
		hole := make([]byte, 5000)
		if n, err := f.ReadAt(hole, 0); n != 5000 || err != nil || !bytes.Equal(hole, make([]byte, 5000)) {
			t.Errorf("hole: read %d, %v; want 5000 zeros", n, err)
		}
		_, err = f.WriteAt(want[:5000], 0)
		must(t, err)
		got := make([]byte, len(want)+1)
		if n, err := f.ReadAt(got, 0); n != len(want) || err != io.EOF || !bytes.Equal(got[:n], want) {
			t.Errorf("read %d of %d bytes, %v; want all and EOF", n, len(want), err)
		}
		f.Writeback(0, 4096)
		must(t, f.Allocate(1<<20))
		if n, err := f.Size(); n != int64(len(want)) || err != nil {
			t.Errorf("size %d, %v after Allocate; want %d", n, err, len(want))
		}
	})
}

func TestTruncateLeavesZerosBehindWhenGrownAgain(t *testing.T) {
	everyFS(t, func(t *testing.T, fsys FS) {
		write(t, fsys, "f", strings.Repeat("x", 9000))
		f, err := fsys.OpenFile("f", os.O_RDWR)
		must(t, err)
		must(t, f.Truncate(10))
		must(t, f.Truncate(9000))
		must(t, f.Close())
		wantContent(t, fsys, "f", strings.Repeat("x", 10)+strings.Repeat("\x00", 8990))
	})
}

func TestOpenFileObeysItsFlags(t *testing.T) {
	everyFS(t, func(t *testing.T, fsys FS) {
		_, err := fsys.OpenFile("f", os.O_RDWR)
		wantErr(t, "open what is missing", err, fs.ErrNotExist)
		_, err = fsys.OpenFile("d/f", os.O_RDWR|os.O_CREATE)
		wantErr(t, "create in a missing directory", err, fs.ErrNotExist)
		write(t, fsys, "f", "old")
		_, err = fsys.OpenFile("f", os.O_RDWR|os.O_CREATE|os.O_EXCL)
		wantErr(t, "create what exists", err, fs.ErrExist)
		must(t, fsys.MkdirAll("d"))
		if _, err := fsys.OpenFile("d", os.O_RDONLY); err == nil {
			t.Error("a directory was opened as a file")
		}
		f, err := fsys.OpenFile("f", os.O_RDONLY)
		must(t, err)
		if _, err := f.WriteAt([]byte("new"), 0); err == nil {
			t.Error("a file opened for reading was written")
		}
		must(t, f.Close())
		if _, err := f.ReadAt(make([]byte, 1), 0); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("read after close: %v, want fs.ErrClosed", err)
		}
		wantContent(t, fsys, "f", "old")
	})
}

func TestNamesThatLeaveTheRootAreRefused(t *testing.T) {
	everyFS(t, func(t *testing.T, fsys FS) {
		write(t, fsys, "ok", "")
		for _, name := range []string{"", "/etc/passwd", "..", "../x", "a/../../x", "a//b", "a/.", "a\x00b"} {
			_, open := fsys.OpenFile(name, os.O_RDWR|os.O_CREATE)
			_, stat := fsys.Stat(name)
			_, list := fsys.ReadDir(name)
			_, lock := fsys.Lock(name, "")
			for what, err := range map[string]error{
				"open": open, "stat": stat, "readdir": list, "lock": lock,
				"mkdir":       fsys.MkdirAll(name),
				"rename":      fsys.Rename(name, "to"),
				"rename to":   fsys.Rename("ok", name),
				"rename excl": fsys.RenameExcl("ok", name),
				"remove":      fsys.Remove(name),
				"chtimes":     fsys.Chtimes(name, time.Now()),
				"syncdir":     fsys.SyncDir(name),
			} {
				wantErr(t, what+" of "+name, err, fs.ErrInvalid)
			}
		}
	})
}

func TestRenameReplacesAndRenameExclDoesNot(t *testing.T) {
	everyFS(t, func(t *testing.T, fsys FS) {
		must(t, fsys.MkdirAll("a/b"))
		write(t, fsys, "a/1", "one")
		write(t, fsys, "a/b/2", "two")
		wantErr(t, "rename onto a file", fsys.RenameExcl("a/1", "a/b/2"), fs.ErrExist)
		wantErr(t, "rename onto a directory", fsys.RenameExcl("a/1", "a/b"), fs.ErrExist)
		wantErr(t, "rename of nothing", fsys.RenameExcl("a/0", "a/3"), fs.ErrNotExist)
		wantContent(t, fsys, "a/1", "one")
		must(t, fsys.RenameExcl("a/1", "a/b/3"))
		wantContent(t, fsys, "a/b/3", "one")
		must(t, fsys.Rename("a/b/3", "a/b/2"))
		wantContent(t, fsys, "a/b/2", "one")
		_, err := fsys.Stat("a/1")
		wantErr(t, "stat of the old name", err, fs.ErrNotExist)
		wantNames(t, fsys, "a/b", "2")
	})
}

func wantNames(t testing.TB, fsys FS, dir string, want ...string) {
	t.Helper()
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		t.Errorf("list %s: %v", dir, err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s has %q, want %q", dir, got, want)
	}
}

func TestDirectoryIsFoundAgainAfterItWasRemoved(t *testing.T) {
	everyFS(t, func(t *testing.T, fsys FS) {
		for _, content := range []string{"first", "second"} {
			must(t, fsys.MkdirAll("a/b"))
			write(t, fsys, "a/b/f", content)
			wantContent(t, fsys, "a/b/f", content)
			must(t, fsys.SyncDir("a/b"))
			if err := fsys.Remove("a/b"); err == nil {
				t.Error("a directory with a file in it was removed")
			}
			must(t, fsys.Remove("a/b/f"))
			must(t, fsys.Remove("a/b"))
			must(t, fsys.Remove("a"))
			_, err := fsys.Stat("a/b/f")
			wantErr(t, "stat below what was removed", err, fs.ErrNotExist)
		}
	})
}

func TestStatAndListingDescribe(t *testing.T) {
	everyFS(t, func(t *testing.T, fsys FS) {
		must(t, fsys.MkdirAll("d"))
		write(t, fsys, "d/b", "12345")
		write(t, fsys, "d/a", "")
		when := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
		must(t, fsys.Chtimes("d/b", when))
		info, err := fsys.Stat("d/b")
		must(t, err)
		if info.Name() != "b" || info.Size() != 5 || !info.ModTime().Equal(when) || !info.Mode().IsRegular() {
			t.Errorf("stat: %v %v %v %v", info.Name(), info.Size(), info.ModTime(), info.Mode())
		}
		if info, err := fsys.Stat("d"); err != nil || !info.IsDir() {
			t.Errorf("stat of a directory: %v, %v", info, err)
		}
		wantNames(t, fsys, "d", "a", "b")
		wantNames(t, fsys, ".", "d")
		_, err = fsys.ReadDir("none")
		wantErr(t, "list nothing", err, fs.ErrNotExist)
	})
}

func TestLockKeepsOthersOutAndNamesTheHolder(t *testing.T) {
	everyFS(t, func(t *testing.T, fsys FS) {
		lock, err := fsys.Lock("LOCK", "pid 1 host a")
		must(t, err)
		_, err = fsys.Lock("LOCK", "pid 2 host b")
		wantErr(t, "second lock", err, ErrLocked)
		if held, ok := errors.AsType[*LockedError](err); !ok || held.Holder != "pid 1 host a" {
			t.Errorf("error %v does not name the holder", err)
		}
		must(t, lock.Close())
		lock, err = fsys.Lock("LOCK", "pid 2")
		must(t, err)
		wantContent(t, fsys, "LOCK", "pid 2")
		must(t, lock.Close())
	})
}

func TestSyncAllAndFreeWork(t *testing.T) {
	everyFS(t, func(t *testing.T, fsys FS) {
		write(t, fsys, "f", "x")
		must(t, fsys.SyncAll())
		must(t, fsys.SyncDir("."))
		if n, err := fsys.Free(); n <= 0 || err != nil {
			t.Errorf("free: %d, %v", n, err)
		}
		if first, second := fsys.BootID(), fsys.BootID(); first != second {
			t.Errorf("boot ID %q then %q", first, second)
		}
	})
}
