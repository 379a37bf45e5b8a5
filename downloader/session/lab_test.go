package session_test

import (
	"context"
	"io"
	"net/url"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"github.com/seed-9a1263fe/haul/bench/origin"
	"github.com/seed-9a1263fe/haul/downloader/session"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lab is an internet in memory, inside a bubble where time costs none.
type lab struct {
	*testing.T
	net *origin.Network
}

// inLab runs f in a bubble. Goroutines that a session leaves behind fail the
// test, since the bubble waits for all of them.
func inLab(t *testing.T, f func(l *lab)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(&lab{t, origin.NewNetwork()}) })
}

// serve starts o under name on the lab's network.
func (l *lab) serve(o *origin.Origin, opt origin.Options) *origin.Server {
	l.Helper()
	opt.Network = l.net
	return o.StartTest(l, opt)
}

// start begins a session on the lab's network, which ends with the test.
func (l *lab) start(cfg session.Config) *session.Session {
	l.Helper()
	if cfg.DialContext == nil {
		cfg.DialContext = l.net.DialContext
	}
	if cfg.Resolver == nil {
		cfg.Resolver = l.net
	}
	return start(l.T, cfg)
}

func start(t *testing.T, cfg session.Config) *session.Session {
	t.Helper()
	s, err := session.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.End)
	return s
}

func mustURL(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// open sends one request on a connection of its own. What it returns is closed
// with the test, or before.
func open(t *testing.T, s *session.Session, rawURL string, shape ...func(*session.Request)) (*session.Answer, *session.Conn, error) {
	t.Helper()
	ctx := context.Background()
	u := mustURL(t, rawURL)
	c, err := s.Connect(ctx, u)
	if err != nil {
		return nil, nil, err
	}
	t.Cleanup(func() { c.Close() })
	r, err := c.OpenRequest(u)
	if err != nil {
		return nil, c, err
	}
	for _, f := range shape {
		f(r)
	}
	a, err := r.Send(ctx)
	return a, c, err
}

// get is open, and reads the body.
func get(t *testing.T, s *session.Session, rawURL string, shape ...func(*session.Request)) ([]byte, *session.Answer, error) {
	t.Helper()
	a, c, err := open(t, s, rawURL, shape...)
	if c != nil {
		defer c.Close()
	}
	if err != nil {
		return nil, nil, err
	}
	defer a.Close()
	b, err := io.ReadAll(a)
	return b, a, err
}

func span(off, end int64) func(*session.Request) {
	return func(r *session.Request) { r.SetRange(off, end) }
}

func version(v session.Version, how session.How) func(*session.Request) {
	return func(r *session.Request) { r.SetVersion(v, how) }
}

func header(name, value string) func(*session.Request) {
	return func(r *session.Request) {
		if err := r.AddHeader(name, value); err != nil {
			panic(err)
		}
	}
}

// wantKind fails the test unless err is a session error of kind.
func wantKind(t *testing.T, err error, kind session.Kind) *session.Error {
	t.Helper()
	e, ok := err.(*session.Error)
	if !ok || e.Kind != kind {
		t.Fatalf("got %v, want a session error of kind %s", err, kind)
	}
	return e
}
