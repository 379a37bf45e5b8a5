package downloader

import (
	"time"

	"github.com/seed-9a1263fe/haul/downloader/session"
	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/store"
)

// Event is something that happened: a Started, a Retrying or a Finished.
type Event interface{ event() }

// Started says that the first answer for a file is in: its name and size are
// known and bytes are coming.
type Started struct {
	ID  queue.ID
	URL string
	Key store.Key
	// Size of the whole; store.UnknownSize if the server did not say.
	Size int64
	// Resumed bytes were in the store already.
	Resumed int64
}

// Retrying says that a try failed and that there will be another.
type Retrying struct {
	ID  queue.ID
	URL string
	// Err of the failed try; a *session.Error when it came from the network.
	Err error
	// After is how long the file waits.
	After time.Duration
	// Tries in a row that brought no progress, this one included.
	Tries int
}

// Finished says how a job ended. Each job that is settled has exactly one, and
// what it says is as durable as the store and queue make it.
type Finished struct{ Result Result }

func (Started) event()  {}
func (Retrying) event() {}
func (Finished) event() {}

// Snapshot is the state of a run at one moment.
type Snapshot struct {
	// Complete, Skipped and Failed count jobs that are settled.
	Complete, Skipped, Failed int64
	// Failures counts the failed by kind.
	Failures map[Kind]int64
	// Waiting jobs are held but not begun; Active files are in flight.
	Waiting, Active int
	// Ranges in flight.
	Ranges int
	// Retries counts the tries that failed and were followed by another.
	Retries int64
	// Fetched bytes came from the network.
	Fetched int64
	// Bytes are in complete files, those that were complete before left out;
	// Resumed of them were in the store when their job began.
	Bytes, Resumed int64
	// Since is when Run began.
	Since time.Time
	// Files in flight, in the order in which they began.
	Files []FileProgress
	// Hosts that are limited below the configuration or asked to be left alone.
	Hosts []session.HostStatus
}

// FileProgress is one file in flight.
type FileProgress struct {
	ID      queue.ID
	URL     string
	Key     store.Key
	Size    int64 // store.UnknownSize if it is not known
	Present int64 // bytes that are here
	Ranges  int   // in flight
	Started time.Time
}
