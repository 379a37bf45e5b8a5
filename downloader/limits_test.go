package downloader

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/seed-9a1263fe/haul/bench/origin"
)

func TestHostLimitHoldsForAllFilesTogether(t *testing.T) {
	inLab(t, origin.Config{Delay: 10 * time.Millisecond, BodyRate: 1 << 20}, func(l *lab) {
		l.cfg.Session.MaxConnsPerHost = 3
		l.cfg.Workers = 16
		reqs := []Request{l.add("/big", origin.File{Size: 2 << 20})}
		for i := range 40 {
			reqs = append(reqs, l.add(fmt.Sprintf("/s%d", i), origin.File{Size: int64(i) << 8}))
		}
		for _, r := range l.run(reqs...) {
			if r.Status != Complete {
				l.Errorf("%s: %v", r.URL, r.Err)
			}
		}
		s := l.origin.Stats()
		if s.MaxInFlight > 3 || s.MaxOpenConns > 3 {
			l.Errorf("%d requests and %d connections at once, the limit is 3", s.MaxInFlight, s.MaxOpenConns)
		}
		if s.MaxInFlight < 3 {
			l.Errorf("never more than %d requests at once, 3 are allowed", s.MaxInFlight)
		}
	})
}

func TestConnectionsAreKept(t *testing.T) {
	inLabH1(t, origin.Config{}, func(l *lab) {
		var reqs []Request
		for i := range 200 {
			reqs = append(reqs, l.add(fmt.Sprintf("/s%d", i), origin.File{Size: 100}))
		}
		l.run(reqs...)
		if s := l.origin.Stats(); s.Conns > DefaultHostConns {
			l.Errorf("%d connections for %d files, want at most %d", s.Conns, len(reqs), DefaultHostConns)
		}
	})
}

func TestLargeFileIsSplitOverIdleWorkers(t *testing.T) {
	inLab(t, origin.Config{BodyRate: 1 << 20}, func(l *lab) {
		l.cfg.Session.MaxConnsPerHost = 8
		l.cfg.Split = 4
		req := l.add("/big", origin.File{Size: 8 << 20})
		began := time.Now()
		l.complete(l.run(req)[0], "/big")
		if n := l.origin.Stats().MaxInFlight; n != 4 {
			l.Errorf("%d ranges at once, want 4", n)
		}
		// One connection would take 8 s; four take 2, and a little for the ends.
		if took := time.Since(began); took > 3*time.Second {
			l.Errorf("took %v over four connections of 1 MiB/s, want about 2 s", took)
		}
		for _, r := range l.ranges("/big") {
			var a, b int64
			if _, err := fmt.Sscanf(r, "%d-%d", &a, &b); err != nil {
				l.Errorf("range %q is not bounded", r)
			} else if n := b - a + 1; n < l.cfg.MinSplit && b != 8<<20-1 {
				l.Errorf("range %q has %d bytes, less than the %d below which nothing is split", r, n, l.cfg.MinSplit)
			}
		}
	})
}

func TestIdleWorkerTakesFromTheLargestRest(t *testing.T) {
	// One connection is a hundred times slower than the others: what it has not
	// read when they are idle must not wait for it.
	slow := origin.Fault{Skip: 1, Times: 1, BodyRate: 64 << 10}
	inLabH1(t, origin.Config{BodyRate: 8 << 20}, func(l *lab) {
		l.cfg.Split = 4
		l.cfg.MinSplit = 1 << 20
		req := l.add("/big", origin.File{Size: 64 << 20, Faults: []origin.Fault{slow}})
		began := time.Now()
		l.complete(l.run(req)[0], "/big")
		// Its range has nearly 8 MiB, for two minutes alone. It is halved down to
		// less than twice the least size, which takes half a minute.
		if took := time.Since(began); took > 40*time.Second {
			l.Errorf("took %v, want the slow connection's range to be shared", took)
		}
	})
}

