// Package report turns the result records of runs into one HTML page that needs
// nothing but itself: no other file, no network, no script.
//
// Records are read once, as they come, into counts, histograms, a timeline of
// fixed length and a few examples, so that memory does not grow with their
// number. What comes from outside (URLs, messages, names) is shortened, freed of
// credentials and of characters that do more than be shown when it is read, and
// escaped when it is written.
package report

import (
	"slices"
	"time"

	"github.com/seed-9a1263fe/haul/downloader"
)

const (
	shownFiles    = 12 // rows of the tables of files
	shownHosts    = 20
	shownExamples = 3 // of each kind of error
	shownBroken   = 10
	maxKinds      = 64 // kinds of errors that are told apart
)

// Report is what is known of the records read so far. The zero value is not
// ready; see New. It belongs to one goroutine.
type Report struct {
	sources []string // names of what was read, the first few
	unnamed int      // sources beyond those
	records int64
	broken  broken

	zone     *time.Location // of the first record that tells a time
	timeless int64          // records without a time
	flow     *timeline      // bytes fetched, and files by how they ended

	complete, skipped, failed int64
	fetched                   int64 // bytes read from the network, of failed files as well
	wholeBytes                int64 // bytes of complete files
	resumed                   int64 // bytes of complete files that were on disk at the start
	skippedBytes              int64

	sizes     histogram // bytes of complete and skipped files
	durations histogram // milliseconds of complete files
	attempts  tries
	hosts     *hostTable
	failures  map[string]*failures

	slowest, largest top
}

// New returns a report of nothing yet.
func New() *Report {
	return &Report{
		flow: newTimeline(), hosts: newHostTable(maxHosts), failures: map[string]*failures{},
		slowest: top{room: shownFiles}, largest: top{room: shownFiles},
	}
}

// Records is how many records were read, broken lines left out.
func (r *Report) Records() int64 { return r.records }

// Broken is how many lines held no record.
func (r *Report) Broken() int64 { return r.broken.lines }

// maxNamedSources is how many sources the page names.
const maxNamedSources = 20

func (r *Report) addSource(name string) {
	if len(r.sources) == maxNamedSources {
		r.unnamed++
		return
	}
	r.sources = append(r.sources, show(name, maxName))
}

// add counts a record that was found fit.
func (r *Report) add(rec *record) {
	r.records++
	r.fetched += rec.FetchedBytes
	took := time.Duration(rec.DurationMS) * time.Millisecond
	switch rec.Status {
	case downloader.Complete:
		r.complete++
		r.wholeBytes += rec.Bytes
		r.resumed += rec.ResumedBytes
		r.sizes.add(rec.Bytes)
		r.durations.add(rec.DurationMS)
		r.slowest.offer(rec.DurationMS, rec)
		r.largest.offer(rec.Bytes, rec)
	case downloader.Skipped:
		r.skipped++
		r.skippedBytes += rec.Bytes
		r.sizes.add(rec.Bytes)
		r.largest.offer(rec.Bytes, rec)
	case downloader.Failed:
		r.failed++
		r.addFailure(rec)
	}
	if rec.Attempts > 0 {
		r.attempts.add(rec.Attempts)
	}
	if rec.started.IsZero() {
		r.timeless++
	} else {
		if r.zone == nil {
			r.zone = rec.started.Location()
		}
		r.flow.add(rec.started.UnixMilli(), took.Milliseconds(), rec.FetchedBytes, rec.Status)
	}
	r.hosts.add(rec)
}

// failures are the failed files of one kind.
type failures struct {
	kind     string
	count    int64
	examples []example
}

type example struct{ Place, URL, Message string }

// otherKind gathers what comes after maxKinds kinds.
const otherKind = "(other kinds)"

func (r *Report) addFailure(rec *record) {
	kind, message := "(no reason)", ""
	if rec.Error != nil {
		kind, message = show(string(rec.Error.Kind), maxKind), rec.Error.Message
	}
	f := r.failures[kind]
	if f == nil && len(r.failures) >= maxKinds {
		kind = otherKind
		f = r.failures[kind]
	}
	if f == nil {
		f = &failures{kind: kind}
		r.failures[kind] = f
	}
	f.count++
	if len(f.examples) == shownExamples {
		return
	}
	if e := exampleOf(rec, message); !slices.Contains(f.examples, e) { // of several runs, the same failure
		f.examples = append(f.examples, e)
	}
}

// tries counts files by the number of their tries; the last place is for all
// that took more.
type tries struct {
	files [maxTries + 1]int64
	again int64 // tries after the first ones
}

const maxTries = 10

func (t *tries) add(n int64) {
	t.files[min(n, maxTries+1)-1]++
	t.again += n - 1
}
