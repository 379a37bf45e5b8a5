package session_test

import (
	"crypto/tls"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/seed-9a1263fe/haul/bench/origin"
	"github.com/seed-9a1263fe/haul/bench/realserver"
	"github.com/seed-9a1263fe/haul/downloader/session"
)

// put writes f below dir as a.bin, last changed at the time given.
func put(t *testing.T, dir string, f origin.File, at time.Time) {
	t.Helper()
	path := filepath.Join(dir, "a.bin")
	w, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := io.Copy(w, f.Reader()); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

// TestRealServers asks what resuming needs of servers that others wrote.
func TestRealServers(t *testing.T) {
	ca, err := origin.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Issue(origin.Leaf{Names: []string{"127.0.0.1"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []realserver.Kind{realserver.Nginx, realserver.Caddy} {
		for proto, opt := range map[string]realserver.Options{
			"HTTP/1.1": {}, "HTTP/1.1 and TLS": {Cert: &cert}, "HTTP/2.0": {Cert: &cert, HTTP2: true},
		} {
			t.Run(string(kind)+" "+proto, func(t *testing.T) {
				opt.Root, opt.Gzip = t.TempDir(), true
				old := origin.File{Size: 1_000_000, Seed: 5}
				put(t, opt.Root, old, time.Unix(1_700_000_000, 0))
				srv := realserver.StartTest(t, kind, opt)
				s := start(t, session.Config{TLS: &tls.Config{RootCAs: ca.Pool()}})
				u := srv.URL("a.bin")

				b, first, err := get(t, s, u, span(0, 300_000))
				if err != nil || old.Check(b, 0) != nil || first.Verdict != session.Part || first.End != 300_000 || first.Encoding != "" {
					t.Fatalf("first range: got %d bytes, %+v, %v", len(b), first, err)
				}
				if first.Protocol != proto[:8] {
					t.Errorf("spoke %s, want %s", first.Protocol, proto)
				}
				for _, how := range []session.How{session.Auto, session.ByETag, session.ByDate, session.ByCheck} {
					b, a, err := get(t, s, u, span(300_000, 0), version(first.Version, how))
					if err != nil || old.Check(b, 300_000) != nil || a.Verdict != session.Part || a.End != old.Size || !a.Reused {
						t.Errorf("the rest by %v: got %d bytes, %+v, %v", how, len(b), a, err)
					}
				}
				if _, a, err := get(t, s, u, func(r *session.Request) { r.SetConditional(first.Version) }); err != nil || a.Verdict != session.NotModified {
					t.Errorf("known version: got %+v, %v", a, err)
				}
				_, _, err = get(t, s, srv.URL("missing.bin"))
				wantKind(t, err, session.KindNotFound)

				replaced := origin.File{Size: old.Size, Seed: 6}
				put(t, opt.Root, replaced, time.Unix(1_800_000_000, 0))
				b, a, err := get(t, s, u, span(300_000, 0), version(first.Version, session.Auto))
				if err != nil || a.Verdict != session.Whole || !a.Changed || replaced.Check(b, 0) != nil {
					t.Errorf("replaced file: got %d bytes, %+v, %v, want the whole of another version", len(b), a, err)
				}
			})
		}
	}
}
