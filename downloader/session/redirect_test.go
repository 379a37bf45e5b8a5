package session_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-9a1263fe/haul/bench/origin"
	"github.com/seed-9a1263fe/haul/downloader/session"
)

// twoHosts serves from.test, which redirects /a to to.test, over plain HTTP.
func twoHosts(l *lab, file origin.File) (from, to *origin.Origin, fromURL string) {
	l.Helper()
	from, to = origin.New(origin.Config{}), origin.New(origin.Config{})
	to.Add("/b", file)
	target := l.serve(to, origin.Options{Name: "to.test"})
	from.Add("/a", origin.File{Redirect: target.URL("/b")})
	return from, to, l.serve(from, origin.Options{Name: "from.test"}).URL("/a")
}

func TestNothingGivenForAnOriginCrossesToAnother(t *testing.T) {
	inLab(t, func(l *lab) {
		from, to, u := twoHosts(l, origin.File{Size: 10})
		netrc, err := session.ParseNetrc(strings.NewReader("machine to.test login n password n\ndefault login d password d"))
		if err != nil {
			l.Fatal(err)
		}
		for name, c := range map[string]struct {
			cfg session.Config
			url string
		}{
			"user of the configuration": {session.Config{User: url.UserPassword("me", "secret")}, u},
			"user in the URL":           {session.Config{}, strings.Replace(u, "http://", "http://me:secret@", 1)},
			"netrc":                     {session.Config{Netrc: netrc}, u},
		} {
			c.cfg.Header = http.Header{"X-Config": {"1"}}
			c.cfg.Referer = "http://from.test/page"
			c.cfg.Cookies = []*session.Cookie{{Domain: "from.test", Name: "c", Value: "1"}}
			_, a, err := get(l.T, l.start(c.cfg), c.url, header("X-Request", "1"), header("Cookie", "mine=1"), span(2, 8))
			if err != nil || a.FinalURL.Host != "to.test:80" || a.Off != 2 || a.End != 8 {
				l.Fatalf("%s: got %+v, %v, want the range at the other host", name, a, err)
			}
			first, second := last(from).Header, last(to).Header
			for _, f := range []string{"Authorization", "X-Config", "X-Request", "Cookie", "Referer"} {
				if first.Get(f) == "" {
					l.Errorf("%s: %s did not reach its origin", name, f)
				}
				if got := second.Get(f); got != "" {
					l.Errorf("%s: %s: %q reached another origin", name, f, got)
				}
			}
			if second.Get("User-Agent") == "" || second.Get("Range") == "" {
				l.Errorf("%s: range and user agent did not go along: %v", name, second)
			}
		}
	})
}

func last(o *origin.Origin) origin.Request {
	all := o.Requests()
	return all[len(all)-1]
}

func TestRedirectMovesTheSlotToWhereTheBytesComeFrom(t *testing.T) {
	inLab(t, func(l *lab) {
		from, to, u := twoHosts(l, origin.File{Size: 100_000, Faults: []origin.Fault{{BodyRate: 10_000}}})
		s := l.start(session.Config{MaxConnsPerHost: 2})
		done := make(chan error)
		for range 6 {
			go func() {
				_, _, err := get(l.T, s, u)
				done <- err
			}()
		}
		synctest.Wait()
		if n := from.Stats().InFlight; n != 0 {
			l.Errorf("%d requests in flight at the host that only redirects", n)
		}
		c, ok := s.TryConnect("http://from.test:80")
		if !ok {
			l.Error("redirected requests hold slots of the host that redirected them")
		} else {
			c.Close()
		}
		for range 6 {
			if err := <-done; err != nil {
				l.Error(err)
			}
		}
		if n := to.Stats().MaxInFlight; n != 2 {
			l.Errorf("%d requests at once at the host of the bytes, want 2", n)
		}
	})
}

func TestConnStaysWhereARedirectLed(t *testing.T) {
	inLab(t, func(l *lab) {
		_, _, u := twoHosts(l, origin.File{Size: 100})
		a, c, err := open(l.T, l.start(session.Config{}), u)
		if err != nil {
			l.Fatal(err)
		}
		a.Close()
		if c.Origin() != "http://to.test:80" {
			l.Fatalf("connection is at %s, want to.test", c.Origin())
		}
		r, err := c.OpenRequest(a.FinalURL)
		if err != nil {
			l.Fatal(err)
		}
		b, err := r.Send(context.Background())
		if err != nil {
			l.Fatal(err)
		}
		b.Close()
	})
}

