package fileq

import (
	"fmt"
	"io"
	"path"

	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/store/vfs"
)

// idFile holds the IDs of a source's jobs, 16 bytes each, at 16 times their
// ordinal. It lets a later run know which jobs there were without parsing lists
// again, and after the lines are gone.
//
// It has no checksum and is not synced with each write. An ID that is lost in a
// power cut, or damaged, makes a job unknown that was known; it is then lent
// once more, which is harmless. Nothing that stands in the file can make a job
// known that was not.
type idFile struct {
	f   vfs.File
	buf []byte
}

const idSize = int64(len(queue.ID{}))

func idsName(dir string, source uint64) string {
	return path.Join(dir, fmt.Sprintf("ids-%08d", source))
}

func openIDs(fs vfs.FS, dir string, source uint64) (*idFile, error) {
	f, err := fs.OpenFile(idsName(dir, source), vfs.ReadWrite|vfs.Create)
	if err != nil {
		return nil, fmt.Errorf("fileq: open IDs: %w", err)
	}
	return &idFile{f: f}, nil
}

// write puts the IDs of jobs from an ordinal on.
func (f *idFile) write(first int64, jobs []queue.Job) error {
	f.buf = f.buf[:0]
	for i := range jobs {
		f.buf = append(f.buf, jobs[i].ID[:]...)
	}
	return f.flush(first)
}

// writeIDs puts IDs from an ordinal on.
func (f *idFile) writeIDs(first int64, ids []queue.ID) error {
	f.buf = f.buf[:0]
	for i := range ids {
		f.buf = append(f.buf, ids[i][:]...)
	}
	return f.flush(first)
}

func (f *idFile) flush(first int64) error {
	if _, err := f.f.WriteAt(f.buf, first*idSize); err != nil {
		return fmt.Errorf("fileq: write IDs: %w", err)
	}
	return nil
}

// read calls do for the IDs of the ordinals in [from,to), some at a time. An ID
// that was lost is zero.
func (f *idFile) read(from, to int64, do func(first int64, ids []queue.ID)) error {
	const most = 4096
	buf := make([]byte, min(to-from, most)*idSize)
	ids := make([]queue.ID, 0, min(to-from, most))
	for from < to {
		n, err := f.f.ReadAt(buf[:min(to-from, most)*idSize], from*idSize)
		if err != nil && err != io.EOF {
			return fmt.Errorf("fileq: read IDs: %w", err)
		}
		ids = ids[:0]
		for b := buf[:n]; int64(len(b)) >= idSize; b = b[idSize:] {
			ids = append(ids, queue.ID(b))
		}
		if len(ids) == 0 {
			return nil // the rest was lost
		}
		do(from, ids)
		from += int64(len(ids))
	}
	return nil
}
