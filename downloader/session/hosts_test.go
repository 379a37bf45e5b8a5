package session_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-9a1263fe/haul/bench/origin"
	"github.com/seed-9a1263fe/haul/downloader/session"
)

func TestHostLimitHoldsForAllRequestsTogether(t *testing.T) {
	for proto, opt := range map[string]origin.Options{"http": {}, "https": {TLS: true}, "h2": {TLS: true, HTTP2: true}} {
		t.Run(proto, func(t *testing.T) {
			inLab(t, func(l *lab) {
				o := origin.New(origin.Config{Delay: time.Second})
				o.Add("/a", origin.File{Size: 100_000})
				srv := l.serve(o, opt)
				s := l.start(session.Config{MaxConnsPerHost: 3, TLS: trust(srv)})
				began := time.Now()
				if failed := fetchAll(l, s, srv.URL("/a"), 21, 20); failed != 0 {
					l.Fatalf("%d failed", failed)
				}
				if took := time.Since(began); took > 8*time.Second {
					l.Errorf("took %v, want 7 rounds of a second", took)
				}
				st := o.Stats()
				if st.MaxInFlight != 3 || st.MaxOpenConns > 3 || st.Conns > 3 {
					l.Fatalf("%d requests at once over %d connections, want 3 over 3", st.MaxInFlight, st.Conns)
				}
			})
		})
	}
}

func TestConnectGivesUpWithItsContext(t *testing.T) {
	inLab(t, func(l *lab) {
		s := l.start(session.Config{MaxConnsPerHost: 1})
		u := mustURL(l.T, "http://a.test/")
		c, err := s.Connect(context.Background(), u)
		if err != nil {
			l.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		_, err = s.Connect(ctx, u)
		if e := wantKind(l.T, err, session.KindCanceled); !errors.Is(e, context.DeadlineExceeded) {
			l.Fatalf("got %v, want %v", err, context.DeadlineExceeded)
		}
		c.Close()
		if c, err = s.Connect(context.Background(), u); err != nil {
			l.Fatalf("the slot is lost: %v", err)
		}
		c.Close()
	})
}

// ready records OnReady calls.
type ready struct {
	mu      sync.Mutex
	origins []string
	at      []time.Time
}

func (r *ready) note(origin string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.origins = append(r.origins, origin)
	r.at = append(r.at, time.Now())
}

func (r *ready) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.origins)
}

func TestOnReadyFollowsATryThatFailed(t *testing.T) {
	inLab(t, func(l *lab) {
		var told ready
		s := l.start(session.Config{MaxConnsPerHost: 1, OnReady: told.note})
		c, ok := s.TryConnect("http://a.test:80")
		if !ok {
			l.Fatal("no connection to an idle host")
		}
		c.Close()
		if told.count() != 0 {
			l.Fatal("told though nobody wanted it")
		}
		c, _ = s.TryConnect("http://a.test:80")
		if _, ok := s.TryConnect("http://a.test:80"); ok {
			l.Fatal("a second connection beyond the limit")
		}
		c.Close()
		if told.count() != 1 || told.origins[0] != "http://a.test:80" {
			l.Fatalf("told %v, want the host once", told.origins)
		}
	})
}

func TestRetryAfterHoldsTheWholeHost(t *testing.T) {
	for name, fault := range map[string]origin.Fault{
		"seconds": {Times: 1, Status: 429, RetryAfter: 30 * time.Second},
		"date":    {Times: 1, Status: 503, RetryAfter: 30 * time.Second, RetryDate: true},
	} {
		t.Run(name, func(t *testing.T) {
			inLab(t, func(l *lab) {
				o := origin.New(origin.Config{})
				o.Add("/a", origin.File{Size: 10, Faults: []origin.Fault{fault}})
				o.Add("/b", origin.File{Size: 10})
				srv := l.serve(o, origin.Options{})
				var told ready
				s := l.start(session.Config{OnReady: told.note})
				began := time.Now()
				_, _, err := get(l.T, s, srv.URL("/a"))
				e := wantKind(l.T, err, session.KindRateLimited)
				if e.After < 29*time.Second || e.After > 30*time.Second {
					l.Errorf("asked to wait %v, want about 30 s", e.After)
				}
				at := "http://" + srv.Addr()
				if _, ok := s.TryConnect(at); ok {
					l.Error("a connection was lent while the host is held")
				}
				if d := s.ReadyAt(at).Sub(began); d != e.After {
					l.Errorf("ready in %v, want %v", d, e.After)
				}
				hosts := s.Hosts()
				if len(hosts) != 1 || hosts[0].Until.IsZero() || !strings.Contains(hosts[0].Why, "answered") {
					l.Errorf("status is %+v, want a held host and why", hosts)
				}
				if _, _, err := get(l.T, s, srv.URL("/b")); err != nil { // Connect waits
					l.Fatal(err)
				}
				if d := time.Since(began); d < e.After || d > e.After+time.Second {
					l.Errorf("the next request went after %v, want %v", d, e.After)
				}
				synctest.Wait()
				if told.count() != 1 || told.at[0].Sub(began) != e.After {
					l.Errorf("told at %v, want once at the hold's end", told.at)
				}
				if !s.ReadyAt(at).IsZero() {
					l.Error("the hold has no end")
				}
			})
		})
	}
}

