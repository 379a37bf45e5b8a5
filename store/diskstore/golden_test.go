package diskstore

import (
	"flag"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"testing"

	"github.com/seed-9a1263fe/haul/store"
	"github.com/seed-9a1263fe/haul/store/vfs"
)

var rewrite = flag.Bool("rewrite", false, "write the golden directory anew, when the format has a new version")

const golden = "testdata/v1"

// TestTheFirstFormatIsRead opens a directory as the first version left it: with
// a checkpoint, tables and a log behind it, and objects of every kind.
func TestTheFirstFormatIsRead(t *testing.T) {
	if *rewrite {
		writeGolden(t)
	}
	disk := vfs.NewMem()
	copyInto(t, disk, golden)
	s := mustOpen(t, disk, quiet)
	for i := range 8 {
		info, err := s.Stat(t.Context(), nthOwner(i))
		if err != nil || info.Key != nthKey(i) || info.Present != int64(100+i) || info.Identity.ETag != `"tag"` {
			t.Errorf("object %d: %+v, %v", i, info, err)
		}
		if got, err := readFile(disk, string(nthKey(i))); err != nil || string(got) != string(bytesOf("golden", 100+i)) {
			t.Errorf("object %d: %d other bytes, %v", i, len(got), err)
		}
	}
	info, err := s.Stat(t.Context(), owner(1))
	if err != nil || info.State != store.Unfinished || info.Key != "d/half" || info.Present != 6000 {
		t.Fatalf("unfinished: %+v, %v", info, err)
	}
	o, err := s.Open(t.Context(), owner(1), "d/half")
	if err != nil {
		t.Fatal(err)
	}
	e := o.Extents()
	if e.String() != "[[0,4000) [7000,9000)]" {
		t.Errorf("extents: %v", e.String())
	}
	data := bytesOf("half", 10_000)
	for r := range e.Missing(10_000) {
		if _, err := o.WriteAt(data[r.Off:r.End], r.Off); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := o.Publish(t.Context(), store.Want{}); err != nil {
		t.Fatal(err)
	}
	if got, err := readFile(disk, "d/half"); err != nil || string(got) != string(data) {
		t.Errorf("finished: %d other bytes, %v", len(got), err)
	}
	for _, gone := range []byte{2, 3} {
		if _, err := s.Stat(t.Context(), owner(gone)); err == nil {
			t.Errorf("object %d was given up and is told", gone)
		}
	}
}

// writeGolden makes the directory, killed in mid-run.
func writeGolden(t *testing.T) {
	disk := vfs.NewMem()
	cfg := quiet
	cfg.LockInfo = "golden"
	s := mustOpen(t, disk, cfg)
	publish := func(from, to int) {
		for i := from; i < to; i++ {
			publishNth(t, s, i, bytesOf("golden", 100+i))
		}
	}
	publish(0, 4)
	s.cfg.Recent = 1
	if err := s.spillAndMerge(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.cfg.Recent = 1000
	publish(4, 6)
	o := begin(t, s, 1, "half", 10_000)
	data := bytesOf("half", 10_000)
	commit := func(off, end int64) {
		if _, err := o.WriteAt(data[off:end], off); err != nil {
			t.Fatal(err)
		}
		if err := o.Commit(t.Context(), store.Range{Off: off, End: end}); err != nil {
			t.Fatal(err)
		}
	}
	commit(0, 4000)
	if err := s.syncAll(); err != nil {
		t.Fatal(err)
	}
	if err := s.checkpoint(); err != nil {
		t.Fatal(err)
	}
	if err := o.Rename(t.Context(), "d/half"); err != nil {
		t.Fatal(err)
	}
	commit(7000, 9000)
	dropped := begin(t, s, 2, "dropped", 10)
	if _, err := dropped.WriteAt([]byte("x"), 0); err != nil {
		t.Fatal(err)
	}
	if err := dropped.Discard(t.Context()); err != nil {
		t.Fatal(err)
	}
	overwriteNew(t, disk, "taken", "foreign")
	refused := begin(t, s, 3, "taken", 1)
	if _, err := refused.WriteAt([]byte("x"), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := refused.Publish(t.Context(), store.Want{}); err == nil {
		t.Fatal("published over a foreign file")
	}
	publish(6, 8)
	copyOut(t, disk.KillClone(), golden)
}

func overwriteNew(t *testing.T, fsys vfs.FS, name, text string) {
	t.Helper()
	f, err := fsys.OpenFile(name, vfs.ReadWrite|vfs.Create)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	overwrite(t, fsys, name, text)
}

// copyOut copies a file system to a directory of the repository.
func copyOut(t *testing.T, from vfs.FS, to string) {
	t.Helper()
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	var walk func(dir string)
	walk = func(dir string) {
		entries, err := from.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			name := path.Join(dir, e.Name())
			if e.IsDir() {
				walk(name)
				continue
			}
			data, err := readFile(from, name)
			if err == nil {
				err = os.MkdirAll(filepath.Join(to, dir), 0o777)
			}
			if err == nil {
				err = os.WriteFile(filepath.Join(to, name), data, 0o666)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	walk(".")
}

// copyInto copies a directory of the repository, with the times that the objects
// were published at: those of the files are when they were checked out.
func copyInto(t *testing.T, to *vfs.Mem, from string) {
	t.Helper()
	root := os.DirFS(from)
	err := fs.WalkDir(root, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		if err := to.MkdirAll(path.Dir(name)); err != nil {
			return err
		}
		f, err := to.OpenFile(name, vfs.ReadWrite|vfs.Create)
		if err != nil {
			return err
		}
		if len(data) > 0 {
			if _, err := f.WriteAt(data, 0); err != nil {
				return err
			}
		}
		return f.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
	v, err := Inspect(to)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	for r, err := range v.Published(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if err := to.Chtimes(string(r.Key), r.published.mtime); err != nil {
			t.Fatal(err)
		}
	}
}
