package vfs

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// mounts holds one descriptor for each file system that directories were opened
// on, since syncfs reaches only one. The descriptors are kept for life: since
// Linux 5.8 syncfs reports write-back errors that happened after its descriptor
// was opened, so one that is opened only for the call would miss them.
type mounts struct {
	mu    sync.Mutex
	byDev map[uint64]*os.File
}

// note remembers the file system that d is on. It must come before the first
// write there.
func (m *mounts) note(d *os.File) error {
	info, err := d.Stat()
	if err != nil {
		return err
	}
	dev := uint64(info.Sys().(*syscall.Stat_t).Dev)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byDev[dev] != nil {
		return nil
	}
	fd, err := unix.Openat(int(d.Fd()), ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if m.byDev == nil {
		m.byDev = make(map[uint64]*os.File)
	}
	m.byDev[dev] = os.NewFile(uintptr(fd), d.Name())
	return nil
}

// syncAll syncs all of them, also after one has failed.
func (m *mounts) syncAll() error {
	m.mu.Lock()
	files := slices.Collect(maps.Values(m.byDev))
	m.mu.Unlock()
	var errs error
	for _, f := range files {
		if err := control(f, unix.Syncfs); err != nil {
			errs = errors.Join(errs, fmt.Errorf("vfs: syncfs %q: %w", f.Name(), err))
		}
	}
	return errs
}

func (m *mounts) close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var errs error
	for _, f := range m.byDev {
		errs = errors.Join(errs, f.Close())
	}
	m.byDev = nil
	return errs
}
