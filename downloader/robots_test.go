package downloader

import (
	"testing"
	"time"

	"github.com/seed-9a1263fe/haul/bench/origin"
	"github.com/seed-9a1263fe/haul/downloader/session"
)

func TestRobotsAreObeyedWhereAskedFor(t *testing.T) {
	inLab(t, origin.Config{Delay: 10 * time.Millisecond}, func(l *lab) {
		l.cfg.Robots = true
		l.cfg.Session.UserAgent = "haul/1.0"
		l.origin.Add("/robots.txt", origin.File{Data: []byte("User-agent: *\nDisallow: /\n\nUser-agent: haul\nDisallow: /private/\n")})
		rs := l.run(
			l.add("/private/a", origin.File{Size: 10}), l.add("/b", origin.File{Size: 10}),
			l.add("/c", origin.File{Size: 10}), l.add("/d", origin.File{Size: 10}),
		)
		l.failed(rs[0], session.KindBlocked)
		l.complete(rs[1], "/b")
		l.complete(rs[2], "/c")
		if n := l.origin.FileStats("/robots.txt").Requests; n != 1 {
			l.Errorf("robots.txt was asked for %d times", n)
		}
		if n := l.origin.FileStats("/private/a").Requests; n != 0 {
			l.Errorf("the disallowed file was asked for %d times", n)
		}
	})
}

func TestMissingRobotsAllowAndBrokenOnesAreTriedAgain(t *testing.T) {
	inLab(t, origin.Config{}, func(l *lab) {
		l.cfg.Robots = true
		l.complete(l.run(l.add("/a", origin.File{Size: 10}))[0], "/a")
		l.origin.Add("/robots.txt", origin.File{Data: []byte("User-agent: *\nDisallow:\n"), Faults: []origin.Fault{{Times: 2, Status: 503}}})
		r := l.run(l.add("/b", origin.File{Size: 10}))[0]
		l.complete(r, "/b")
		if r.Attempts != 3 {
			l.Errorf("%d attempts, want 3", r.Attempts)
		}
	})
}

func TestRobotsElsewhereDoNotLoseTheFile(t *testing.T) {
	inLabH1(t, origin.Config{}, func(l *lab) {
		l.cfg.Robots = true
		l.cfg.Session.MaxConnsPerHost = 1
		other := l.origin.StartTest(l, origin.Options{Network: l.net, Name: "other.test"})
		l.origin.Add("/elsewhere", origin.File{Data: []byte("User-agent: *\nDisallow: /no\n")})
		l.origin.Add("/robots.txt", origin.File{Redirect: other.URL("/elsewhere")})
		rs := l.run(l.add("/yes", origin.File{Size: 10}), l.add("/no", origin.File{Size: 10}))
		l.complete(rs[0], "/yes")
		l.failed(rs[1], session.KindBlocked)
	})
}
