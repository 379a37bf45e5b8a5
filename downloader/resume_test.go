package downloader

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/seed-9a1263fe/haul/bench/origin"
	"github.com/seed-9a1263fe/haul/store"
)

// interrupt runs the requests and cancels after d.
func (l *lab) interrupt(d time.Duration, reqs ...Request) {
	l.Helper()
	cause := errors.New("the user is in a hurry")
	ctx, cancel := context.WithCancelCause(l.Context())
	timer := time.AfterFunc(d, func() { cancel(cause) })
	defer timer.Stop()
	began := time.Now()
	if _, err := l.runCtx(ctx, reqs...); !errors.Is(err, cause) {
		l.Fatalf("interrupted run: %v, want the cause of its end", err)
	}
	if took := time.Since(began) - d; took > time.Second {
		l.Errorf("the run ended %v after it was told to", took)
	}
}

func TestResumeFetchesOnlyWhatIsMissing(t *testing.T) {
	inLab(t, origin.Config{BodyRate: 256 << 10}, func(l *lab) {
		const size = 4 << 20
		req := l.add("/big", origin.File{Size: size})
		l.interrupt(2*time.Second, req)
		before := l.origin.Stats()
		r := l.run(req)[0]
		l.complete(r, "/big")
		if r.ResumedBytes == 0 || r.ResumedBytes+r.FetchedBytes != size {
			l.Errorf("resumed %d and fetched %d bytes of %d", r.ResumedBytes, r.FetchedBytes, size)
		}
		if n := l.origin.Stats().BodyBytes; n > size*11/10 {
			l.Errorf("the origin served %d bytes for a file of %d", n, size)
		}
		for _, q := range l.origin.Requests()[before.Requests:] {
			if q.Header.Get("If-Range") == "" {
				l.Errorf("range %s was asked without If-Range", q.Range)
			}
		}
	})
}

func TestChangedFileStartsAnew(t *testing.T) {
	for _, c := range []struct {
		name string
		file origin.File
	}{
		{"strong tag", origin.File{}},
		{"date only", origin.File{NoETag: true}},
		{"weak tag only", origin.File{ETag: `W/"1"`, NoModTime: true}},
		{"server ignores If-Range", origin.File{IgnoreIfRange: true}},
		{"no validator at all", origin.File{NoETag: true, NoModTime: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inLab(t, origin.Config{BodyRate: 256 << 10}, func(l *lab) {
				f := c.file
				f.Size = 2 << 20
				f.Seed, f.ModTime = 7, time.Unix(1e9, 0)
				req := l.add("/big", f)
				l.interrupt(time.Second/2, req)
				f.Seed, f.ModTime = 8, time.Unix(1e9+60, 0)
				if f.ETag != "" {
					f.ETag = `W/"2"`
				}
				l.origin.Add("/big", f)
				l.complete(l.run(req)[0], "/big")
			})
		})
	}
}

func TestFileReplacedDuringTheRunIsNeverMixed(t *testing.T) {
	for _, after := range []int{1, 2, 3, 5} {
		t.Run(fmt.Sprintf("after %d requests", after), func(t *testing.T) {
			inLab(t, origin.Config{BodyRate: 1 << 20}, func(l *lab) {
				req := l.add("/big", origin.File{Size: 3 << 20, ReplaceAfter: after, Replacement: &origin.File{}})
				l.complete(l.run(req)[0], "/big")
			})
		})
	}
}

func TestFarmWithATagPerRequestIsFetchedInOnePiece(t *testing.T) {
	inLab(t, origin.Config{BodyRate: 1 << 20}, func(l *lab) {
		// The same bytes under another tag with every request: no two ranges can
		// be shown to belong together.
		f := origin.File{Size: 1 << 20, ETagPerRequest: true, NoModTime: true}
		l.complete(l.run(l.add("/farm", f))[0], "/farm")
	})
}

func TestBytesOfABrokenConnectionCount(t *testing.T) {
	inLab(t, origin.Config{}, func(l *lab) {
		f := origin.File{Size: 100 << 10, Faults: []origin.Fault{
			{Times: 1, Break: origin.CutAfter(40 << 10)},
			{Skip: 1, Times: 1, Break: origin.ResetAfter(20 << 10)},
		}}
		r := l.run(l.add("/f", f))[0]
		l.complete(r, "/f")
		if r.Attempts != 3 || r.FetchedBytes > 110<<10 {
			l.Errorf("%d attempts, %d bytes fetched of %d", r.Attempts, r.FetchedBytes, f.Size)
		}
	})
}

func TestDrainEndsWhatWasBegunAndNoMore(t *testing.T) {
	inLabH1(t, origin.Config{Delay: time.Second}, func(l *lab) {
		l.cfg.MaxFiles = 2
		var done []Result
		e, q := l.engine(func(ev Event) {
			if f, ok := ev.(Finished); ok {
				done = append(done, f.Result)
			}
		}, l.add("/a", origin.File{Size: 1}), l.add("/b", origin.File{Size: 1}), l.add("/c", origin.File{Size: 1}))
		defer q.Close()
		timer := time.AfterFunc(time.Second/2, e.Drain)
		defer timer.Stop()
		if err := e.Run(l.Context()); err != nil {
			l.Fatal(err)
		}
		if len(done) != 2 || l.origin.FileStats("/c").Requests != 0 {
			l.Errorf("%d files done, %d requests for the third", len(done), l.origin.FileStats("/c").Requests)
		}
		lease, err := q.Next(l.Context())
		if err != nil || lease.Job().ID.IsZero() {
			l.Errorf("the third job is not owed any more: %v", err)
		}
	})
}

func TestFullStoreEndsTheRunAndKeepsWhatIsHere(t *testing.T) {
	inLabH1(t, origin.Config{}, func(l *lab) {
		l.limitStore(1 << 20)
		reqs := []Request{l.add("/a", origin.File{Size: 512 << 10}), l.add("/b", origin.File{Size: 4 << 20})}
		l.cfg.Session.MaxConnsPerHost = 1
		results, err := l.runCtx(l.Context(), reqs...)
		if !errors.Is(err, store.ErrNoSpace) {
			l.Fatalf("run: %v, want %v", err, store.ErrNoSpace)
		}
		l.complete(results[reqs[0].ID()], "/a")
		l.failed(results[reqs[1].ID()], KindDiskFull)
		info, err := l.store.Stat(l.Context(), store.Owner(reqs[1].ID()))
		if err != nil || info.Present == 0 {
			l.Errorf("of the file that did not fit, %+v (%v) is kept; want what was committed", info, err)
		}
	})
}
