package main

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/seed-9a1263fe/haul/downloader"
)

const (
	// toldFailures is how many failures are told as they happen unless the log
	// is verbose; the rest is counted.
	toldFailures = 20
	// shownFailures is how many of each kind the summary names.
	shownFailures = 3
)

// tally counts the failures of a run by kind, tells the first of them as they
// happen, and keeps a few of each kind for the summary, whatever their number.
type tally struct {
	log     *slog.Logger
	verbose bool

	mu    sync.Mutex
	total int64
	kinds map[downloader.Kind]*failures
}

// failures are those of one kind.
type failures struct {
	kind  downloader.Kind
	count int64
	first []failure
}

type failure struct{ place, url, message string }

func newTally(log *slog.Logger, verbose bool) *tally {
	return &tally{log: log, verbose: verbose, kinds: map[downloader.Kind]*failures{}}
}

// add takes the result of a job that failed. It may be called from many
// goroutines.
func (t *tally) add(r *downloader.Result) {
	why := r.Failure
	if why == nil {
		why = &downloader.Failure{Kind: downloader.KindIO, Message: "no reason given"}
	}
	message := strings.TrimPrefix(why.Message, r.URL+": ")
	f := failure{placeOf(r.List, r.Line), r.URL, message}

	t.mu.Lock()
	t.total++
	n := t.total
	k := t.kinds[why.Kind]
	if k == nil {
		k = &failures{kind: why.Kind}
		t.kinds[why.Kind] = k
	}
	k.count++
	if len(k.first) < shownFailures {
		k.first = append(k.first, f)
	}
	t.mu.Unlock()

	switch {
	case t.verbose || n <= toldFailures:
		t.log.Error("failed", "at", f.place, "url", f.url, "kind", string(why.Kind), "why", f.message)
	case n == toldFailures+1:
		t.log.Error("more files failed; they are counted, and named in full with --verbose or --results")
	}
}

// byCount returns the failures of all kinds, the most frequent first.
func (t *tally) byCount() []*failures {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.SortedFunc(maps.Values(t.kinds), func(a, b *failures) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.kind, b.kind))
	})
}

// placeOf says where a job stands: list:line, or "" for the command line.
func placeOf(list string, line int64) string {
	switch {
	case list == "":
		return ""
	case line == 0:
		return list
	}
	return fmt.Sprintf("%s:%d", list, line)
}
