//go:build !(linux || darwin || freebsd)

package vfs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// open looks before it opens, since these systems cannot be told not to follow
// a link. os.Root keeps what is followed in between inside.
func (d *dir) open(base string, flag int) (*os.File, error) {
	info, err := d.root.Lstat(base)
	if err == nil && !info.Mode().IsRegular() {
		return nil, errNotRegular
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return d.root.OpenFile(base, flag, 0o666)
}

// rename moves a file over what stands there. The names go through the top,
// since an os.Root renames only within itself.
func (d *dir) rename(from string, to *dir, base string) error {
	return d.top.Rename(filepath.Join(d.name, from), filepath.Join(to.name, base))
}

// renameExcl looks first; see OS.RenameExcl.
func (d *dir) renameExcl(from string, to *dir, base string) error {
	_, err := to.root.Lstat(base)
	if err == nil {
		return fs.ErrExist
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return d.rename(from, to, base)
}

func syncData(f *os.File) error { return f.Sync() }

// writeback does nothing: there is no such call.
func writeback(*os.File, int64, int64) {}

// allocate does nothing: there is no such call.
func allocate(*os.File, int64) error { return nil }

// syncDir does nothing: these systems do not sync directories.
func syncDir(*os.File) error { return nil }

// isRemoved is never true: an open directory cannot be removed here.
func isRemoved(*os.File) bool { return false }

func bootID() string { return "" }

func isInterrupt(error) bool { return false }
