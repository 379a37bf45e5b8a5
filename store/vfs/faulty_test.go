package vfs

import (
	"errors"
	"os"
	"testing"
)

var errInjected = errors.New("injected")

func openFaulty(t testing.TB, m *Mem, plan Plan) (*Faulty, File) {
	t.Helper()
	fsys := NewFaulty(m, plan)
	f, err := fsys.OpenFile("f", os.O_RDWR|os.O_CREATE)
	must(t, err)
	must(t, m.SyncDir("."))
	return fsys, f
}

func TestDiskRunsFullInTheMiddleOfAWrite(t *testing.T) {
	disk := NewDisk(5)
	fsys, f := openFaulty(t, NewMem(), disk.Plan)
	_, err := f.WriteAt([]byte("abc"), 0)
	must(t, err)
	n, err := f.WriteAt([]byte("defg"), 3)
	if n != 2 || !errors.Is(err, ErrNoSpace) {
		t.Errorf("wrote %d, %v; want 2 and ErrNoSpace", n, err)
	}
	wantContent(t, fsys, "f", "abcde")
	if n, err := f.WriteAt([]byte("x"), 5); n != 0 || !errors.Is(err, ErrNoSpace) {
		t.Errorf("wrote %d, %v on a full disk", n, err)
	}
	disk.Grow(1)
	_, err = f.WriteAt([]byte("x"), 5)
	must(t, err)
	wantContent(t, fsys, "f", "abcdex")
}

func TestFailedSyncForgetsWhatItCouldNotWrite(t *testing.T) {
	m := NewMem()
	_, f := openFaulty(t, m, FailNth(OpSync, 2, Fault{Err: errInjected}))
	_, err := f.WriteAt([]byte("one"), 0)
	must(t, err)
	must(t, f.Sync())
	_, err = f.WriteAt([]byte("two"), 0)
	must(t, err)
	wantErr(t, "sync", f.Sync(), errInjected)
	must(t, f.Sync())
	wantContent(t, m, "f", "two")
	for seed := range uint64(20) {
		wantContent(t, m.CrashClone(rng(seed), 0.9), "f", "one")
	}
	_, err = f.WriteAt([]byte("two"), 0)
	must(t, err)
	must(t, f.Sync())
	wantContent(t, m.CrashClone(rng(1), 0), "f", "two")
}

func TestSkipLeavesOutAndReportsSuccess(t *testing.T) {
	m := NewMem()
	_, f := openFaulty(t, m, func(op Op) Fault { return Fault{Skip: op.Kind == OpSync} })
	_, err := f.WriteAt([]byte("x"), 0)
	must(t, err)
	must(t, f.Sync())
	if got, err := read(m.CrashClone(rng(1), 0), "f"); got == "x" || err != nil {
		t.Errorf("got %q, %v: the sync was done", got, err)
	}
}

func TestPlanSeesEachOperationInOrder(t *testing.T) {
	var ops []Op
	m := NewMem()
	fsys := NewFaulty(m, func(op Op) Fault {
		ops = append(ops, op)
		return Fault{}
	})
	must(t, fsys.MkdirAll("d"))
	write(t, fsys, "d/a", "xyz")
	must(t, fsys.RenameExcl("d/a", "d/b"))
	must(t, fsys.SyncDir("d"))
	want := []Op{
		{1, OpMkdir, "d", "", 0},
		{2, OpOpen, "d/a", "", 0},
		{3, OpWrite, "d/a", "", 3},
		{4, OpSync, "d/a", "", 0},
		{5, OpRename, "d/a", "d/b", 0},
		{6, OpSyncDir, "d", "", 0},
	}
	if len(ops) != len(want) {
		t.Fatalf("got %v, want %v", ops, want)
	}
	for i := range want {
		if ops[i] != want[i] {
			t.Errorf("operation %d: got %+v, want %+v", i, ops[i], want[i])
		}
	}
}

func TestEveryOperationCanFail(t *testing.T) {
	m := NewMem()
	must(t, m.MkdirAll("d"))
	write(t, m, "f", "x")
	fail := false
	fsys := NewFaulty(m, func(Op) Fault {
		if fail {
			return Fault{Err: errInjected}
		}
		return Fault{}
	})
	f, err := fsys.OpenFile("f", os.O_RDWR)
	must(t, err)
	fail = true
	_, open := fsys.OpenFile("f", os.O_RDWR)
	_, stat := fsys.Stat("f")
	_, list := fsys.ReadDir("d")
	_, lock := fsys.Lock("l", "")
	_, readErr := f.ReadAt(make([]byte, 1), 0)
	_, writeErr := f.WriteAt([]byte("y"), 0)
	for what, err := range map[string]error{
		"open": open, "stat": stat, "readdir": list, "lock": lock, "read": readErr, "write": writeErr,
		"mkdir": fsys.MkdirAll("e"), "rename": fsys.Rename("f", "g"), "renameexcl": fsys.RenameExcl("f", "g"),
		"remove": fsys.Remove("f"), "chtimes": fsys.Chtimes("f", m.root.mtime), "syncdir": fsys.SyncDir("."),
		"syncall": fsys.SyncAll(), "truncate": f.Truncate(0), "allocate": f.Allocate(9), "sync": f.Sync(),
	} {
		wantErr(t, what, err, errInjected)
	}
	wantContent(t, m, "f", "x")
	wantNames(t, m, ".", "d", "f")
}
