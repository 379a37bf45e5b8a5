//go:build !(linux || darwin || freebsd || windows)

package vfs

import (
	"errors"
	"os"
	"syscall"
)

// free is not known here.
func free(*os.File) (int64, error) { return 0, errors.ErrUnsupported }

// lockFile refuses: these systems have no lock that ends with the process.
func lockFile(_ *os.File, name string) error {
	return &NoLockError{Name: name, Err: errors.ErrUnsupported}
}

func isNoSpace(err error) bool { return errors.Is(err, syscall.ENOSPC) }
