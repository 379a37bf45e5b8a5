package origin

import (
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// get asks once, and reads the answer as far as it goes.
func get(t *testing.T, c *http.Client, url string, header ...string) (*http.Response, []byte, error) {
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
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, body, err
}

// client returns a client of s that does not follow redirects.
func client(t *testing.T, s *Server) *http.Client {
	c := s.Client()
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func TestServesEveryByteOverEveryTransport(t *testing.T) {
	for name, opt := range map[string]Options{
		"http":  {},
		"https": {TLS: true},
		"h2":    {TLS: true, HTTP2: true},
		"h2c":   {OnlyHTTP2: true},
	} {
		t.Run(name, func(t *testing.T) {
			o := New(Config{})
			f := o.Add("/a b.bin", File{Size: 300_001})
			s := o.StartTest(t, opt)
			resp, body, err := get(t, client(t, s), s.URL("/a b.bin"))
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Check(body, 0); err != nil || len(body) != 300_001 {
				t.Fatalf("%d bytes: %v", len(body), err)
			}
			if want := opt.HTTP2 || opt.OnlyHTTP2; (resp.ProtoMajor == 2) != want {
				t.Errorf("protocol %s", resp.Proto)
			}
		})
		t.Run(name+" in a bubble", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opt := opt
				opt.Network, opt.Name = NewNetwork(), "a.test"
				o := New(Config{})
				f := o.Add("/a", File{Size: 300_001})
				s := o.StartTest(t, opt)
				_, body, err := get(t, client(t, s), s.URL("/a"))
				if err != nil {
					t.Fatal(err)
				}
				if err := f.Check(body, 0); err != nil || len(body) != 300_001 {
					t.Fatalf("%d bytes: %v", len(body), err)
				}
			})
		})
	}
}

func TestStallLastsUntilTheClientGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := New(Config{})
		o.Add("/a", File{Size: 1000, Faults: []Fault{{Times: 1, Break: StallAfter(10)}}})
		s := o.StartTest(t, Options{Network: NewNetwork()})
		c := client(t, s)
		c.Timeout = time.Hour
		start := time.Now()
		_, body, err := get(t, c, s.URL("/a"))
		if err == nil || len(body) != 10 || time.Since(start) != time.Hour {
			t.Errorf("%d bytes after %v: %v", len(body), time.Since(start), err)
		}
		if _, body, err = get(t, c, s.URL("/a")); err != nil || len(body) != 1000 {
			t.Errorf("second request: %d bytes: %v", len(body), err)
		}
	})
}
