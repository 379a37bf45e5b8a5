package downloader

import (
	"bytes"
	"context"
	"crypto/tls"
	"iter"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/seed-9a1263fe/haul/bench/origin"
	"github.com/seed-9a1263fe/haul/downloader/session"
	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/queue/memq"
	"github.com/seed-9a1263fe/haul/store"
	"github.com/seed-9a1263fe/haul/store/memstore"
)

// lab is an origin on a network in memory, a store, and engines between them,
// all in one synctest bubble, so that waiting costs no time.
type lab struct {
	*testing.T
	net    *origin.Network
	origin *origin.Origin
	server *origin.Server
	store  *memstore.Store
	cfg    Config
	events []Event
}

// protocols are the ways in which every test of a lab is run.
var protocols = []struct {
	name string
	opt  origin.Options
}{
	{"h1", origin.Options{}},
	{"https", origin.Options{TLS: true}},
	{"h2", origin.Options{TLS: true, HTTP2: true}},
}

// inLab runs a test over each protocol.
func inLab(t *testing.T, cfg origin.Config, test func(l *lab)) {
	t.Helper()
	for _, p := range protocols {
		t.Run(p.name, func(t *testing.T) { inLabOver(t, p.opt, cfg, test) })
	}
}

// inLabH1 runs a test over plain HTTP/1.1 alone, for what is not a matter of
// the protocol.
func inLabH1(t *testing.T, cfg origin.Config, test func(l *lab)) {
	t.Helper()
	inLabOver(t, origin.Options{}, cfg, test)
}

func inLabOver(t *testing.T, opt origin.Options, cfg origin.Config, test func(l *lab)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cfg.Seed = 1
		l := &lab{T: t, net: origin.NewNetwork(), origin: origin.New(cfg), store: memstore.New()}
		opt.Network, opt.Name = l.net, "files.test"
		l.server = l.origin.StartTest(t, opt)
		l.cfg.MinSplit = 64 << 10
		l.cfg.BufferSize = 16 << 10
		l.cfg.Session = session.Config{DialContext: l.net.DialContext, Resolver: l.net}
		if opt.TLS {
			l.cfg.Session.TLS = &tls.Config{RootCAs: l.server.Pool()}
		}
		test(l)
	})
}

// add puts a file of that size at the origin and returns a request for it.
func (l *lab) add(path string, f origin.File) Request {
	l.origin.Add(path, f)
	return Request{URLs: []string{l.server.URL(path)}}
}

// run lets a new engine do the requests and returns the results by the order of
// the requests.
func (l *lab) run(reqs ...Request) []Result {
	l.Helper()
	results, err := l.runCtx(l.Context(), reqs...)
	if err != nil {
		l.Fatalf("run: %v", err)
	}
	out := make([]Result, len(reqs))
	for i, r := range reqs {
		res, ok := results[r.ID()]
		if !ok {
			l.Fatalf("no result for %v", r.URLs)
		}
		out[i] = res
	}
	return out
}

// runCtx is run that may end early.
func (l *lab) runCtx(ctx context.Context, reqs ...Request) (map[queue.ID]Result, error) {
	l.Helper()
	results := map[queue.ID]Result{}
	e, q := l.engine(func(ev Event) {
		if f, ok := ev.(Finished); ok {
			if _, twice := results[f.Result.ID]; twice {
				l.Errorf("two results for %s", f.Result.URL)
			}
			results[f.Result.ID] = f.Result
		}
	}, reqs...)
	defer q.Close()
	err := e.Run(ctx)
	if files := e.Snapshot().Files; len(files) > 0 {
		l.Errorf("files in flight after the run: %v", files)
	}
	return results, err
}

// engine makes an engine over a sealed queue of the requests.
func (l *lab) engine(observe func(Event), reqs ...Request) (*Engine, queue.Queue) {
	l.Helper()
	q := memq.New(memq.Config{Capacity: len(reqs) + 1})
	if _, err := q.Put(l.Context(), jobsOf(reqs)); err != nil {
		l.Fatal(err)
	}
	if err := q.Seal(l.Context()); err != nil {
		l.Fatal(err)
	}
	cfg := l.cfg
	var lock = make(chan struct{}, 1)
	cfg.Observe = func(ev Event) {
		lock <- struct{}{}
		defer func() { <-lock }()
		l.events = append(l.events, ev)
		if observe != nil {
			observe(ev)
		}
	}
	e, err := New(q, l.store, cfg)
	if err != nil {
		l.Fatal(err)
	}
	return e, q
}

func jobsOf(reqs []Request) iter.Seq2[queue.Job, error] {
	return func(yield func(queue.Job, error) bool) {
		for i := range reqs {
			if !yield(reqs[i].Job(), nil) {
				return
			}
		}
	}
}

// complete checks that the result is of a whole file with the origin's bytes.
func (l *lab) complete(r Result, path string) {
	l.Helper()
	if r.Status != Complete {
		l.Errorf("%s: %s (%v), want complete", path, r.Status, r.Err)
		return
	}
	l.holds(r.Key, path)
}

// holds checks that the store has the origin's bytes of path under key.
func (l *lab) holds(key store.Key, path string) {
	l.Helper()
	f, ok := l.origin.File(path)
	if !ok {
		l.Fatalf("%s: no such file at the origin", path)
	}
	got, err := l.store.ReadFile(key)
	if err != nil {
		l.Errorf("%s at %q: %v", path, key, err)
		return
	}
	if err := f.CheckReader(bytes.NewReader(got)); err != nil {
		l.Errorf("%s at %q: %v", path, key, err)
	}
}

// failed checks that the result failed with that kind.
func (l *lab) failed(r Result, kind Kind) {
	l.Helper()
	if r.Status != Failed || r.Failure == nil || r.Failure.Kind != kind {
		l.Errorf("%s: %s %v, want failed as %s", r.URL, r.Status, r.Failure, kind)
	}
}

// keys are the names that the results have, in order.
func keys(rs []Result) []string {
	var ks []string
	for _, r := range rs {
		ks = append(ks, string(r.Key))
	}
	return ks
}

// ranges are the Range fields of the requests for path, in order of arrival.
func (l *lab) ranges(path string) []string {
	var rs []string
	for _, r := range l.origin.Requests() {
		if r.Path == path {
			rs = append(rs, strings.TrimPrefix(r.Range, "bytes="))
		}
	}
	return rs
}

// limitStore puts a store that holds no more than limit bytes in place.
func (l *lab) limitStore(limit int64) { l.store = memstore.NewLimited(limit) }

// digest is store.ParseDigest for a checksum that is known to be good.
func digest(l *lab, algorithm, sum string) store.Digest {
	l.Helper()
	d, err := store.ParseDigest(algorithm, sum)
	if err != nil {
		l.Fatal(err)
	}
	return d
}
