package session_test

import (
	"crypto/tls"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/seed-9a1263fe/haul/bench/origin"
	"github.com/seed-9a1263fe/haul/downloader/session"
)

func mustAddr(s string) netip.Addr { return netip.MustParseAddr(s) }

// trust is the TLS configuration that trusts srv; nil without TLS.
func trust(srv *origin.Server) *tls.Config {
	if srv.Pool() == nil {
		return nil
	}
	return &tls.Config{RootCAs: srv.Pool()}
}

func TestBadCertificatesAreNamed(t *testing.T) {
	ca, err := origin.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	other, err := origin.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		leaf  origin.Leaf
		trust *origin.CA
		words string
	}{
		"expired":           {origin.Leaf{NotAfter: time.Now().Add(-time.Hour)}, ca, "expired"},
		"another name":      {origin.Leaf{Names: []string{"elsewhere.test"}}, ca, "another name"},
		"unknown authority": {origin.Leaf{}, other, "unknown authority"},
	} {
		t.Run(name, func(t *testing.T) {
			o := origin.New(origin.Config{})
			o.Add("/a", origin.File{Size: 10})
			srv := o.StartTest(t, origin.Options{TLS: true, CA: ca, Leaf: c.leaf})
			s := start(t, session.Config{TLS: &tls.Config{RootCAs: c.trust.Pool()}})
			_, _, err := get(t, s, srv.URL("/a"))
			e := wantKind(t, err, session.KindTLS)
			if e.Temporary || !strings.Contains(err.Error(), c.words) {
				t.Fatalf("got %v, want a lasting failure that says %q", err, c.words)
			}
		})
	}
}

func TestPlainServerBehindHTTPSIsNamed(t *testing.T) {
	inLab(t, func(l *lab) {
		srv := l.serve(origin.New(origin.Config{}), origin.Options{})
		_, _, err := get(l.T, l.start(session.Config{}), strings.Replace(srv.URL("/a"), "http:", "https:", 1))
		e := wantKind(l.T, err, session.KindTLS)
		if !strings.Contains(err.Error(), "does not speak TLS") || e.Temporary {
			l.Fatalf("got %v, want that the server does not speak TLS", err)
		}
	})
}

func TestVersionOfHTTPCanBeChosen(t *testing.T) {
	inLab(t, func(l *lab) {
		o := origin.New(origin.Config{})
		o.Add("/a", origin.File{Size: 10})
		srv := l.serve(o, origin.Options{TLS: true, HTTP2: true})
		for choice, want := range map[string]string{"": "HTTP/2.0", "auto": "HTTP/2.0", "1.1": "HTTP/1.1", "2": "HTTP/2.0"} {
			_, a, err := get(l.T, l.start(session.Config{TLS: trust(srv), HTTPVersion: choice}), srv.URL("/a"))
			if err != nil || a.Protocol != want {
				l.Errorf("%q: got %+v, %v, want %s", choice, a, err, want)
			}
		}
	})
}
