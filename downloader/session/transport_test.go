package session_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-9a1263fe/haul/bench/origin"
	"github.com/seed-9a1263fe/haul/downloader/session"
)

// watchedConn notes the largest buffer that was read into.
type watchedConn struct {
	net.Conn
	most *atomic.Int64
}

func (c watchedConn) Read(p []byte) (int, error) {
	if n := int64(len(p)); n > c.most.Load() {
		c.most.Store(n)
	}
	return c.Conn.Read(p)
}

func TestLargeReadsGoStraightIntoTheCallersBuffer(t *testing.T) {
	inLab(t, func(l *lab) {
		o := origin.New(origin.Config{})
		o.Add("/a", origin.File{Size: 4 << 20})
		srv := l.serve(o, origin.Options{})
		var most atomic.Int64
		s := l.start(session.Config{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := l.net.DialContext(ctx, network, address)
			return watchedConn{c, &most}, err
		}})
		a, _, err := open(l.T, s, srv.URL("/a"))
		if err != nil {
			l.Fatal(err)
		}
		buf := make([]byte, 256<<10)
		if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{a}, buf); err != nil {
			l.Fatal(err)
		}
		if most.Load() != int64(len(buf)) {
			l.Fatalf("the connection was read by %d bytes at most, want %d", most.Load(), len(buf))
		}
	})
}

func TestReadsCostNoMemory(t *testing.T) {
	o := origin.New(origin.Config{})
	o.Add("/a", origin.File{Size: 1 << 40})
	srv := o.StartTest(t, origin.Options{})
	a, _, err := open(t, start(t, session.Config{LowestSpeed: 1}), srv.URL("/a"))
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 64<<10)
	n := testing.AllocsPerRun(200, func() {
		if _, err := a.Read(buf); err != nil {
			t.Fatal(err)
		}
	})
	if n > 1 { // the server is in the same process
		t.Fatalf("%v allocations a read, want none", n)
	}
}

func TestForeignTransportIsUsedAsItIs(t *testing.T) {
	o := origin.New(origin.Config{})
	f := o.Add("/a", origin.File{Size: 1000})
	srv := o.StartTest(t, origin.Options{})
	foreign := srv.Transport()
	defer foreign.CloseIdleConnections()
	b, _, err := get(t, start(t, session.Config{Transport: foreign}), srv.URL("/a"))
	if err != nil || f.Check(b, 0) != nil || len(b) != 1000 {
		t.Fatalf("got %d bytes, %v", len(b), err)
	}
}

// builtTransport answers by itself, and is closed with the session.
type builtTransport struct {
	session.Base
	closed atomic.Bool
}

func (b *builtTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	addrs, err := b.Lookup(r.Context(), r.URL.Hostname(), "443")
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: 404, Proto: addrs[0].String(), Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

func (b *builtTransport) Close() error {
	b.closed.Store(true)
	return nil
}

func TestBuiltTransportHasResolverAndGuard(t *testing.T) {
	inLab(t, func(l *lab) {
		var built *builtTransport
		s := l.start(session.Config{
			BlockPrivate: true,
			Resolve:      map[string][]netip.Addr{"in.test:443": {mustAddr("10.0.0.1")}, "out.test:443": {mustAddr("8.8.8.8")}},
			NewTransport: func(b session.Base) (http.RoundTripper, error) {
				built = &builtTransport{Base: b}
				return built, nil
			},
		})
		_, _, err := get(l.T, s, "https://out.test/")
		wantKind(l.T, err, session.KindNotFound)
		_, _, err = get(l.T, s, "https://in.test/")
		wantKind(l.T, err, session.KindBlocked)
		s.End()
		if !built.closed.Load() {
			l.Error("the transport was not closed with the session")
		}
	})
}

func TestConfigurationsThatCannotWork(t *testing.T) {
	broken := errors.New("broken")
	for name, cfg := range map[string]session.Config{
		"negative limit":    {MaxConnsPerHost: -1},
		"negative time":     {Timeout: -time.Second},
		"negative rate":     {OverallRate: -1},
		"unknown version":   {HTTPVersion: "4"},
		"version 3 alone":   {HTTPVersion: "3"},
		"broken header":     {Header: http.Header{"A b": {"c"}}},
		"guard, foreign":    {BlockPrivate: true, Transport: http.DefaultTransport},
		"transport refused": {NewTransport: func(session.Base) (http.RoundTripper, error) { return nil, broken }},
	} {
		if _, err := session.Start(cfg); !errors.Is(err, session.ErrConfig) {
			t.Errorf("%s: got %v, want %v", name, err, session.ErrConfig)
		}
	}
}

// canned is a transport with one answer.
type canned func() *http.Response

func (c canned) RoundTrip(*http.Request) (*http.Response, error) { return c(), nil }

func TestRangeThatGoesOnBehindItsEndFails(t *testing.T) {
	for body, kind := range map[string]session.Kind{"0123456789": "", "0123456789x": session.KindRange, "01234": session.KindTruncated} {
		s := start(t, session.Config{Transport: canned(func() *http.Response {
			return &http.Response{StatusCode: 206, Proto: "HTTP/1.1", ContentLength: -1,
				Header: http.Header{"Content-Range": {"bytes 0-9/100"}}, Body: io.NopCloser(strings.NewReader(body))}
		})})
		b, _, err := get(t, s, "http://a.test/", span(0, 10))
		if session.KindOf(err) != kind || string(b) != body[:min(len(body), 10)] {
			t.Errorf("%q: got %q, %v, want kind %q", body, b, err, kind)
		}
	}
}
