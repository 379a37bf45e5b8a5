package vfs

import (
	"errors"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// syncData is fdatasync: the data and the length, not the times.
func syncData(f *os.File) error {
	if err := control(f, unix.Fdatasync); err != nil {
		return &os.PathError{Op: "fdatasync", Path: f.Name(), Err: err}
	}
	return nil
}

// writeback starts writing and does not wait. A failure shows in the next sync.
func writeback(f *os.File, off, n int64) {
	_ = control(f, func(fd int) error {
		return unix.SyncFileRange(fd, off, n, unix.SYNC_FILE_RANGE_WRITE)
	})
}

// allocate reserves blocks beyond the end of the file, which keeps its length.
func allocate(f *os.File, size int64) error {
	err := control(f, func(fd int) error {
		return unix.Fallocate(fd, unix.FALLOC_FL_KEEP_SIZE, 0, size)
	})
	if err == nil || errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
		return nil
	}
	return &os.PathError{Op: "fallocate", Path: f.Name(), Err: err}
}

// renameExcl asks the kernel not to replace, and falls back to a link where the
// file system cannot.
func (d *dir) renameExcl(from string, to *dir, base string) error {
	err := unix.Renameat2(int(d.file.Fd()), from, int(to.file.Fd()), base, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EOPNOTSUPP) {
		return d.linkExcl(from, to, base)
	}
	return err
}

// free is what is left for a process without privileges.
func free(f *os.File) (int64, error) {
	var st unix.Statfs_t
	if err := control(f, func(fd int) error { return unix.Fstatfs(fd, &st) }); err != nil {
		return 0, err
	}
	return int64(st.Bavail) * st.Bsize, nil
}

// bootID is a random number that the kernel makes at each start.
func bootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// remoteSystems are the file systems whose locks depend on servers and mount
// options that this program cannot see. Those in user space (FUSE) are left to
// flock itself, which the kernel keeps for them.
var remoteSystems = map[uint32]string{
	unix.NFS_SUPER_MAGIC:  "nfs",
	unix.SMB_SUPER_MAGIC:  "smb",
	unix.SMB2_SUPER_MAGIC: "smb",
	unix.CIFS_SUPER_MAGIC: "cifs",
	unix.V9FS_MAGIC:       "9p",
	unix.CEPH_SUPER_MAGIC: "ceph",
	unix.AFS_SUPER_MAGIC:  "afs",
}

// remoteSystem names the network file system that f is on, "" if it is local.
func remoteSystem(f *os.File) (string, error) {
	var st unix.Statfs_t
	if err := control(f, func(fd int) error { return unix.Fstatfs(fd, &st) }); err != nil {
		return "", err
	}
	return remoteSystems[uint32(st.Type)], nil
}
