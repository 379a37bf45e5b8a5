//go:build darwin || freebsd

package vfs

import (
	"os"

	"golang.org/x/sys/unix"
)

// syncData also tells the drive to empty its cache on macOS, where plain fsync
// does not; the standard library knows.
func syncData(f *os.File) error { return f.Sync() }

// writeback does nothing: there is no such call.
func writeback(*os.File, int64, int64) {}

// allocate does nothing: the calls that exist change the length or promise
// little.
func allocate(*os.File, int64) error { return nil }

func (d *dir) renameExcl(from string, to *dir, base string) error {
	return d.linkExcl(from, to, base)
}

// free is what is left for a process without privileges.
func free(f *os.File) (int64, error) {
	var st unix.Statfs_t
	if err := control(f, func(fd int) error { return unix.Fstatfs(fd, &st) }); err != nil {
		return 0, err
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}

// remoteSystem names the network file system that f is on, "" if it is local.
func remoteSystem(f *os.File) (string, error) {
	var st unix.Statfs_t
	if err := control(f, func(fd int) error { return unix.Fstatfs(fd, &st) }); err != nil {
		return "", err
	}
	if st.Flags&unix.MNT_LOCAL != 0 {
		return "", nil
	}
	return unix.ByteSliceToString(st.Fstypename[:]), nil
}

// bootID is not known here, so that what was not synced is never trusted.
func bootID() string { return "" }
