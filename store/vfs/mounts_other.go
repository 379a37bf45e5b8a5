//go:build !linux

package vfs

import (
	"errors"
	"fmt"
	"os"
)

// mounts does nothing here: these systems have no call that syncs a file system
// and reports whether that went well.
type mounts struct{}

func (*mounts) note(*os.File) error { return nil }

func (*mounts) syncAll() error {
	return fmt.Errorf("vfs: sync of the whole file system: %w", errors.ErrUnsupported)
}

func (*mounts) close() error { return nil }
