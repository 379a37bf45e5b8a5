package vfs

import (
	"os"
)

// osFile is an open file of OS.
type osFile struct{ *os.File }

// WriteAt implements File.
func (f *osFile) WriteAt(p []byte, off int64) (int, error) {
	n, err := f.File.WriteAt(p, off)
	return n, full(err)
}

// Size implements File.
func (f *osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Truncate implements File.
func (f *osFile) Truncate(size int64) error { return full(f.File.Truncate(size)) }

// Sync implements File.
func (f *osFile) Sync() error { return full(syncData(f.File)) }

// Writeback implements File.
func (f *osFile) Writeback(off, n int64) { writeback(f.File, off, n) }

// Allocate implements File.
func (f *osFile) Allocate(size int64) error {
	if size <= 0 {
		return nil
	}
	return full(allocate(f.File, size))
}

// control calls op with f's descriptor, which stays open meanwhile, and again
// while a signal interrupts it.
func control(f *os.File, op func(fd int) error) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var opErr error
	err = conn.Control(func(fd uintptr) {
		for {
			if opErr = op(int(fd)); !isInterrupt(opErr) {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	return opErr
}
