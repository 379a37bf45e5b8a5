//go:build linux || darwin || freebsd

package vfs

import (
	"errors"
	"io/fs"
	"os"
	"path"

	"golang.org/x/sys/unix"
)

// open opens a regular file of the directory. O_NONBLOCK keeps a planted pipe
// from holding up the open; it means nothing to a regular file.
func (d *dir) open(base string, flag int) (*os.File, error) {
	const exclusive = os.O_CREATE | os.O_EXCL
	fresh := flag&exclusive == exclusive
	how := flag | unix.O_NOFOLLOW | unix.O_CLOEXEC
	if !fresh {
		how |= unix.O_NONBLOCK
	}
	var fd int
	err := again(func() (err error) {
		fd, err = unix.Openat(int(d.file.Fd()), base, how, 0o666)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !fresh {
		if err := onlyRegular(fd); err != nil {
			return nil, errors.Join(err, unix.Close(fd))
		}
	}
	return os.NewFile(uintptr(fd), path.Join(d.name, base)), nil
}

// onlyRegular refuses pipes, devices and directories, and undoes O_NONBLOCK.
func onlyRegular(fd int) error {
	var st unix.Stat_t
	if err := again(func() error { return unix.Fstat(fd, &st) }); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return errNotRegular
	}
	return unix.SetNonblock(fd, false)
}

// rename moves a file over what stands there.
func (d *dir) rename(from string, to *dir, base string) error {
	return again(func() error {
		return unix.Renameat(int(d.file.Fd()), from, int(to.file.Fd()), base)
	})
}

// linkExcl moves a file with a second name that is made only if it is free, and
// removes the first one then. A crash between leaves both, of the same file.
func (d *dir) linkExcl(from string, to *dir, base string) error {
	a, b := int(d.file.Fd()), int(to.file.Fd())
	err := unix.Linkat(a, from, b, base, 0)
	switch {
	case err == nil:
		return unix.Unlinkat(a, from, 0)
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENOSYS):
		return d.lookAndRename(from, to, base) // no hard links, as on FAT
	}
	return err
}

// lookAndRename is the last resort; see OS.RenameExcl.
func (d *dir) lookAndRename(from string, to *dir, base string) error {
	_, err := to.root.Lstat(base)
	if err == nil {
		return fs.ErrExist
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return d.rename(from, to, base)
}

// syncDir makes the names in d durable.
func syncDir(d *os.File) error { return d.Sync() }

// isRemoved reports whether an open directory has no name any more.
func isRemoved(d *os.File) bool {
	var st unix.Stat_t
	err := control(d, func(fd int) error { return unix.Fstat(fd, &st) })
	return err == nil && st.Nlink == 0
}

// lockFile takes the whole-file lock that belongs to this opening of the file,
// so that a second one in this process is refused too.
func lockFile(f *os.File, name string) error {
	system, err := remoteSystem(f)
	if err != nil {
		return err
	}
	if system != "" {
		return &NoLockError{Name: name, System: system}
	}
	err = control(f, func(fd int) error { return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) })
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.EWOULDBLOCK):
		return ErrLocked
	}
	return &NoLockError{Name: name, Err: err}
}

func isNoSpace(err error) bool {
	return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT)
}

func isInterrupt(err error) bool { return err == unix.EINTR }

// again repeats a system call while a signal interrupts it.
func again(call func() error) error {
	for {
		if err := call(); !isInterrupt(err) {
			return err
		}
	}
}
