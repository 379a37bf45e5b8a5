package downloader

import (
	"net/url"
	"time"

	"github.com/seed-9a1263fe/haul/downloader/session"
	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/store"
)

// phase is where a task stands.
//
//	waiting ──▶ probing ──▶ open ──▶ finishing ──▶ gone
//	   ▲           │          │
//	   └───────────┴──────────┴──▶ closing ──▶ gone, or waiting again
type phase uint8

const (
	waiting   phase = iota // nothing of it is in flight
	probing                // its first request is out, alone
	open                   // it is known what it is; ranges may go out side by side
	finishing              // every byte is here; one worker publishes it
	closing                // it ends or begins anew once nothing of it is in flight
)

// task is one file in the engine's hands. The fields of the first block do not
// change. Those of the second are guarded by the scheduler's lock. Those of the
// third belong to the one worker that is alone with the task: the prober, the
// finisher, or whoever lands last while it is closing.
type task struct {
	lease queue.Lease
	id    queue.ID
	req   Request
	began time.Time
	text  string // the first URL, fit for messages
	seq   uint64 // place in the order in which jobs were borrowed

	host      *host // where it is scheduled
	manner          // of the next requests
	phase     phase
	plan      plan
	notBefore time.Time // no request before this
	end       ending    // what closing leads to
	key       store.Key
	present   int64    // bytes of the whole that are here
	fetched   int64    // bytes that came from the network, for this job in this run
	resumed   int64    // bytes that were here when the job began in this run
	tries     int      // failures in a row without progress
	mark      int64    // the most that was present at any failure
	attempts  int      // tries begun
	restarts  int      // begun anew because the bytes were others
	mirror    int      // which of the URLs
	refreshed bool     // the URL is one that Config.Refresh gave
	steps     []string // of the ladder, for the result

	want       store.Key   // key before any suffix
	unfinished bool        // the store holds bytes from an earlier try
	standing   *store.Info // the complete file that may have changed since
	obj        store.Object
	identity   store.Identity // of the bytes in obj; zero: they count for nothing
	declared   []store.Digest // that the server says the whole has
	meta       answerMeta
	announced  bool // a Started event went out
}

// manner is how a task's file is asked for.
type manner struct {
	url     *url.URL
	noRange bool // the whole, in one piece
	how     session.How
	stray   bool // the list names nothing at url's origin: its headers are not for it
}

// ending is why and how a task closes.
type ending struct {
	verdict verdict
	err     error
}

// answerMeta is what the last answer said that a result tells.
type answerMeta struct {
	finalURL    string
	status      int
	contentType string
	encoding    string
	modified    time.Time
}

// history is what the engine remembers of a job that waits in the queue for its
// next try, for its result.
type history struct {
	began           time.Time
	fetched         int64
	resumed         int64
	attempts, tries int
	restarts        int
	mirror          int
	noRange         bool
	how             session.How
	steps           []string
	mark            int64
}

func (t *task) history() history {
	return history{t.began, t.fetched, t.resumed, t.attempts, t.tries, t.restarts, t.mirror, t.noRange, t.how, t.steps, t.mark}
}

func (t *task) recall(h history) {
	t.began, t.fetched, t.resumed, t.attempts, t.tries = h.began, h.fetched, h.resumed, h.attempts, h.tries
	t.restarts, t.mirror, t.noRange, t.how, t.steps = h.restarts, h.mirror, h.noRange, h.how, h.steps
	t.mark = h.mark
}

// failed counts the failure of a segment: one more in a row, or the first after
// progress. Bytes that are fetched for the second time, because a server takes no
// ranges, are none. Segments that were in flight together when one failed share its
// failure, as the streams of one connection do.
func (t *task) failed(seg *segment) {
	if t.present > t.mark {
		t.tries, t.mark = 0, t.present
	}
	if seg.round == t.plan.round {
		t.tries++
		t.plan.round++
	}
}
