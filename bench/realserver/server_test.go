package realserver

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/seed-9a1263fe/haul/bench/origin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// folder is a folder with one file of 1 MB, and what is in it.
func folder(t *testing.T) (string, origin.File) {
	t.Helper()
	dir, f := t.TempDir(), origin.File{Size: 1_000_000, Seed: 5}
	w, err := os.Create(filepath.Join(dir, "a b.bin"))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := io.Copy(w, f.Reader()); err != nil {
		t.Fatal(err)
	}
	return dir, f
}

// ask sends one request and returns the answer with its body read.
func ask(t *testing.T, c *http.Client, url string, header ...string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, body
}

func client(t *testing.T, ca *origin.CA) *http.Client {
	tr := &http.Transport{DisableCompression: true, ForceAttemptHTTP2: true}
	if ca != nil {
		tr.TLSClientConfig = &tls.Config{RootCAs: ca.Pool()}
	}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func certificate(t *testing.T) (*origin.CA, *tls.Certificate) {
	t.Helper()
	ca, err := origin.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Issue(origin.Leaf{Names: []string{"127.0.0.1"}})
	if err != nil {
		t.Fatal(err)
	}
	return ca, &cert
}

func TestServesRangesAndCountsThem(t *testing.T) {
	ca, cert := certificate(t)
	for _, kind := range []Kind{Nginx, Caddy} {
		for name, opt := range map[string]Options{
			"http": {}, "https": {Cert: cert}, "h2": {Cert: cert, HTTP2: true}, "other address": {Host: "127.0.0.3"},
		} {
			t.Run(fmt.Sprint(kind, " ", name), func(t *testing.T) {
				root, f := folder(t)
				opt.Root = root
				s := StartTest(t, kind, opt)
				c := client(t, ca)
				resp, body := ask(t, c, s.URL("/a b.bin"))
				if err := f.Check(body, 0); err != nil || len(body) != 1_000_000 || resp.StatusCode != 200 {
					t.Fatalf("%d with %d bytes: %v", resp.StatusCode, len(body), err)
				}
				if (resp.ProtoMajor == 2) != opt.HTTP2 {
					t.Errorf("protocol %s", resp.Proto)
				}
				resp, body = ask(t, c, s.URL("/a b.bin"), "Range", "bytes=500-599", "If-Range", resp.Header.Get("ETag"))
				if err := f.Check(body, 500); err != nil || len(body) != 100 || resp.StatusCode != 206 {
					t.Errorf("%d with %d bytes: %v", resp.StatusCode, len(body), err)
				}
				ask(t, c, s.URL("/none"))
				if kind == Nginx {
					if n, err := s.Accepted(); err != nil || n != 1 {
						t.Errorf("%d connections accepted: %v", n, err)
					}
				}
				c.CloseIdleConnections()
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				sum, err := s.Traffic()
				if err != nil {
					t.Fatal(err)
				}
				if sum.Requests != 3 || sum.Conns != 1 || sum.Status[200] != 1 || sum.Status[206] != 1 || sum.Status[404] != 1 ||
					sum.Body < 1_000_100 || sum.Body > 1_001_000 {
					t.Errorf("got %+v", sum)
				}
				for a, err := range s.Log() {
					if err != nil || a.Method != "GET" || (a.Status == 206) != (a.Range == "bytes=500-599") {
						t.Errorf("got %+v %v", a, err)
					}
				}
			})
		}
	}
}

func TestNginxAsksForTheUser(t *testing.T) {
	root, _ := folder(t)
	s := StartTest(t, Nginx, Options{Root: root, User: "me:pa ss"})
	c := client(t, nil)
	if resp, _ := ask(t, c, s.URL("/a b.bin")); resp.StatusCode != 401 {
		t.Errorf("without: %d", resp.StatusCode)
	}
	if resp, _ := ask(t, c, s.URL("/a b.bin"), "Authorization", "Basic bWU6cGEgc3M="); resp.StatusCode != 200 {
		t.Errorf("with: %d", resp.StatusCode)
	}
}

func TestNginxLimitsConnections(t *testing.T) {
	root, _ := folder(t)
	s := StartTest(t, Nginx, Options{
		Root: root, ConnLimit: 2, RetryAfter: 1500 * time.Millisecond, LimitRate: 100_000, LimitAfter: 1000,
	})
	c := client(t, nil)
	for range 2 {
		resp, err := c.Get(s.URL("/a b.bin")) // its body stays unread: the rate makes it last
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
	}
	resp, _ := ask(t, c, s.URL("/a b.bin"))
	if resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "2" {
		t.Errorf("got %d, Retry-After %q", resp.StatusCode, resp.Header.Get("Retry-After"))
	}
}

func TestNginxLimitsRequests(t *testing.T) {
	root, _ := folder(t)
	s := StartTest(t, Nginx, Options{Root: root, RequestRate: 1, Burst: 3})
	c := client(t, nil)
	var mu sync.Mutex
	got := map[int]int{}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			resp, _ := ask(t, c, s.URL("/a b.bin"), "Range", "bytes=0-0")
			mu.Lock()
			defer mu.Unlock()
			got[resp.StatusCode]++
		})
	}
	wg.Wait()
	// One and the burst; more only if it took whole seconds.
	if got[206] < 4 || got[429] == 0 || got[206]+got[429] != 20 {
		t.Errorf("got %v", got)
	}
}

func TestGzipOnlyWhereAccepted(t *testing.T) {
	for _, kind := range []Kind{Nginx, Caddy} {
		root, _ := folder(t)
		s := StartTest(t, kind, Options{Root: root, Gzip: true})
		c := client(t, nil)
		resp, _ := ask(t, c, s.URL("/a b.bin"), "Accept-Encoding", "gzip")
		if got := resp.Header.Get("Content-Encoding"); got != "gzip" {
			t.Errorf("%s: accepted: %q", kind, got)
		}
		resp, _ = ask(t, c, s.URL("/a b.bin"), "Accept-Encoding", "identity")
		if got := resp.Header.Get("Content-Encoding"); got != "" {
			t.Errorf("%s: not accepted: %q", kind, got)
		}
	}
}

func TestStartSaysWhatIsMissing(t *testing.T) {
	dir := t.TempDir()
	t.Run("program", func(t *testing.T) {
		t.Setenv("PATH", "")
		if _, err := Start(Nginx, Options{Root: dir, Dir: dir}); !errors.Is(err, ErrNotInstalled) {
			t.Errorf("got %v", err)
		}
	})
	for name, f := range map[string]func() (*Server, error){
		"kind":     func() (*Server, error) { return Start("apache", Options{Root: dir, Dir: dir}) },
		"relative": func() (*Server, error) { return Start(Nginx, Options{Root: "x", Dir: dir}) },
		"quote":    func() (*Server, error) { return Start(Nginx, Options{Root: dir, Dir: dir + `/"; x`}) },
		"caddy":    func() (*Server, error) { return Start(Caddy, Options{Root: dir, Dir: dir, ConnLimit: 1}) },
	} {
		if s, err := f(); err == nil || errors.Is(err, ErrNotInstalled) {
			t.Errorf("%s: %v %v", name, s, err)
		}
	}
}

func TestCloseEndsTheProgramAndIsHarmlessTwice(t *testing.T) {
	root, _ := folder(t)
	s := StartTest(t, Nginx, Options{Root: root, NoLog: true})
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := http.Get(s.URL("/a b.bin")); err == nil {
		t.Error("it still answers")
	}
	if _, err := s.Traffic(); err == nil {
		t.Error("a log was read that is not kept")
	}
}
