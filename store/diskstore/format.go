package diskstore

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"

	"github.com/seed-9a1263fe/haul/store"
	"github.com/seed-9a1263fe/haul/store/vfs"
)

// Files in the state directory.
const (
	lockFile    = store.StateDir + "/LOCK"
	formatFile  = store.StateDir + "/FORMAT"
	reserveFile = store.StateDir + "/RESERVE"
	logName     = "store"
	formatName  = "haul-state"
)

// The format that this program writes, and the oldest program that may read it.
const (
	formatMajor = 1
	formatMinor = 0
)

var logMagic = [4]byte{'H', 'L', 'S', 'T'}

// format is the content of the FORMAT file, which is read before anything else
// in the state directory.
type format struct {
	Format    string `json:"format"`
	Major     int    `json:"major"`
	Minor     int    `json:"minor"`
	UUID      string `json:"uuid"`
	MinReader int    `json:"min_reader"`
}

// FormatError says that the state directory is not one that this program can
// read. Nothing in it was changed.
type FormatError struct {
	File  string
	Found string
}

// Error names the file and what is in it.
func (e *FormatError) Error() string {
	return fmt.Sprintf("diskstore: %s: %s; this program reads %s %d", e.File, e.Found, formatName, formatMajor)
}

// LockedError says who holds the directory. It wraps store.ErrInUse.
type LockedError struct{ Holder string }

// Error names the holder.
func (e *LockedError) Error() string {
	if e.Holder == "" {
		return store.ErrInUse.Error()
	}
	return store.ErrInUse.Error() + ": " + e.Holder
}

// Unwrap returns store.ErrInUse.
func (e *LockedError) Unwrap() error { return store.ErrInUse }

// lock takes the directory for this process.
func lock(fsys vfs.FS, info string) (io.Closer, error) {
	l, err := fsys.Lock(lockFile, info)
	if held, ok := errors.AsType[*vfs.LockedError](err); ok {
		return nil, &LockedError{held.Holder}
	}
	if errors.Is(err, vfs.ErrLocked) {
		return nil, &LockedError{}
	}
	if err != nil {
		return nil, fmt.Errorf("diskstore: lock: %w", err)
	}
	return l, nil
}

const maxFormat = 4 << 10

// checkFormat reads the FORMAT file. ok is false if there is none.
func checkFormat(fsys vfs.FS) (ok bool, err error) {
	f, err := fsys.OpenFile(formatFile, vfs.ReadOnly)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("diskstore: read format: %w", err)
	}
	defer f.Close()
	buf := make([]byte, maxFormat)
	n, err := f.ReadAt(buf, 0)
	if err != nil && err != io.EOF {
		return false, fmt.Errorf("diskstore: read format: %w", err)
	}
	var v format
	if err := json.Unmarshal(buf[:n], &v); err != nil {
		return false, &FormatError{formatFile, fmt.Sprintf("cannot be understood (%v)", err)}
	}
	if v.Format != formatName || v.Major < 1 || v.MinReader > formatMajor {
		return false, &FormatError{formatFile, fmt.Sprintf("is %q %d.%d, for readers from %d", v.Format, v.Major, v.Minor, v.MinReader)}
	}
	return true, nil
}

// writeFormat makes the FORMAT file, whole or not at all.
func writeFormat(fsys vfs.FS) error {
	var id [16]byte
	rand.Read(id[:])
	body, err := json.Marshal(format{formatName, formatMajor, formatMinor, hex.EncodeToString(id[:]), 1})
	if err != nil {
		return err
	}
	if err := writeWhole(fsys, formatFile, append(body, '\n')); err != nil {
		return fmt.Errorf("diskstore: write format: %w", err)
	}
	return nil
}

// writeWhole makes a small file durable under its name in one step.
func writeWhole(fsys vfs.FS, name string, body []byte) error {
	tmp := name + ".tmp"
	f, err := fsys.OpenFile(tmp, vfs.ReadWrite|vfs.Create|vfs.Trunc)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(body, 0)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := fsys.Rename(tmp, name); err != nil {
		return err
	}
	return fsys.SyncDir(path.Dir(name))
}
