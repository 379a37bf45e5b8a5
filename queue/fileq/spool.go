package fileq

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"path"

	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/store/vfs"
)

const (
	spoolHeader   = 24
	spoolVersion  = 1
	spoolMagic    = "HQSP"
	entryHeader   = 8
	minSpoolEntry = entryHeader + 16 + 1

	// spoolSize ends a file of the spool. It is removed as a whole.
	spoolSize    = 64 << 20
	maxSpoolJobs = spoolSize/minSpoolEntry + 1

	// MaxJob is the most bytes that the host and body of a job may have that is
	// put.
	MaxJob = 2 << 20

	spoolBuffer = 64 << 10
)

// errTornSpool is where the entries of a spool file break off.
var errTornSpool = errors.New("entry is cut short or damaged")

// spool writes the jobs that are put, one file after the other. It is guarded
// by the lock of putting.
type spool struct {
	src *source // nil if no file is open
	f   vfs.File
	ids *idFile // nil if IDs are not kept
	end int64   // bytes written

	buf  []byte      // entries that wait to be written
	jobs []queue.Job // their IDs
	done []int       // which of them were done before, and are to be looked at again
	next int64       // ordinal of the first of them
}

func spoolName(dir string, source uint64) string {
	return path.Join(dir, fmt.Sprintf("spool-%08d", source))
}

// create makes the file of a source.
func (sp *spool) create(fs vfs.FS, dir string, s *source, ids *idFile) error {
	f, err := fs.OpenFile(spoolName(dir, s.id), vfs.ReadWrite|vfs.Create|vfs.Trunc)
	if err != nil {
		return fmt.Errorf("fileq: create spool: %w", err)
	}
	if _, err := f.WriteAt(encodeSpoolHeader(s.id), 0); err != nil {
		return errors.Join(fmt.Errorf("fileq: create spool: %w", err), f.Close())
	}
	*sp = spool{src: s, f: f, ids: ids, end: spoolHeader, buf: sp.buf[:0], jobs: sp.jobs[:0], done: sp.done[:0]}
	return nil
}

func encodeSpoolHeader(source uint64) []byte {
	b := make([]byte, spoolHeader)
	copy(b, spoolMagic)
	binary.LittleEndian.PutUint32(b[4:], spoolVersion)
	binary.LittleEndian.PutUint64(b[8:], source)
	binary.LittleEndian.PutUint32(b[20:], crc32.Checksum(b[:20], castagnoli))
	return b
}

// checkSpoolHeader refuses a file that is not the one of this source.
func checkSpoolHeader(b []byte, source uint64) error {
	switch v := binary.LittleEndian.Uint32(b[4:]); {
	case string(b[:4]) != spoolMagic:
		return fmt.Errorf("magic %q, want %q", b[:4], spoolMagic)
	case v != spoolVersion:
		return fmt.Errorf("format version %d; this program reads %d", v, spoolVersion)
	case binary.LittleEndian.Uint32(b[20:]) != crc32.Checksum(b[:20], castagnoli):
		return errors.New("header is damaged")
	case binary.LittleEndian.Uint64(b[8:]) != source:
		return fmt.Errorf("file of source %d, want %d", binary.LittleEndian.Uint64(b[8:]), source)
	}
	return nil
}

// add puts a job into the buffer.
func (sp *spool) add(job queue.Job) {
	at := len(sp.buf)
	sp.buf = append(sp.buf, make([]byte, entryHeader)...)
	sp.buf = append(sp.buf, job.ID[:]...)
	sp.buf = binary.AppendUvarint(sp.buf, uint64(len(job.Host)))
	sp.buf = append(sp.buf, job.Host...)
	sp.buf = append(sp.buf, job.Body...)
	body := sp.buf[at+entryHeader:]
	binary.LittleEndian.PutUint32(sp.buf[at:], uint32(len(body)))
	binary.LittleEndian.PutUint32(sp.buf[at+4:], crc32.Checksum(body, castagnoli))
	sp.jobs = append(sp.jobs, queue.Job{ID: job.ID})
}

// write hands the buffer to the system, jobs before IDs: an ID without its job
// would make the job known and lost.
func (sp *spool) write() error {
	if len(sp.jobs) == 0 {
		return nil
	}
	if _, err := sp.f.WriteAt(sp.buf, sp.end); err != nil {
		return fmt.Errorf("fileq: write spool: %w", err)
	}
	if sp.ids != nil {
		if err := sp.ids.write(sp.next, sp.jobs); err != nil {
			return err
		}
	}
	sp.end += int64(len(sp.buf))
	sp.next += int64(len(sp.jobs))
	sp.buf, sp.jobs, sp.done = sp.buf[:0], sp.jobs[:0], sp.done[:0]
	return nil
}

// sync makes durable what was written.
func (sp *spool) sync() error {
	if err := sp.f.Sync(); err != nil {
		return fmt.Errorf("fileq: sync spool: %w", err)
	}
	if sp.ids == nil {
		return nil
	}
	if err := sp.ids.f.Sync(); err != nil {
		return fmt.Errorf("fileq: sync IDs: %w", err)
	}
	return nil
}

// spoolFormat reads what spool.add wrote.
type spoolFormat struct{}

func (spoolFormat) Jobs(r io.Reader, _ int64) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		in := bufio.NewReader(r)
		for {
			e, err := readSpoolEntry(in)
			if err == io.EOF {
				return
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// readSpoolEntry returns io.EOF where the input ends between two entries.
func readSpoolEntry(in *bufio.Reader) (Entry, error) {
	var head [entryHeader]byte
	if _, err := io.ReadFull(in, head[:]); err == io.EOF {
		return Entry{}, io.EOF
	} else if err != nil {
		return Entry{}, torn(err)
	}
	n := binary.LittleEndian.Uint32(head[:])
	if n < minSpoolEntry-entryHeader || n > MaxJob+64 {
		return Entry{}, errTornSpool
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(in, body); err != nil {
		return Entry{}, torn(err)
	}
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(head[4:]) {
		return Entry{}, errTornSpool
	}
	job := queue.Job{ID: queue.ID(body)}
	host, w := binary.Uvarint(body[idSize:])
	rest := body[idSize:]
	if w <= 0 || host > uint64(len(rest)-w) {
		return Entry{}, errTornSpool
	}
	job.Host = string(rest[w : w+int(host)])
	job.Body = rest[w+int(host):]
	return Entry{Job: job, Size: int64(entryHeader + len(body))}, nil
}

// torn tells an entry that breaks off from a read that failed.
func torn(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return errTornSpool
	}
	return err
}
