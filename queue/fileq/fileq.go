// Package fileq is a durable queue in a directory: kill the program, and the
// next run owes what was not done.
//
// Jobs come from lists (AddList) and from programs (Put). A list is its own
// spool: it is read block by block while the run goes on, nothing of it is
// copied, and what is kept of each job is two bits, in memory and in the
// journal's checkpoints, and, for exact duplicate detection, its ID on disk and
// some 11 bytes in memory. Jobs that are put are written to a spool first.
//
// What is settled is one record in the journal, handed to the system before Ack
// or Drop returns: it survives a kill. After a power cut, jobs that were settled
// a short while before may be owed again; the store knows what became of them.
// How often a job was tried, and when it is due again, is a run's own affair:
// the next run owes it at once with Attempt 0.
//
// FORMAT.md has the files. One queue at a time may use a directory; the caller
// holds the lock that sees to it.
package fileq

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/store/journal"
	"github.com/seed-9a1263fe/haul/store/vfs"
)

// Dedupe says how jobs are found that were there before.
type Dedupe uint8

const (
	// Exact finds every repeated ID, in all lists and Puts, for 11 bytes of
	// memory and 16 of disk for each job. It is also what lets an edited list be
	// compared with what it was.
	Exact Dedupe = iota
	// Adjacent finds an ID that repeats the one before it in the same list, or
	// among those that are put, and costs nothing.
	Adjacent
	// None finds nothing: every entry is a job of its own, and what is put again
	// is owed again.
	None
)

// DefaultMaxFailures is used where Config.MaxFailures is zero.
const DefaultMaxFailures = 10_000

// DefaultSpoolBytes is used where Config.SpoolBytes is zero.
const DefaultSpoolBytes = 1 << 30

// checkpointSize is how long the journal grows, in bytes, before its state is
// written down and its beginning removed.
const checkpointSize = 16 << 20

// Config of a queue. The zero value works.
type Config struct {
	// Dedupe says how repeated jobs are found.
	Dedupe Dedupe
	// Recheck lends jobs that earlier runs have done once more, with Job.Done
	// set, after all that are owed at the time: those of the lists that are
	// added, and those that are put again.
	Recheck bool
	// Resume makes the jobs of earlier Puts that are not done part of this run:
	// they are owed at once, with the bodies that they had, and are known when
	// they are put again. Without it they are lent only when they are put again,
	// with their new bodies; the rest is given up as soon as something is put,
	// or as a list has something new. For a run to resume what an earlier one dropped, that one must have had
	// Resume set as well, since otherwise the body of a job is not kept longer
	// than the run needs it.
	Resume bool
	// SpoolBytes is how much may be put and not yet settled before Put waits, so
	// that a fast writer of a list does not fill the disk. Spool files go when
	// all jobs in them are settled, so that a few jobs which take long keep more
	// on the disk. Zero means DefaultSpoolBytes.
	SpoolBytes int64
	// MaxFailures is how many dropped jobs are kept with their reasons; all of
	// them are counted. Zero means DefaultMaxFailures.
	MaxFailures int
	// Logger is told of what was cut off after a crash; nil means nobody.
	Logger *slog.Logger

	// Tests make these small.
	checkpointSize int64
	spoolSize      int64
	limits         limits
}

