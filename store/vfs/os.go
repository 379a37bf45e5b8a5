package vfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// OS is a directory of the real file system. Every name is looked up below an
// os.Root, so a symbolic link planted inside never leads out, and the last
// segment of a name is never followed at all.
//
// It keeps the handles of up to maxDirs directories, so that an operation on one
// of very many files costs one system call and no walk. A directory that is
// moved by somebody else while it is in use is followed to its new place, as
// with any open handle; one that was removed is looked up again.
type OS struct {
	root *os.Root
	dirs *dirCache
}

// NewOS returns the file system below dir, which is made, durably, if missing.
func NewOS(dir string) (*OS, error) {
	if err := makeRoot(dir); err != nil {
		return nil, fmt.Errorf("vfs: make %q: %w", dir, err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("vfs: open %q: %w", dir, err)
	}
	dirs, err := newDirCache(root)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("vfs: open %q: %w", dir, err), root.Close())
	}
	return &OS{root: root, dirs: dirs}, nil
}

// makeRoot makes dir and its parents. The directory above each new one is
// synced: a root that a power cut takes away would take everything with it.
func makeRoot(dir string) error {
	dir = filepath.Clean(dir)
	var above []string
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Stat(d); err == nil || d == filepath.Dir(d) {
			break
		}
		above = append(above, filepath.Dir(d))
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return full(err)
	}
	for _, d := range above {
		f, err := os.Open(d)
		if err != nil {
			return err
		}
		if err := errors.Join(syncDir(f), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// full makes the error of a full disk or quota wrap ErrNoSpace.
func full(err error) error {
	if err != nil && isNoSpace(err) {
		return fmt.Errorf("%w: %w", ErrNoSpace, err)
	}
	return err
}

// in calls op with the directory that holds name and the last segment of name.
func (o *OS) in(verb, name string, op func(d *dir, base string) error) error {
	if err := checkName(verb, name); err != nil {
		return err
	}
	parent, base := split(name)
	err := o.dirs.use(parent, func(d *dir) error { return op(d, base) })
	return full(named(verb, name, err))
}

// named gives an error that came with only the last segment the whole name.
func named(verb, name string, err error) error {
	if err == nil {
		return nil
	}
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	} else if l, ok := errors.AsType[*os.LinkError](err); ok {
		err = l.Err
	}
	return &fs.PathError{Op: verb, Path: name, Err: err}
}

// OpenFile implements FS. What is not a regular file is refused.
func (o *OS) OpenFile(name string, flag int) (File, error) {
	var f *os.File
	err := o.in("open", name, func(d *dir, base string) (err error) {
		f, err = d.open(base, flag)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &osFile{f}, nil
}

// MkdirAll implements FS.
func (o *OS) MkdirAll(name string) error {
	if err := checkName("mkdir", name); err != nil {
		return err
	}
	return full(o.root.MkdirAll(filepath.FromSlash(name), 0o777))
}

// Rename implements FS.
func (o *OS) Rename(from, to string) error {
	return o.inBoth("rename", from, to, func(a *dir, x string, b *dir, y string) error {
		return a.rename(x, b, y)
	})
}

// RenameExcl implements FS. Where the file system has neither a rename that
// does not replace nor hard links, it looks first and renames then, which
// another process could slip between.
func (o *OS) RenameExcl(from, to string) error {
	return o.inBoth("rename", from, to, func(a *dir, x string, b *dir, y string) error {
		return a.renameExcl(x, b, y)
	})
}

// inBoth calls op with the directories that hold two names.
func (o *OS) inBoth(verb, from, to string, op func(a *dir, x string, b *dir, y string) error) error {
	if err := checkName(verb, to); err != nil {
		return err
	}
	parent, y := split(to)
	return o.in(verb, from, func(a *dir, x string) error {
		return o.dirs.use(parent, func(b *dir) error { return op(a, x, b, y) })
	})
}

// Remove implements FS.
func (o *OS) Remove(name string) error {
	err := o.in("remove", name, func(d *dir, base string) error { return d.root.Remove(base) })
	o.dirs.forget(name)
	return err
}

// Stat implements FS.
func (o *OS) Stat(name string) (fs.FileInfo, error) {
	var info fs.FileInfo
	err := o.in("stat", name, func(d *dir, base string) (err error) {
		info, err = d.root.Lstat(base)
		return err
	})
	return info, err
}

// ReadDir implements FS.
func (o *OS) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := checkName("readdir", name); err != nil {
		return nil, err
	}
	var entries []fs.DirEntry
	err := o.dirs.use(name, func(d *dir) (err error) {
		entries, err = fs.ReadDir(d.root.FS(), ".")
		return err
	})
	return entries, named("readdir", name, err)
}

// Chtimes implements FS.
func (o *OS) Chtimes(name string, mtime time.Time) error {
	return o.in("chtimes", name, func(d *dir, base string) error {
		return d.root.Chtimes(base, time.Time{}, mtime)
	})
}

// SyncDir implements FS. On systems that cannot sync a directory it does
// nothing.
func (o *OS) SyncDir(name string) error {
	if err := checkName("syncdir", name); err != nil {
		return err
	}
	err := o.dirs.use(name, func(d *dir) error { return syncDir(d.file) })
	return full(named("syncdir", name, err))
}

// SyncAll implements FS. It covers every file system that is mounted below the
// root and was used. Where the system has no such call the error is
// errors.ErrUnsupported, and nothing was made durable.
func (o *OS) SyncAll() error {
	return full(o.dirs.syncAll())
}

// Lock implements FS. A network file system is refused with a *NoLockError.
func (o *OS) Lock(name, info string) (io.Closer, error) {
	file, err := o.OpenFile(name, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, err
	}
	f := file.(*osFile).File
	if err := lockFile(f, name); err != nil {
		if errors.Is(err, ErrLocked) {
			err = &LockedError{Name: name, Holder: holder(f)}
		}
		return nil, errors.Join(err, f.Close())
	}
	if err := writeInfo(f, info); err != nil {
		return nil, errors.Join(full(named("lock", name, err)), f.Close())
	}
	return f, nil
}

// writeInfo tells people who holds the lock. Nobody relies on it, so it is not
// synced.
func writeInfo(f *os.File, info string) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(info), 0)
	return err
}

// holder reads what writeInfo of another process wrote.
func holder(f *os.File) string {
	buf := make([]byte, maxHolder)
	n, _ := f.ReadAt(buf, 0) // for people only; less is no failure
	return strings.TrimSpace(string(buf[:n]))
}

// Free implements FS.
func (o *OS) Free() (int64, error) {
	var n int64
	err := o.dirs.use(".", func(d *dir) (err error) {
		n, err = free(d.file)
		return err
	})
	return n, named("statfs", ".", err)
}

// BootID implements FS.
func (o *OS) BootID() string { return bootID() }

// Close implements FS. Files and locks that are open stay so.
func (o *OS) Close() error {
	return errors.Join(o.dirs.close(), o.root.Close())
}
