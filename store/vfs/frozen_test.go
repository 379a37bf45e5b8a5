package vfs

import (
	"os"
	"testing"
	"time"
)

func TestFrozenChangesNothing(t *testing.T) {
	below := NewMem()
	f, err := below.OpenFile("a", os.O_RDWR|os.O_CREATE)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("kept"), 0); err != nil {
		t.Fatal(err)
	}
	before, err := below.Stat("a")
	if err != nil {
		t.Fatal(err)
	}

	fz := Frozen(below)
	g, err := fz.OpenFile("a", os.O_RDWR)
	if err != nil {
		t.Fatal(err)
	}
	made, err := fz.OpenFile("b", os.O_RDWR|os.O_CREATE)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []File{g, made} {
		if _, err := file.WriteAt([]byte("gone"), 0); err != nil {
			t.Error(err)
		}
		for what, err := range map[string]error{"truncate": file.Truncate(0), "sync": file.Sync(), "allocate": file.Allocate(9)} {
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	for what, err := range map[string]error{
		"mkdir": fz.MkdirAll("d"), "rename": fz.Rename("a", "c"), "exclusive rename": fz.RenameExcl("a", "c"),
		"remove": fz.Remove("a"), "chtimes": fz.Chtimes("a", time.Unix(1, 0)), "sync of all": fz.SyncAll(), "close": fz.Close(),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}

	got := make([]byte, 4)
	if _, err := g.ReadAt(got, 0); err != nil || string(got) != "kept" {
		t.Errorf("file below: got %q, %v", got, err)
	}
	if after, err := below.Stat("a"); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("file below was touched (%v)", err)
	}
	if entries, err := below.ReadDir("."); err != nil || len(entries) != 1 {
		t.Errorf("names below: got %v, %v, want a alone", entries, err)
	}
}
