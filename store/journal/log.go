package journal

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path"
	"sync"
	"time"

	"github.com/seed-9a1263fe/haul/store/vfs"
)

const (
	defaultSegmentSize = 64 << 20
	defaultMaxRecord   = 64 << 10
	bufferSize         = 256 << 10
)

// Options of a log. Name, Magic and Apply are needed.
type Options struct {
	// Name begins the names of all files of the log.
	Name string
	// Magic says whose log it is.
	Magic [4]byte
	// SegmentSize in bytes is when a new file is begun; 0 means 64 MiB.
	SegmentSize int64
	// MaxRecord bounds the body of a record in bytes; 0 means 64 KiB.
	MaxRecord int
	// Logger is told of torn ends and bad checkpoints; nil means nobody.
	Logger *slog.Logger
	// Restore reads what Checkpoint wrote. It is called by Open at most once,
	// before Apply, with a checkpoint whose checksum is right.
	Restore func(r io.Reader) error
	// Apply is called by Open for each record after the checkpoint, in order.
	// The body is good until it returns. See ErrUnknownRecord.
	Apply func(typ uint8, body []byte) error
}

// withDefaults fills in what was left out, or says what is wrong.
func (o Options) withDefaults() (Options, error) {
	if o.SegmentSize == 0 {
		o.SegmentSize = defaultSegmentSize
	}
	if o.MaxRecord == 0 {
		o.MaxRecord = defaultMaxRecord
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	switch {
	case o.Name == "" || path.Base(o.Name) != o.Name:
		return o, fmt.Errorf("journal: bad name %q", o.Name)
	case o.Magic == [4]byte{}:
		return o, errors.New("journal: no magic")
	case o.Apply == nil:
		return o, errors.New("journal: no Apply")
	case o.MaxRecord < 0 || o.MaxRecord > maxPayload-recordOverhead:
		return o, fmt.Errorf("journal: bad record size %d", o.MaxRecord)
	case o.SegmentSize < headerSize:
		return o, fmt.Errorf("journal: bad segment size %d", o.SegmentSize)
	}
	return o, nil
}

// Log is an open log. All methods may be called from any number of goroutines.
type Log struct {
	place
	opt Options

	// snapshot is held by the Checkpoint that is running.
	snapshot sync.Mutex

	mu      sync.Mutex
	changed sync.Cond // of all below, with mu

	// Records wait in pending, a frame in the making with room for its header.
	// out is the frame that is being written, or that could not be.
	pending, out  []byte
	last, outLast LSN // last record in pending, in out
	written       LSN // last record that the system has
	durable       LSN // last record that the disk has

	// Only who has set writing touches seg, out and the end of the file; only
	// who has set syncing syncs it. A new segment needs both.
	writing, syncing bool
	seg              *segment
	segments         []header // all that exist, seg's the last
	nextNumber       uint64

	// failures counts writes that failed and may be tried again; failure is the
	// last one's. err is the failure that cannot be mended.
	failures uint64
	failure  error
	err      error
	closed   bool

	base LSN   // of the newest checkpoint, 0 for none
	size int64 // bytes of frames since then
}

// Open opens the log in a directory, made if missing, and gives the owner what
// it holds. When it returns nil, everything that was given is durable, and what
// is appended goes to a segment of its own. The owner keeps everybody else away
// from the files until Close.
//
// A *CorruptError or *VersionError leaves the files as they were, and so does
// an error of Restore or Apply; what Apply was given then counts for nothing.
func Open(fs vfs.FS, dir string, opt Options) (*Log, error) {
	opt, err := opt.withDefaults()
	if err != nil {
		return nil, err
	}
	p := place{fs, dir, opt.Name}
	if err := p.makeDir(); err != nil {
		return nil, err
	}
	r, err := recoverLog(p, opt)
	if err != nil {
		return nil, err
	}
	l := &Log{place: p, opt: opt}
	l.changed.L = &l.mu
	l.last, l.written, l.durable = r.next-1, r.next-1, r.next-1
	l.base, l.size = r.base, r.bytes
	if err := l.goOn(r); err != nil {
		return nil, err
	}
	return l, nil
}

// makeDir makes the directory and the names on the way to it durable.
func (p place) makeDir() error {
	if err := p.fs.MkdirAll(p.dir); err != nil {
		return fmt.Errorf("journal: make directory: %w", err)
	}
	for d := p.dir; d != "."; {
		d = path.Dir(d)
		if err := p.fs.SyncDir(d); err != nil {
			return fmt.Errorf("journal: make directory: %w", err)
		}
	}
	return nil
}

// goOn removes what holds nothing and begins a new segment. Nothing is ever
// written behind what was found: it could hide what a crash left there.
func (l *Log) goOn(r *recovery) error {
	if n := len(r.found.segments); n > 0 {
		l.nextNumber = r.found.segments[n-1]
	}
	l.nextNumber++
	gone := make(map[uint64]bool)
	for _, number := range append(r.torn, r.empty...) {
		if err := l.fs.Remove(l.segment(number)); err != nil {
			return fmt.Errorf("journal: remove empty segment: %w", err)
		}
		gone[number] = true
	}
	if r.found.unfinished {
		if err := l.fs.Remove(l.unfinished()); err != nil {
			return fmt.Errorf("journal: remove unfinished checkpoint: %w", err)
		}
	}
	for _, h := range r.segments {
		if !gone[h.number] {
			l.segments = append(l.segments, h)
		}
	}
	seg, err := l.begin(r.log)
	if err != nil {
		return err
	}
	l.use(seg)
	return nil
}

// begin creates the segment that the next record goes to. writing is held, or
// nobody else has the log yet.
func (l *Log) begin(log [16]byte) (*segment, error) {
	number := l.nextNumber
	l.nextNumber++ // also after a failure, which may leave the file
	return l.createSegment(header{
		magic:   l.opt.Magic,
		kind:    kindSegment,
		number:  number,
		log:     log,
		lsn:     l.written + 1,
		created: time.Now().UnixMilli(),
	})
}

// use makes seg the one that is written to.
func (l *Log) use(seg *segment) {
	l.seg = seg
	l.segments = append(l.segments, seg.header)
}

// Last is the last record that was appended, 0 if there never was one.
func (l *Log) Last() LSN {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

// Size is how many bytes a new Open would replay. When it grows too large, it
// is time for a Checkpoint.
func (l *Log) Size() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.size
}

// fail stops the log for good. l.mu is held.
func (l *Log) fail(err error) error {
	if !errors.Is(err, ErrFailed) {
		err = fmt.Errorf("%w: %w", ErrFailed, err)
	}
	l.err = err
	l.changed.Broadcast()
	return err
}