func (c Config) withDefaults() Config {
	if c.MaxFailures <= 0 {
		c.MaxFailures = DefaultMaxFailures
	}
	if c.SpoolBytes <= 0 {
		c.SpoolBytes = DefaultSpoolBytes
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.checkpointSize == 0 {
		c.checkpointSize = checkpointSize
	}
	if c.spoolSize == 0 {
		c.spoolSize = spoolSize
	}
	if c.limits == (limits{}) {
		c.limits = usualLimits
	}
	return c
}

// Queue is a queue.Queue in a directory. It starts no goroutine: whoever calls
// Next and finds nothing in memory reads the next block, and the others wait
// for it as they wait for any change, see token.
//
// Locks are taken in this order: adding, loading, putting, known.mu, mu; the journal's
// own come last.
type Queue struct {
	fs    vfs.FS
	dir   string
	cfg   Config
	log   *journal.Log
	jobs  token
	room  token       // something was settled while Put waited for it
	due   *time.Timer // fires when the first delayed job is due
	birth time.Time   // delays count from here

	loading sync.Mutex // held by who reads blocks; guards what follows
	read    reader
	ids     map[uint64]*idFile // guarded by mu

	putting sync.Mutex // guards what follows
	spool   spool
	lastPut queue.ID
	putErr  error

	adding sync.Mutex // one AddList at a time
	known  known

	mu sync.Mutex // guards all that follows
	*memory
	again    []item // came back, or are due and were read again; lent first
	ready    fifo   // were read, and not lent yet
	delayed  delays // owed later
	overdue  []ref  // due, to be read again
	reading  bool   // somebody is reading a block
	idle     bool   // reading would find nothing new
	version  uint64 // changes with all that idle depends on
	lent     int64  // leases that are out
	puts     int    // Puts and AddLists that are under way
	sealed   bool
	closed   bool
	broken   error // why reading cannot go on
	review   bool  // a list was added since void jobs were looked through
	edited   bool  // a list was cut, so that repeats may stand alone now
	crowded  bool  // more is spooled than Config.SpoolBytes
	snapping bool  // a checkpoint is being written
	snapSize int64 // of the last one, in bytes
}

var _ queue.Queue = (*Queue)(nil)

// Open opens the queue in a directory, made if missing, and begins a run: what
// failed before is owed again. The jobs of a list can be lent once it is added,
// those of earlier Puts once they are put again, or at once with Config.Resume.
func Open(fs vfs.FS, dir string, cfg Config) (*Queue, error) {
	cfg = cfg.withDefaults()
	due := time.NewTimer(0)
	due.Stop()
	q := &Queue{
		fs:     fs,
		dir:    dir,
		cfg:    cfg,
		jobs:   make(token, 1),
		room:   make(token, 1),
		due:    due,
		birth:  time.Now(),
		read:   reader{limits: cfg.limits},
		ids:    make(map[uint64]*idFile),
		memory: newMemory(cfg.MaxFailures),
	}
	var err error
	if q.log, err = journal.Open(fs, dir, q.memory.options(cfg.Logger)); err != nil {
		return nil, fmt.Errorf("fileq: %w", err)
	}
	if err := q.begin(); err != nil {
		return nil, errors.Join(err, q.log.Close(), q.closeFiles())
	}
	return q, nil
}

// options of the journal that this memory is rebuilt from.
func (m *memory) options(logger *slog.Logger) journal.Options {
	return journal.Options{
		Name:    "queue",
		Magic:   [4]byte{'H', 'Q', 'J', '1'},
		Logger:  logger,
		Restore: m.restore,
		Apply:   m.apply,
	}
}

// begin starts a run with what the journal told.
func (q *Queue) begin() error {
	q.beginRun(q.cfg.Resume)
	if _, err := q.log.Append(recRun, fields(nil).uint(flag(q.cfg.Resume))); err != nil {
		return fmt.Errorf("fileq: %w", err)
	}
	if err := q.removeOrphans(); err != nil {
		return err
	}
	for _, s := range q.sources {
		if s.kind == kindSpool && !s.past {
			if err := q.openSpool(s); err != nil {
				return err
			}
		}
	}
	return nil
}

// Seal says that no further Put or AddList will be made. Those that are under
// way go on, and Next does not end before them.
func (q *Queue) Seal(context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return queue.ErrClosed
	}
	q.sealed = true
	q.jobs.leave()
	return nil
}

// changed says that reading may find something that it did not find before. mu
// is held.
func (q *Queue) changed() {
	q.version++
	q.idle = false
	q.jobs.leave()
}

// beginAdd notes that a Put or AddList is under way; endAdd that it is not.
func (q *Queue) beginAdd() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return queue.ErrClosed
	case q.sealed:
		return queue.ErrSealed
	}
	q.puts++
	return nil
}

func (q *Queue) endAdd() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.puts--
	q.jobs.leave() // this may have been all that Next waited for
}

// newSource adds a source and records it. mu is held.
func (q *Queue) newSource(k kind, name string, look look) (*source, error) {
	if len(q.sources) >= maxSources {
		return nil, fmt.Errorf("fileq: more than %d lists and spool files", maxSources)
	}
	s := &source{id: q.nextID, kind: k, name: name, look: look}
	if _, err := q.log.Append(recSource, encodeSource(s)); err != nil {
		return nil, fmt.Errorf("fileq: %w", err)
	}
	q.add(s)
	return s, nil
}

// idsOf opens the file of a source's IDs, or returns nil if none are kept. mu is
// held.
func (q *Queue) idsOf(s *source) (*idFile, error) {
	if q.cfg.Dedupe != Exact {
		return nil, nil
	}
	if f, ok := q.ids[s.id]; ok {
		return f, nil
	}
	f, err := openIDs(q.fs, q.dir, s.id)
	if err != nil {
		return nil, err
	}
	q.ids[s.id] = f
	return f, nil
}