func TestHostsAreServedInTurn(t *testing.T) {
	inLabH1(t, origin.Config{Delay: time.Second}, func(l *lab) {
		l.cfg.Workers = 2
		l.cfg.Session.MaxConnsPerHost = 1
		other := l.origin.StartTest(l, origin.Options{Network: l.net, Name: "other.test"})
		var reqs []Request
		for i := range 10 {
			reqs = append(reqs, l.add(fmt.Sprintf("/s%d", i), origin.File{Size: 1}))
		}
		l.origin.Add("/late", origin.File{Size: 1})
		reqs = append(reqs, Request{URLs: []string{other.URL("/late")}})
		began := time.Now()
		var finished time.Duration
		e, q := l.engine(func(ev Event) {
			if f, ok := ev.(Finished); ok && f.Result.Request.URLs[0] == other.URL("/late") {
				finished = time.Since(began)
			}
		}, reqs...)
		defer q.Close()
		if err := e.Run(l.Context()); err != nil {
			l.Fatal(err)
		}
		if finished > 2*time.Second {
			l.Errorf("the other host's only file came after %v, behind ten of the first host", finished)
		}
	})
}

func TestFilesInFlightAreBounded(t *testing.T) {
	inLabH1(t, origin.Config{Delay: time.Second}, func(l *lab) {
		l.cfg.MaxFiles = 2
		var reqs []Request
		for i := range 6 {
			reqs = append(reqs, l.add(fmt.Sprintf("/s%d", i), origin.File{Size: 1}))
		}
		l.run(reqs...)
		if n := l.origin.Stats().MaxInFlight; n != 2 {
			l.Errorf("%d files at once, want 2", n)
		}
	})
}

func TestBeginsInListOrder(t *testing.T) {
	inLabH1(t, origin.Config{}, func(l *lab) {
		l.cfg.Session.MaxConnsPerHost = 1
		var reqs []Request
		var want []string
		for i := range 20 {
			reqs = append(reqs, l.add(fmt.Sprintf("/s%02d", i), origin.File{Size: 1}))
			want = append(want, fmt.Sprintf("/s%02d", i))
		}
		l.run(reqs...)
		var got []string
		for _, r := range l.origin.Requests() {
			got = append(got, r.Path)
		}
		if !slices.Equal(got, want) {
			l.Errorf("asked in the order %v", got)
		}
	})
}

func TestDurationCountsFromTheFirstRequest(t *testing.T) {
	inLabH1(t, origin.Config{Delay: time.Second}, func(l *lab) {
		l.cfg.Session.MaxConnsPerHost = 1
		var reqs []Request
		for i := range 5 {
			reqs = append(reqs, l.add(fmt.Sprintf("/s%d", i), origin.File{Size: 1}))
		}
		began := time.Now()
		for i, r := range l.run(reqs...) {
			if want := began.Add(time.Duration(i) * time.Second); r.Duration > 2*time.Second || r.Started.Before(want) {
				l.Errorf("file %d: started %v after the run and took %v", i, r.Started.Sub(began), r.Duration)
			}
		}
	})
}

func TestMirrorWithRangesIsSplitAfterOneWithout(t *testing.T) {
	inLabH1(t, origin.Config{BodyRate: 1 << 20}, func(l *lab) {
		// The first says its size and breaks off for good; it takes no ranges.
		l.cfg.MaxTries = 1
		bad := l.add("/bad", origin.File{Size: 4 << 20, NoRanges: true, Faults: []origin.Fault{{Break: origin.CutAfter(64 << 10)}}})
		l.origin.Add("/good", origin.File{Size: 4 << 20})
		bad.URLs = append(bad.URLs, l.server.URL("/good"))
		bad.Out = "file"
		l.complete(l.run(bad)[0], "/good")
		if n := l.origin.Stats().MaxInFlight; n < 2 {
			l.Errorf("never more than %d request at once, want the mirror's file to be split", n)
		}
	})
}
