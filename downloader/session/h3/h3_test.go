package h3_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/quic-go/quic-go/http3"
	"go.uber.org/goleak"

	"github.com/seed-9a1263fe/haul/bench/origin"
	"github.com/seed-9a1263fe/haul/downloader/session"
	"github.com/seed-9a1263fe/haul/downloader/session/h3"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve starts an HTTP/3 server on loopback and returns its URL and its CA.
func serve(t *testing.T, h http.Handler) (string, *origin.CA) {
	t.Helper()
	ca, err := origin.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Issue(origin.Leaf{Names: []string{"127.0.0.1"}})
	if err != nil {
		t.Fatal(err)
	}
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http3.Server{Handler: h, TLSConfig: http3.ConfigureTLSConfig(&tls.Config{Certificates: []tls.Certificate{cert}})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(socket)
	}()
	t.Cleanup(func() {
		srv.Close()
		socket.Close()
		<-done
	})
	return "https://" + socket.LocalAddr().String(), ca
}

func start(t *testing.T, ca *origin.CA, cfg session.Config) *session.Session {
	t.Helper()
	cfg.NewTransport, cfg.HTTPVersion = h3.New, "3"
	cfg.TLS = &tls.Config{RootCAs: ca.Pool()}
	s, err := session.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.End)
	return s
}

func get(t *testing.T, s *session.Session, rawURL string, off, end int64) ([]byte, *session.Answer, error) {
	t.Helper()
	ctx := context.Background()
	u, err := url.Parse(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Connect(ctx, u)
	if err != nil {
		return nil, nil, err
	}
	defer c.Close()
	r, err := c.OpenRequest(u)
	if err != nil {
		return nil, nil, err
	}
	r.SetRange(off, end)
	a, err := r.Send(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer a.Close()
	b, err := io.ReadAll(a)
	return b, a, err
}

func TestRangesOverHTTP3(t *testing.T) {
	o := origin.New(origin.Config{})
	f := o.Add("/a", origin.File{Size: 3 << 20})
	base, ca := serve(t, o)
	s := start(t, ca, session.Config{})
	for off := int64(0); off < f.Size; off += 1 << 20 {
		b, a, err := get(t, s, base+"/a", off, off+1<<20)
		if err != nil || f.Check(b, off) != nil || len(b) != 1<<20 || a.Verdict != session.Part || a.Protocol != "HTTP/3.0" {
			t.Fatalf("from %d: got %d bytes, %+v, %v", off, len(b), a, err)
		}
	}
	_, _, err := get(t, s, base+"/missing", 0, 1)
	if session.KindOf(err) != session.KindNotFound {
		t.Fatalf("got %v, want %s", err, session.KindNotFound)
	}
}

func TestBodyThatBreaksOffOverHTTP3(t *testing.T) {
	base, ca := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000000")
		w.Write(make([]byte, 1000))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}))
	_, _, err := get(t, start(t, ca, session.Config{}), base+"/a", 0, 0)
	var e *session.Error
	if !errors.As(err, &e) || e.Kind != session.KindReset && e.Kind != session.KindTruncated || !e.Temporary {
		t.Fatalf("got %v, want a broken body that is worth another try", err)
	}
}

func TestUnknownAuthorityIsNamedOverHTTP3(t *testing.T) {
	base, _ := serve(t, http.NotFoundHandler())
	other, err := origin.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = get(t, start(t, other, session.Config{}), base+"/a", 0, 0)
	var e *session.Error
	if !errors.As(err, &e) || e.Kind != session.KindTLS || e.Temporary || !strings.Contains(err.Error(), "unknown authority") {
		t.Fatalf("got %v, want an unknown authority", err)
	}
}

func TestSilentHostIsGivenUpOverHTTP3(t *testing.T) {
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	ca, err := origin.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, ca, session.Config{ConnectTimeout: 200 * time.Millisecond})
	_, _, err = get(t, s, "https://"+socket.LocalAddr().String()+"/a", 0, 0)
	var e *session.Error
	if !errors.As(err, &e) || e.Kind != session.KindConnect && e.Kind != session.KindTimeout || !e.Temporary {
		t.Fatalf("got %v, want a failure to connect", err)
	}
}

func TestGuardHoldsOverHTTP3(t *testing.T) {
	base, ca := serve(t, http.NotFoundHandler())
	s := start(t, ca, session.Config{BlockPrivate: true, Resolve: map[string][]netip.Addr{}})
	_, _, err := get(t, s, base+"/a", 0, 0)
	if session.KindOf(err) != session.KindBlocked {
		t.Fatalf("got %v, want %s", err, session.KindBlocked)
	}
}

func TestPlainHTTPIsNotForHTTP3(t *testing.T) {
	ca, err := origin.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = get(t, start(t, ca, session.Config{}), "http://127.0.0.1:1/a", 0, 0)
	if session.KindOf(err) != session.KindUnsupportedScheme {
		t.Fatalf("got %v, want %s", err, session.KindUnsupportedScheme)
	}
}
