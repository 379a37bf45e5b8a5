// Package queue is the contract for work that is owed.
//
// A queue knows which jobs are still to be done and lends them out, one lease
// at a time. It knows nothing of HTTP or of files: a job is an ID, the name of
// the host it will load (so that work can be spread) and an opaque body.
//
//	        Put                Next                 Ack
//	───────────────▶  owed  ─────────▶  leased  ─────────────▶  done
//	                    ▲                 │  │
//	                    │ Retry (later),  │  │ Drop
//	                    │ Return (now),   │  └──────────────▶  dropped
//	                    └─────────────────┘
//	                      lease lost, run killed
//
// A job that was leased and never settled is owed again: after the lease's
// deadline where the queue is shared, in the next run where it is not. So every
// job is lent at least once and, after a crash, perhaps twice; doing it twice
// must be harmless.
//
// Package queuetest has the suite that every implementation passes. memq keeps
// everything in memory and is the reference; fileq is durable.
package queue

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"time"
)

var (
	// ErrDrained is returned by Next when the queue is sealed and every job is
	// settled: nothing is owed and nothing can become owed again.
	ErrDrained = errors.New("queue: drained")

	// ErrClosed is returned by every method of a queue after its Close.
	ErrClosed = errors.New("queue: closed")

	// ErrSealed is returned by Put after Seal.
	ErrSealed = errors.New("queue: sealed")

	// ErrSettled is returned when a lease is settled a second time, or extended
	// after it was settled.
	ErrSettled = errors.New("queue: lease already settled")

	// ErrLost is returned when a lease has passed its deadline and the job may
	// have been lent to somebody else. The holder stops working on it.
	ErrLost = errors.New("queue: lease lost")
)

// ID names a job: two jobs with the same ID are the same work and are done
// once. It is made with a cryptographic hash, since what is hashed (URLs) comes
// from strangers. The zero ID names nothing and is refused by Put.
type ID [16]byte

// String returns the ID as 32 hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether id names nothing.
func (id ID) IsZero() bool { return id == ID{} }

// ParseID reads what String wrote.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != hex.EncodedLen(len(id)) {
		return ID{}, fmt.Errorf("queue: job ID %q: want %d hexadecimal digits", s, hex.EncodedLen(len(id)))
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return ID{}, fmt.Errorf("queue: job ID %q: %w", s, err)
	}
	return id, nil
}

// Job is one piece of work.
type Job struct {
	// ID names the work.
	ID ID
	// Host is what the job will load, scheme://host:port. Shared queues spread
	// and limit by it; it may be empty.
	Host string
	// Body is opaque to the queue. Whoever gets the job may read it until the
	// lease is settled and must not change it.
	Body []byte
	// Attempt counts the Retry calls that this job has seen. Put ignores it.
	Attempt int
	// Done is set on a job that an earlier run has already acknowledged and that
	// is lent again only so that the holder can look whether its result still
	// stands. Ack keeps it done. Queues that forget settled jobs never set it.
	Done bool
}

// Added counts what a Put did.
type Added struct {
	New   int64 // jobs that are now owed
	Known int64 // jobs whose ID the queue has already, and that were skipped
}

// Reason says why a job was dropped.
type Reason struct {
	Kind string // one word, for counting
	Text string // for people; credentials never stand in it
}

// Queue lends out owed jobs. All methods may be called from any number of
// goroutines at once.
type Queue interface {
	// Put adds jobs until the sequence ends. It returns when all of them are as
	// durable as the queue makes anything (for a queue on disk: they will be
	// there in the next run, also after a crash; for one in memory: they are
	// added). A queue that is full makes Put wait, by not pulling the sequence.
	// A job with a known ID is skipped and counted, so a Put that was cut short
	// may simply be made again.
	//
	// If the sequence yields an error, Put stops there and returns that error
	// with the count of what came before, which stays added. Several Puts may
	// run at once, also beside Next. A job's Body is copied: the sequence may
	// use its memory again.
	Put(ctx context.Context, jobs iter.Seq2[Job, error]) (Added, error)

	// Seal says that no further Put will be made, which lets Next end. A Put that
	// is under way goes on to its end. A durable queue keeps the seal no longer
	// than the run. A second Seal does nothing.
	Seal(ctx context.Context) error

	// Next lends the next job that is due. It waits while jobs may still come
	// or come back, and returns ErrDrained when none can. Each job is lent to
	// one holder at a time.
	Next(ctx context.Context) (Lease, error)

	// Close gives back what is lent, makes durable what was settled, and
	// releases everything. Leases that are still out can no longer be settled.
	// A second Close returns nil.
	Close() error
}

// Lease is the right to do one job. It is settled by exactly one of Ack, Retry,
// Return and Drop; any later settling returns ErrSettled and changes nothing.
// A failed settling (other than ErrSettled) leaves the lease unsettled, so that
// the job will come back. One goroutine settles; Extend may run beside it.
type Lease interface {
	// Job is what is to be done.
	Job() Job

	// Deadline is when the lease is lost unless it is extended; the zero time
	// means never.
	Deadline() time.Time

	// Extend moves the deadline. It returns ErrLost if it has passed.
	Extend(ctx context.Context) error

	// Ack settles: the job is done. When Ack returns nil, no later run will owe
	// the job (one on disk may have to look again after a power cut).
	Ack(ctx context.Context) error

	// Retry settles: the job failed for now and is owed again once after has
	// passed, with Attempt one higher.
	Retry(ctx context.Context, after time.Duration) error

	// Return settles: the job was not begun, or was stopped through no fault of
	// its own, and is owed again at once with Attempt as it was.
	Return(ctx context.Context) error

	// Drop settles: the job has failed for good. A later run of a queue on disk
	// owes it again, with Attempt zero; a shared queue keeps it with its dead.
	Drop(ctx context.Context, why Reason) error
}