// fetchAll gets path n times with workers goroutines, each again after a second
// when it fails, and returns how many tries failed.
func fetchAll(l *lab, s *session.Session, url string, n, workers int) (failed int) {
	l.Helper()
	var (
		mu sync.Mutex
		wg sync.WaitGroup
	)
	todo := make(chan struct{}, n)
	for range n {
		todo <- struct{}{}
	}
	close(todo)
	for range workers {
		wg.Go(func() {
			for range todo {
				for {
					_, _, err := get(l.T, s, url)
					if err == nil {
						break
					}
					mu.Lock()
					failed++
					mu.Unlock()
					timer := time.NewTimer(time.Second)
					<-timer.C
				}
			}
		})
	}
	wg.Wait()
	return failed
}

func TestLimitOfTheServerIsLearned(t *testing.T) {
	for name, cfg := range map[string]origin.Config{
		"answers 429":          {Requests: origin.Limit{N: 2, Status: 429}},
		"answers 503":          {Requests: origin.Limit{N: 2, Status: 503}},
		"closes connections":   {Conns: origin.Limit{N: 2, Over: origin.OverClose}},
		"resets connections":   {Conns: origin.Limit{N: 2, Over: origin.OverReset}},
		"429 to a connection":  {Conns: origin.Limit{N: 2, Status: 429}},
		"429 and a time to be": {Requests: origin.Limit{N: 2, Status: 429, RetryAfter: 2 * time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			inLab(t, func(l *lab) {
				cfg.BodyRate = 100_000
				o := origin.New(cfg)
				o.Add("/a", origin.File{Size: 200_000}) // two seconds each
				srv := l.serve(o, origin.Options{})
				s := l.start(session.Config{MaxConnsPerHost: 8})
				began := time.Now()
				failed := fetchAll(l, s, srv.URL("/a"), 40, 8)
				took := time.Since(began)
				l.Logf("40 files of 2 s by two at a time: %v, %d tries failed", took, failed)
				if failed > 20 {
					l.Errorf("%d tries failed, want few", failed)
				}
				if took > 80*time.Second {
					l.Errorf("took %v, want less than a file at a time", took)
				}
			})
		})
	}
}

func TestDeadHostIsNotHammered(t *testing.T) {
	inLab(t, func(l *lab) {
		s := l.start(session.Config{MaxConnsPerHost: 4})
		l.net.SetHost("dead.test", mustAddr("10.9.9.9"))
		tries := 0
		down := 0
		began := time.Now()
		for time.Since(began) < time.Minute {
			_, _, err := get(l.T, s, "http://dead.test/a")
			e := wantKind(l.T, err, session.KindConnect)
			if !e.Temporary {
				l.Fatalf("%v is not worth another try, want that it is", err)
			}
			tries++
			if errors.Is(err, session.ErrHostDown) {
				down++
			}
			timer := time.NewTimer(100 * time.Millisecond)
			<-timer.C
		}
		if real := tries - down; real > 10 {
			l.Fatalf("%d of %d tries went out, want at most 10", real, tries)
		}
		hosts := s.Hosts()
		if len(hosts) != 1 || !hosts[0].Down {
			l.Errorf("status is %+v, want a host that is down", hosts)
		}
	})
}

func TestHostsThatBehaveAreForgotten(t *testing.T) {
	inLab(t, func(l *lab) {
		o := origin.New(origin.Config{})
		o.Add("/a", origin.File{Size: 10})
		srv := l.serve(o, origin.Options{})
		s := l.start(session.Config{})
		a, c, err := open(l.T, s, srv.URL("/a"))
		if err != nil {
			l.Fatal(err)
		}
		if n := len(s.Hosts()); n != 1 {
			l.Fatalf("%d hosts with a request in flight, want 1", n)
		}
		if _, err := io.ReadAll(a); err != nil {
			l.Fatal(err)
		}
		a.Close()
		c.Close()
		if hosts := s.Hosts(); len(hosts) != 0 {
			l.Fatalf("remembered: %+v", hosts)
		}
	})
}

func TestOnReadyComesWhenAHoldEnds(t *testing.T) {
	inLab(t, func(l *lab) {
		o := origin.New(origin.Config{Faults: []origin.Fault{{Status: 429, RetryAfter: 30 * time.Second}}})
		srv := l.serve(o, origin.Options{})
		var told ready
		s := l.start(session.Config{OnReady: told.note})
		began := time.Now()
		_, _, err := get(l.T, s, srv.URL("/a"))
		wantKind(l.T, err, session.KindRateLimited)
		if _, ok := s.TryConnect("http://" + srv.Addr()); ok {
			l.Fatal("a connection was lent while the host is held")
		}
		timer := time.NewTimer(time.Minute)
		<-timer.C
		if told.count() != 1 || told.at[0].Sub(began) != 30*time.Second {
			l.Fatalf("told at %v, want once after 30 s", told.at)
		}
	})
}
