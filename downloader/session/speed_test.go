package session_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/seed-9a1263fe/haul/bench/origin"
	"github.com/seed-9a1263fe/haul/downloader/session"
)

// TestRatesHold measures what comes out over a minute against what was allowed.
func TestRatesHold(t *testing.T) {
	const rate = 200_000
	for name, c := range map[string]struct {
		cfg   session.Config
		hosts []string
		want  float64
	}{
		"one connection":  {session.Config{OverallRate: rate}, []string{"a.test"}, rate},
		"all hosts":       {session.Config{OverallRate: rate}, []string{"a.test", "b.test", "a.test", "b.test"}, rate},
		"each host":       {session.Config{HostRate: rate}, []string{"a.test", "a.test", "b.test", "b.test"}, 2 * rate},
		"the lower of it": {session.Config{HostRate: rate, OverallRate: rate * 3 / 2}, []string{"a.test", "b.test"}, rate * 3 / 2},
		"very low":        {session.Config{OverallRate: 1000}, []string{"a.test", "b.test"}, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			inLab(t, func(l *lab) {
				o := origin.New(origin.Config{})
				o.Add("/a", origin.File{Size: 1 << 40})
				l.serve(o, origin.Options{Name: "a.test"})
				l.serve(o, origin.Options{Name: "b.test"})
				s := l.start(c.cfg)
				meter := &meter{began: time.Now(), perSecond: map[int64]int64{}}
				var wg sync.WaitGroup
				for _, host := range c.hosts {
					wg.Go(func() {
						a, _, err := open(l.T, s, "http://"+host+"/a")
						if err != nil {
							l.Error(err)
							return
						}
						defer a.Close()
						buf := make([]byte, 256<<10)
						for time.Since(meter.began) < time.Minute {
							n, err := a.Read(buf)
							if err != nil {
								l.Error(err)
								return
							}
							meter.count(n)
						}
					})
				}
				wg.Wait()
				got := float64(meter.total) / time.Since(meter.began).Seconds()
				if got < 0.95*c.want || got > 1.05*c.want {
					l.Errorf("%.0f bytes a second, want %.0f", got, c.want)
				}
				for second, n := range meter.perSecond {
					if float64(n) > 1.3*c.want {
						l.Errorf("%d bytes in second %d, want no burst beyond %.0f", n, second, c.want)
					}
				}
			})
		})
	}
}

type meter struct {
	began time.Time

	mu        sync.Mutex
	total     int64
	perSecond map[int64]int64
}

func (m *meter) count(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.total += int64(n)
	m.perSecond[int64(time.Since(m.began)/time.Second)] += int64(n)
}

func TestWaitForTheRateIsNotAStall(t *testing.T) {
	inLab(t, func(l *lab) {
		o := origin.New(origin.Config{})
		o.Add("/a", origin.File{Size: 10_000})
		srv := l.serve(o, origin.Options{})
		s := l.start(session.Config{OverallRate: 100, Timeout: time.Second, LowestSpeed: 1 << 20})
		if _, _, err := get(l.T, s, srv.URL("/a")); err != nil {
			l.Fatal(err)
		}
	})
}

func TestDeadlineShorterThanTheRateCancels(t *testing.T) {
	inLab(t, func(l *lab) {
		o := origin.New(origin.Config{})
		o.Add("/a", origin.File{Size: 1 << 20})
		srv := l.serve(o, origin.Options{})
		s := l.start(session.Config{OverallRate: 1})
		u := mustURL(l.T, srv.URL("/a"))
		c, err := s.Connect(context.Background(), u)
		if err != nil {
			l.Fatal(err)
		}
		defer c.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		r, _ := c.OpenRequest(u)
		a, err := r.Send(ctx)
		if err != nil {
			l.Fatal(err)
		}
		_, err = io.ReadAll(a)
		if e := wantKind(l.T, err, session.KindCanceled); !errors.Is(e, context.DeadlineExceeded) {
			l.Fatalf("got %v, want %v", err, context.DeadlineExceeded)
		}
	})
}
