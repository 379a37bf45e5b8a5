package downloader

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-9a1263fe/haul/bench/origin"
	"github.com/seed-9a1263fe/haul/store"
)

func TestLaterJobGetsTheSuffix(t *testing.T) {
	inLabH1(t, origin.Config{}, func(l *lab) {
		reqs := []Request{
			l.add("/a/x.bin", origin.File{Size: 10}), l.add("/b/x.bin", origin.File{Size: 20}), l.add("/c/x.bin", origin.File{Size: 30}),
		}
		rs := l.run(reqs...)
		if got, want := keys(rs), []string{"x.bin", "x.1.bin", "x.2.bin"}; !slices.Equal(got, want) {
			l.Errorf("names %v, want %v", got, want)
		}
		for i, p := range []string{"/a/x.bin", "/b/x.bin", "/c/x.bin"} {
			l.complete(rs[i], p)
		}
		if got := keys(l.run(reqs...)); !slices.Equal(got, []string{"x.bin", "x.1.bin", "x.2.bin"}) {
			l.Errorf("second run: names %v", got)
		}
	})
}

func TestNameOfTheServerComesBeforeThatOfTheURL(t *testing.T) {
	inLab(t, origin.Config{}, func(l *lab) {
		rs := l.run(
			l.add("/download", origin.File{Size: 10, Disposition: `attachment; filename="report.pdf"`}),
			l.add("/evil", origin.File{Size: 20, Disposition: `attachment; filename="../../etc/passwd"`}),
			l.add("/dir/", origin.File{Size: 30}),
		)
		if got, want := string(rs[0].Key), "report.pdf"; got != want {
			l.Errorf("name %q, want %q", got, want)
		}
		for _, r := range rs {
			if err := r.Key.Validate(); err != nil {
				l.Error(err)
			}
		}
		if rs[2].Key != "index.html" {
			l.Errorf("name %q, want index.html", rs[2].Key)
		}
	})
}

func TestNamesOfServersAreClaimedInListOrder(t *testing.T) {
	inLab(t, origin.Config{}, func(l *lab) {
		var reqs []Request
		for i := range 6 {
			reqs = append(reqs, l.add(fmt.Sprintf("/get%d", i), origin.File{
				Size: int64(10 + i), Disposition: `attachment; filename=x.bin`,
				// The earlier in the list, the later the answer.
				Faults: []origin.Fault{{Delay: time.Duration(6-i) * 100 * time.Millisecond}},
			}))
		}
		rs := l.run(reqs...)
		want := []string{"x.bin", "x.1.bin", "x.2.bin", "x.3.bin", "x.4.bin", "x.5.bin"}
		if got := keys(rs); !slices.Equal(got, want) {
			l.Errorf("names %v, want %v", got, want)
		}
		for i, r := range rs {
			l.complete(r, fmt.Sprintf("/get%d", i))
		}
	})
}

func TestNameDoesNotWaitLongForEarlierOnes(t *testing.T) {
	inLabH1(t, origin.Config{}, func(l *lab) {
		slow := l.add("/slow", origin.File{Size: 1, Faults: []origin.Fault{{Delay: 50 * time.Second}}})
		fast := l.add("/fast", origin.File{Size: 1, Disposition: `attachment; filename=x.bin`})
		began := time.Now()
		var took time.Duration
		e, q := l.engine(func(ev Event) {
			if f, ok := ev.(Finished); ok && f.Result.Key == "x.bin" {
				took = time.Since(began)
			}
		}, slow, fast)
		defer q.Close()
		if err := e.Run(l.Context()); err != nil {
			l.Fatal(err)
		}
		if took == 0 || took > 3*time.Second {
			l.Errorf("the fast file took %v behind a slow one", took)
		}
	})
}

func TestNameOfTheListComesFirst(t *testing.T) {
	inLabH1(t, origin.Config{}, func(l *lab) {
		req := l.add("/download", origin.File{Size: 10, Disposition: `attachment; filename="report.pdf"`})
		req.Dir, req.Out = "papers", "2026/mine.pdf"
		r := l.run(req)[0]
		if r.Key != "papers/2026/mine.pdf" {
			l.Errorf("name %q", r.Key)
		}
		l.complete(r, "/download")
	})
}