func TestRedirectToAHeldHostIsNotWaitedFor(t *testing.T) {
	inLab(t, func(l *lab) {
		_, _, u := twoHosts(l, origin.File{Size: 10, Faults: []origin.Fault{{Times: 1, Status: 429, RetryAfter: time.Hour}}})
		s := l.start(session.Config{})
		for i := range 2 {
			began := time.Now()
			_, _, err := get(l.T, s, u)
			e := wantKind(l.T, err, session.KindRateLimited)
			if e.After < 59*time.Minute || time.Since(began) > time.Minute {
				l.Errorf("try %d: asked to wait %v after %v, want an hour at once", i, e.After, time.Since(began))
			}
		}
	})
}

func TestRedirectsThatAreRefused(t *testing.T) {
	for location, kind := range map[string]session.Kind{
		"":                       session.KindRedirect,
		"/loop":                  session.KindRedirect,
		"ftp://origin.test/x":    session.KindRedirect,
		"file:///etc/passwd":     session.KindRedirect,
		"http://":                session.KindRedirect,
		"http://[::1":            session.KindRedirect,
		"http://origin.test/%zz": session.KindRedirect,
		"http://origin.test/ok":  session.KindRedirect, // from https
	} {
		inLab(t, func(l *lab) {
			o := origin.New(origin.Config{Faults: []origin.Fault{{
				When: func(r origin.Request) bool { return r.Path != "/ok" }, Status: 302, Header: http.Header{"Location": {location}},
			}}})
			o.Add("/ok", origin.File{Size: 5})
			secure := l.serve(o, origin.Options{TLS: true})
			l.serve(o, origin.Options{})
			s := l.start(session.Config{TLS: trust(secure), MaxRedirects: 5})
			_, _, err := get(l.T, s, secure.URL("/a")+"?sig=hush")
			if session.KindOf(err) != kind || strings.Contains(err.Error(), "hush") {
				l.Errorf("location %q: got %v, want %s", location, err, kind)
			}
			if n := len(o.Requests()); n > 6 {
				l.Errorf("location %q: %d requests, want 6 at most", location, n)
			}
		})
	}
}

func TestRedirectsThatAreFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		inLab(t, func(l *lab) {
			o := origin.New(origin.Config{})
			f := o.Add("/dir/b", origin.File{Size: 5})
			o.Add("/dir/a", origin.File{Redirect: "b?x=1#part", RedirectStatus: status})
			secure := l.serve(o, origin.Options{TLS: true})
			plain := l.serve(o, origin.Options{Name: "plain.test"})
			o.Add("/up", origin.File{Redirect: secure.URL("/dir/a")})
			o.Add("/down", origin.File{Redirect: plain.URL("/dir/a")})
			s := l.start(session.Config{TLS: trust(secure), AllowDowngrade: true})
			for _, u := range []string{plain.URL("/dir/a"), plain.URL("/up"), secure.URL("/down")} {
				b, a, err := get(l.T, s, u)
				if err != nil || f.Check(b, 0) != nil || a.FinalURL.Path != "/dir/b" || a.FinalURL.RawQuery != "x=1" || a.URL.String() != u {
					l.Errorf("%d: %s: got %q, %+v, %v", status, u, b, a, err)
				}
			}
		})
	}
}

func TestCredentialsInALocationAreDropped(t *testing.T) {
	inLab(t, func(l *lab) {
		o := origin.New(origin.Config{})
		o.Add("/b", origin.File{Size: 5})
		o.Add("/a", origin.File{Redirect: "http://you:gave@to.test/b"})
		l.serve(o, origin.Options{Name: "to.test"})
		srv := l.serve(o, origin.Options{})
		if _, a, err := get(l.T, l.start(session.Config{}), srv.URL("/a")); err != nil || a.FinalURL.User != nil {
			l.Fatalf("got %+v, %v", a, err)
		}
		if got := last(o).Header.Get("Authorization"); got != "" {
			l.Fatalf("sent %q", got)
		}
	})
}

func TestNoRedirectsWhenNoneAllowed(t *testing.T) {
	inLab(t, func(l *lab) {
		_, to, u := twoHosts(l, origin.File{Size: 10})
		_, _, err := get(l.T, l.start(session.Config{MaxRedirects: -1}), u)
		wantKind(l.T, err, session.KindRedirect)
		if n := len(to.Requests()); n != 0 {
			l.Fatalf("%d requests followed", n)
		}
	})
}
