//go:build unix

package realserver

import (
	"fmt"
	"syscall"
)

// descriptors is how many files a worker may have open.
func descriptors() (uint64, error) {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0, fmt.Errorf("limit of open files: %w", err)
	}
	return min(uint64(l.Max), wantFiles), nil
}