func TestForeignFileIsNeverOverwritten(t *testing.T) {
	inLabH1(t, origin.Config{}, func(l *lab) {
		l.plant("x.bin", "not ours")
		req := l.add("/x.bin", origin.File{Size: 10})
		r := l.run(req)[0]
		l.complete(r, "/x.bin")
		if r.Key != "x.1.bin" {
			l.Errorf("name %q, want x.1.bin", r.Key)
		}
		l.stands("x.bin", "not ours")
	})
}

func TestForeignFileFailsTheJobWhereNamesAreKept(t *testing.T) {
	inLabH1(t, origin.Config{}, func(l *lab) {
		l.cfg.KeepNames = true
		l.plant("x.bin", "not ours")
		l.failed(l.run(l.add("/x.bin", origin.File{Size: 10}))[0], KindName)
		l.stands("x.bin", "not ours")
		if n := l.origin.Stats().Requests; n != 0 {
			l.Errorf("%d requests for a file that could not be kept", n)
		}
	})
}

func TestOverwriteReplacesForeignFiles(t *testing.T) {
	inLabH1(t, origin.Config{}, func(l *lab) {
		l.cfg.Overwrite = true
		l.plant("x.bin", "not ours")
		r := l.run(l.add("/x.bin", origin.File{Size: 10}))[0]
		l.complete(r, "/x.bin")
		if r.Key != "x.bin" {
			l.Errorf("name %q, want x.bin", r.Key)
		}
	})
}

func TestFileThatTheUserRemovedIsFetchedAgain(t *testing.T) {
	inLabH1(t, origin.Config{}, func(l *lab) {
		req := l.add("/x.bin", origin.File{Size: 10})
		r := l.run(req)[0]
		if err := l.store.Remove(r.Key); err != nil {
			l.Fatal(err)
		}
		l.complete(l.run(req)[0], "/x.bin")
	})
}

func (l *lab) plant(key store.Key, text string) {
	l.Helper()
	if err := l.store.Plant(key, []byte(text)); err != nil {
		l.Fatal(err)
	}
}

func (l *lab) stands(key store.Key, text string) {
	l.Helper()
	if got, err := l.store.ReadFile(key); string(got) != text {
		l.Errorf("%q holds %q (%v), want %q", key, got, err, text)
	}
}

func TestHostileURLsGiveHarmlessNames(t *testing.T) {
	inLabH1(t, origin.Config{Find: func(string) (origin.File, bool) { return origin.File{Size: 3}, true }}, func(l *lab) {
		base := l.server.URL("")
		for _, path := range []string{"/%2e%2e", "/..%2f..%2fetc%2fpasswd", "/a%00b", "/con", "/%5c..%5cx", "/.haul", "/" + strings.Repeat("x", 400)} {
			r := l.run(Request{URLs: []string{base + path}})[0]
			if r.Status != Complete {
				l.Errorf("%s: %v", path, r.Err)
			}
			if err := r.Key.Validate(); err != nil || strings.Contains(string(r.Key), "/") {
				l.Errorf("%s became %q (%v)", path, r.Key, err)
			}
		}
	})
}

func TestConditionalRunFetchesWhatHasChanged(t *testing.T) {
	for _, c := range []struct {
		name string
		file origin.File
	}{{"tag and date", origin.File{}}, {"tag", origin.File{NoModTime: true}}, {"date", origin.File{NoETag: true}}} {
		t.Run(c.name, func(t *testing.T) {
			inLab(t, origin.Config{}, func(l *lab) {
				file := c.file
				file.Size, file.Seed, file.ModTime = 500<<10, 1, time.Unix(1e9, 0)
				same := l.add("/same", file)
				changed := l.add("/changed", file)
				l.run(same, changed)
				file.Seed, file.ModTime = 2, time.Unix(1e9+60, 0)
				l.origin.Add("/changed", file)
				l.cfg.Conditional = true
				rs := l.run(same, changed)
				if rs[0].Status != Skipped || rs[0].HTTPStatus != 304 || rs[0].FetchedBytes != 0 {
					l.Errorf("unchanged file: %s, status %d, %d bytes fetched", rs[0].Status, rs[0].HTTPStatus, rs[0].FetchedBytes)
				}
				l.complete(rs[1], "/changed")
				if rs[1].Key != "changed" {
					l.Errorf("the new version is called %q", rs[1].Key)
				}
				l.holds("same", "/same")
			})
		})
	}
}
