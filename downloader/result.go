package downloader

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/seed-9a1263fe/haul/downloader/session"
	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/store"
)

// Kind classifies a failure; see session.Kind for those that come from the
// network.
type Kind = session.Kind

// Kinds of failure that arise on this side of the network.
const (
	KindChecksum Kind = "checksum" // size or digest differ from what was declared
	KindName     Kind = "name"     // no fit name, or the name is taken
	KindDiskFull Kind = "disk_full"
	KindIO       Kind = "io"
)

// Failure is why a job failed.
type Failure struct {
	Kind    Kind   `json:"kind"`
	Message string `json:"message"`
}

// Error makes a Failure usable as an error.
func (f *Failure) Error() string { return fmt.Sprintf("%s: %s", f.Kind, f.Message) }

// Status says how a job ended.
type Status string

// The ways a job can end.
const (
	Complete Status = "complete" // fetched, in this run or over several
	Skipped  Status = "skipped"  // was complete already; nothing was fetched
	Failed   Status = "failed"
)

// Result is what became of one job. It is handed out once per job, after what
// it says is as durable as the store makes it.
type Result struct {
	ID       queue.ID
	URL      string // as the list gave it, without credentials
	FinalURL string // after redirects, without credentials
	Key      store.Key
	Status   Status

	HTTPStatus   int
	Bytes        int64 // size of the file
	ResumedBytes int64 // found in the store at the start
	FetchedBytes int64 // read from the network in this run
	SHA256       []byte
	ETag         string
	LastModified time.Time
	ContentType  string
	// ContentEncoding that the server used unasked; the file is as it was sent.
	ContentEncoding string

	Attempts int
	Started  time.Time
	Duration time.Duration

	List string
	Line int64
	Meta json.RawMessage
	// Steps that the ladder of ways to ask went down, for people; most files need
	// none.
	Steps []string
	// Request is the job as it was given, for those who will ask for it again.
	Request *Request

	// Failure is set when Status is Failed, and Err is the error behind it, for
	// errors.Is and errors.As.
	Failure *Failure
	Err     error
}
