//go:build linux || darwin || freebsd

package vfs

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestPlantedPipeDoesNotHoldUpOpen(t *testing.T) {
	dir := t.TempDir()
	must(t, unix.Mkfifo(filepath.Join(dir, "pipe"), 0o600))
	o := newOS(t, dir)
	for _, flag := range []int{os.O_RDONLY, os.O_RDWR, os.O_RDWR | os.O_CREATE} {
		_, err := o.OpenFile("pipe", flag)
		wantErr(t, "open of a pipe", err, errNotRegular)
	}
}

func TestRenameExclFallsBackToLinks(t *testing.T) {
	o := newOS(t, t.TempDir())
	write(t, o, "from", "x")
	write(t, o, "taken", "y")
	d := o.dirs.top.dir
	wantErr(t, "link onto a file", d.linkExcl("from", d, "taken"), os.ErrExist)
	must(t, d.linkExcl("from", d, "to"))
	wantContent(t, o, "to", "x")
	wantErr(t, "rename onto a file", d.lookAndRename("to", d, "taken"), os.ErrExist)
	must(t, d.lookAndRename("to", d, "again"))
	wantContent(t, o, "again", "x")
	wantContent(t, o, "taken", "y")
	wantNames(t, o, ".", "again", "taken")
}

func TestFullDiskIsErrNoSpace(t *testing.T) {
	for _, err := range []error{unix.ENOSPC, unix.EDQUOT} {
		wantErr(t, "full", full(&os.PathError{Op: "write", Err: err}), ErrNoSpace)
		wantErr(t, "full", full(&os.PathError{Op: "write", Err: err}), err)
	}
	if err := full(unix.EIO); err != unix.EIO {
		t.Errorf("an unrelated error became %v", err)
	}
}
