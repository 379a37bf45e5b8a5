package origin

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// wire asks over a connection of its own and returns every byte of the answer.
func wire(t *testing.T, s *Server, path string) []byte {
	t.Helper()
	c, err := s.DialContext(t.Context(), "tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestFramingOnTheWire pins the very bytes, and what net/http's client makes of them.
func TestFramingOnTheWire(t *testing.T) {
	for _, row := range []struct {
		name    string
		framing Framing
		fields  string // the framing fields, in their order
		body    string
		ok      bool // the client takes it for whole
	}{
		{"length", FrameLength, "Content-Length: 10", "0123456789", true},
		{"chunked", FrameChunked, "Transfer-Encoding: chunked", "a\r\n0123456789\r\n0\r\n\r\n", true},
		{"close", FrameClose, "", "0123456789", true},
		{"long", LengthLong, "Content-Length: 20", "0123456789", false},
		{"short", LengthShort, "Content-Length: 5", "0123456789", true},
		{"twice", LengthTwice, "Content-Length: 10|Content-Length: 20", "0123456789", false},
		{"negative", LengthNegative, "Content-Length: -1", "0123456789", false},
		{"garbled", LengthGarbled, "Content-Length: 12x", "0123456789", false},
		{"length and chunked", LengthAndChunked, "Content-Length: 5|Transfer-Encoding: chunked", "a\r\n0123456789\r\n0\r\n\r\n", true},
		{"unended", ChunkUnended, "Transfer-Encoding: chunked", "a\r\n0123456789\r\n", false},
		{"bad chunk", ChunkGarbled, "Transfer-Encoding: chunked", "5\r\n01234\r\n0xZZ\r\n56789\r\n0\r\n\r\n", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := New(Config{})
			o.Add("/a", File{Data: []byte("0123456789"), Faults: []Fault{{Framing: row.framing}}})
			s := o.StartTest(t, Options{})
			head, body, _ := strings.Cut(string(wire(t, s, "/a")), "\r\n\r\n")
			var fields []string
			for line := range strings.SplitSeq(head, "\r\n") {
				if strings.HasPrefix(line, "Content-Length") || strings.HasPrefix(line, "Transfer-Encoding") {
					fields = append(fields, line)
				}
			}
			if got := strings.Join(fields, "|"); got != row.fields || body != row.body {
				t.Errorf("got %q %q\nwant %q %q", got, body, row.fields, row.body)
			}
			if !strings.Contains(head, "Etag: ") || !strings.Contains(head, "Date: ") {
				t.Errorf("header lacks fields: %s", head)
			}
			if _, _, err := get(t, client(t, s), s.URL("/a")); (err == nil) != row.ok {
				t.Errorf("client: %v", err)
			}
		})
	}
}

func TestFramingFaultsBreakTheStreamOverHTTP2(t *testing.T) {
	for _, framing := range []Framing{LengthLong, LengthShort, LengthTwice, ChunkUnended, FrameClose} {
		o := New(Config{})
		o.Add("/a", File{Size: 1000, Faults: []Fault{{Times: 1, Framing: framing}}})
		s := o.StartTest(t, Options{TLS: true, HTTP2: true})
		c := client(t, s)
		if _, _, err := get(t, c, s.URL("/a")); err == nil {
			t.Errorf("framing %d: no error", framing)
		}
		if _, _, err := get(t, c, s.URL("/a")); err != nil {
			t.Errorf("framing %d: the next request: %v", framing, err)
		}
		if n := o.Stats().Conns; n != 1 {
			t.Errorf("framing %d: %d connections, want 1", framing, n)
		}
	}
}

func TestBreaksEndTheBodyWhereTheySay(t *testing.T) {
	for _, opt := range []Options{{}, {TLS: true}, {TLS: true, HTTP2: true}, {Network: NewNetwork()}} {
		for _, framing := range []Framing{FrameLength, FrameChunked, FrameClose} {
			if opt.HTTP2 && framing == FrameClose {
				continue // ends in half of the body there
			}
			for _, after := range []int64{BeforeHeader, 0, 1, 65536, 65537, 100_000} {
				o := New(Config{})
				f := o.Add("/a", File{Size: 100_000, Faults: []Fault{
					{Framing: framing, Break: CutAfter(after)},
				}})
				s := o.StartTest(t, opt)
				resp, body, err := get(t, client(t, s), s.URL("/a"))
				if after == BeforeHeader {
					if resp != nil || err == nil {
						t.Errorf("%+v: an answer before the header: %v", opt, resp)
					}
					s.Close()
					continue
				}
				if f.Check(body, 0) != nil || int64(len(body)) != after {
					t.Errorf("%+v framing %d: %d bytes, want %d: %v", opt, framing, len(body), after, err)
				}
				unseen := framing == FrameClose || framing == FrameLength && after == 100_000 && !opt.HTTP2
				if !unseen && err == nil && after < 100_000 {
					t.Errorf("%+v framing %d after %d: no error", opt, framing, after)
				}
				if got := o.Stats().BodyBytes; got != after {
					t.Errorf("%d bytes counted, want %d", got, after)
				}
				s.Close()
			}
		}
	}
}

func TestResetIsAResetOnEveryTransport(t *testing.T) {
	for name, opt := range map[string]Options{
		"tcp": {}, "memory": {Network: NewNetwork()}, "tls": {TLS: true},
	} {
		for _, after := range []int64{BeforeHeader, 10} {
			for _, framing := range []Framing{FrameLength, FrameClose} {
				o := New(Config{})
				o.Add("/a", File{Size: 100_000, Faults: []Fault{{Framing: framing, Break: ResetAfter(after)}}})
				s := o.StartTest(t, opt)
				if _, _, err := get(t, client(t, s), s.URL("/a")); !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("%s after %d framing %d: got %v, want a reset", name, after, framing, err)
				}
				s.Close()
			}
		}
	}
}

// inBubble runs f beside a server with one file of 1000 bytes and one fault.
func inBubble(t *testing.T, fault Fault, f func(t *testing.T, s *Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o := New(Config{})
		o.Add("/a", File{Size: 1000, Faults: []Fault{fault}})
		f(t, o.StartTest(t, Options{Network: NewNetwork()}))
	})
}

func TestStallsHoldUntilTheClientGoes(t *testing.T) {
	for _, framing := range []Framing{FrameLength, FrameClose, FrameChunked} {
		for _, after := range []int64{BeforeHeader, 0, 500, 1000} {
			inBubble(t, Fault{Framing: framing, Break: StallAfter(after)}, func(t *testing.T, s *Server) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				req, _ := http.NewRequestWithContext(ctx, "GET", s.URL("/a"), nil)
				c, n := client(t, s), 0
				resp, err := c.Do(req)
				if err == nil {
					var body []byte
					body, err = io.ReadAll(resp.Body)
					n = len(body)
					resp.Body.Close()
				}
				if after == 1000 && framing == FrameLength {
					return // whole, and the client knows it
				}
				if !errors.Is(err, context.DeadlineExceeded) || n != max(0, int(after)) {
					t.Errorf("framing %d after %d: %d bytes: %v", framing, after, n, err)
				}
				synctest.Wait()
				if n := s.o.Stats().InFlight; n != 0 {
					t.Errorf("%d in flight after the client has gone", n)
				}
			})
		}
	}
}

func TestCloseEndsAnswersThatStall(t *testing.T) {
	for _, framing := range []Framing{FrameLength, FrameClose} {
		inBubble(t, Fault{Framing: framing, Break: StallAfter(10)}, func(t *testing.T, s *Server) {
			done := make(chan error)
			go func() {
				_, _, err := get(t, client(t, s), s.URL("/a"))
				done <- err
			}()
			synctest.Wait()
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if err := <-done; err == nil && framing == FrameLength {
				t.Error("the client got a whole body")
			}
			if err := s.Close(); err != nil {
				t.Errorf("second Close: %v", err)
			}
		})
	}
}

// TestTimesPass has the knobs that only take time, which costs none here.
func TestTimesPass(t *testing.T) {
	for name, row := range map[string]struct {
		fault    Fault
		min, max time.Duration
	}{
		"delay":            {Fault{Delay: time.Minute}, time.Minute, time.Minute},
		"body rate":        {Fault{BodyRate: 100}, 9 * time.Second, 11 * time.Second},
		"body rate raw":    {Fault{BodyRate: 100, Framing: FrameClose}, 9 * time.Second, 11 * time.Second},
		"pause":            {Fault{Break: PauseAfter(500, time.Hour)}, time.Hour, time.Hour},
		"pause before all": {Fault{Break: PauseAfter(BeforeHeader, time.Hour)}, time.Hour, time.Hour},
		"header rate":      {Fault{HeaderRate: 10}, 20 * time.Second, 40 * time.Second},
		"header and body":  {Fault{HeaderRate: 10, BodyRate: 10}, 110 * time.Second, 140 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, row.fault, func(t *testing.T, s *Server) {
				start := time.Now()
				_, body, err := get(t, client(t, s), s.URL("/a"))
				if took := time.Since(start); took < row.min || took > row.max {
					t.Errorf("took %v", took)
				}
				if f, _ := s.o.File("/a"); err != nil || len(body) != 1000 || f.Check(body, 0) != nil {
					t.Errorf("%d bytes: %v", len(body), err)
				}
			})
		})
	}
}

func TestWeatherOfTheConfigYieldsToAFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := New(Config{Delay: time.Minute, BodyRate: 100})
		o.Add("/a", File{Size: 1000, Faults: []Fault{{Times: 1, Delay: time.Second, BodyRate: 1000}}})
		s := o.StartTest(t, Options{Network: NewNetwork()})
		for _, want := range []time.Duration{2 * time.Second, 70 * time.Second} {
			start := time.Now()
			if _, _, err := get(t, client(t, s), s.URL("/a")); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start); took < want-time.Second || took > want+time.Second {
				t.Errorf("took %v, want %v", took, want)
			}
		}
	})
}

func TestFaultsStrikeTheRequestsTheyPick(t *testing.T) {
	o := New(Config{})
	o.Add("/a", File{Size: 10, Faults: []Fault{
		{When: Ranged, Skip: 1, Times: 2, Status: 503},
		{When: Method("HEAD"), Status: 405},
		{When: func(r Request) bool { return r.N == 7 }, Status: 410},
	}})
	s := o.StartTest(t, Options{})
	c := client(t, s)
	var got []int
	ask := func(header ...string) {
		resp, _, err := get(t, c, s.URL("/a"), header...)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, resp.StatusCode)
	}
	ask()
	for range 4 {
		ask("Range", "bytes=0-1")
	}
	ask()
	ask()
	resp, err := c.Head(s.URL("/a"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	got = append(got, resp.StatusCode)
	want := []int{200, 206, 503, 503, 206, 200, 410, 405}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}

func TestStatusesComeAsWanted(t *testing.T) {
	o := New(Config{Faults: []Fault{{
		When:   func(r Request) bool { return r.Path == "/login" },
		Status: 200, Body: []byte("<html>"), Header: http.Header{"Content-Type": {"text/html"}},
	}}})
	s := o.StartTest(t, Options{})
	c := client(t, s)
	for _, status := range []int{204, 205, 300, 304, 401, 403, 404, 410, 429, 451, 500, 502, 503, 504} {
		path := "/" + strconv.Itoa(status)
		o.Add(path, File{Size: 10, Faults: []Fault{{Status: status}}})
		resp, body, err := get(t, c, s.URL(path))
		if err != nil || resp.StatusCode != status {
			t.Errorf("%d: %v %v", status, resp, err)
		}
		bodiless := status == 204 || status == 205 || status == 304
		if bodiless != (len(body) == 0) {
			t.Errorf("%d: body %q", status, body)
		}
	}
	resp, body, err := get(t, c, s.URL("/login"))
	if err != nil || resp.StatusCode != 200 || string(body) != "<html>" || resp.Header.Get("Content-Type") != "text/html" {
		t.Errorf("login page: %v %q %v", resp, body, err)
	}
	if resp, _, err := get(t, c, s.URL("/unknown")); err != nil || resp.StatusCode != 404 {
		t.Errorf("unknown path: %v %v", resp, err)
	}
	o.Add("/get", File{})
	for path, want := range map[string]int{"/404": 404, "/get": 405} { // a fault outranks the method
		resp, err := c.Post(s.URL(path), "", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want || (want == 405) != (resp.Header.Get("Allow") == "GET, HEAD") {
			t.Errorf("POST %s: %v", path, resp)
		}
	}
}

func TestRetryAfterInSecondsAndAsDate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := New(Config{})
		o.Add("/sec", File{Faults: []Fault{{Status: 429, RetryAfter: 1500 * time.Millisecond}}})
		o.Add("/date", File{Faults: []Fault{{Status: 503, RetryAfter: time.Minute, RetryDate: true}}})
		s := o.StartTest(t, Options{Network: NewNetwork()})
		resp, _, err := get(t, client(t, s), s.URL("/sec"))
		if err != nil || resp.Header.Get("Retry-After") != "2" {
			t.Errorf("got %v %v", resp, err)
		}
		resp, _, err = get(t, client(t, s), s.URL("/date"))
		if err != nil {
			t.Fatal(err)
		}
		at, err := http.ParseTime(resp.Header.Get("Retry-After"))
		if err != nil || time.Until(at) < time.Minute || time.Until(at) > 61*time.Second {
			t.Errorf("got %v in %v: %v", at, time.Until(at), err)
		}
	})
}

func TestEarlyAnswersComeFirst(t *testing.T) {
	for _, framing := range []Framing{FrameLength, FrameClose} {
		o := New(Config{})
		o.Add("/a", File{Size: 10, Faults: []Fault{{Early: []int{103, 102, 103}, Framing: framing}}})
		s := o.StartTest(t, Options{})
		var early []int
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
			Got1xxResponse: func(code int, _ textproto.MIMEHeader) error {
				early = append(early, code)
				return nil
			},
		})
		req, _ := http.NewRequestWithContext(ctx, "GET", s.URL("/a"), nil)
		resp, err := client(t, s).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if len(early) != 3 || early[1] != 102 || resp.StatusCode != 200 {
			t.Errorf("framing %d: early %v, then %d", framing, early, resp.StatusCode)
		}
	}
}

func TestGzipIsSentUnasked(t *testing.T) {
	o := New(Config{})
	f := o.Add("/a", File{Size: 200_000, Faults: []Fault{{Gzip: true}}})
	s := o.StartTest(t, Options{})
	resp, body, err := get(t, client(t, s), s.URL("/a"), "Accept-Encoding", "identity", "Range", "bytes=0-9")
	if err != nil || resp.StatusCode != 200 || resp.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("got %v %v", resp, err)
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.CheckReader(z); err != nil {
		t.Error(err)
	}
}

func TestHeaderFaults(t *testing.T) {
	o := New(Config{})
	o.Add("/pad", File{Size: 10, Faults: []Fault{{HeaderPad: 100_000}}})
	o.Add("/edit", File{Size: 10, Header: http.Header{"X-A": {"1"}}, Faults: []Fault{{
		Header: http.Header{"etag": {`"new"`}, "Last-Modified": nil, "Connection": {"close"}},
	}}})
	s := o.StartTest(t, Options{})
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(wire(t, s, "/pad"))), nil)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for name, v := range resp.Header {
		if strings.HasPrefix(name, "X-Pad-") {
			n += len(v[0])
		}
	}
	if n != 100_000 {
		t.Errorf("%d bytes of padding", n)
	}
	resp, _, err = get(t, client(t, s), s.URL("/edit"))
	if err != nil {
		t.Fatal(err)
	}
	h := resp.Header
	if h.Get("ETag") != `"new"` || h["Last-Modified"] != nil || h.Get("X-A") != "1" || !resp.Close {
		t.Errorf("got %v, close %v", h, resp.Close)
	}
}

func TestResetConnsBreaksWhatIsOpenAndGoesOnListening(t *testing.T) {
	inBubble(t, Fault{Times: 1, Break: StallAfter(10)}, func(t *testing.T, s *Server) {
		done := make(chan error)
		go func() {
			_, _, err := get(t, client(t, s), s.URL("/a"))
			done <- err
		}()
		synctest.Wait()
		s.ResetConns()
		if err := <-done; !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("got %v", err)
		}
		if _, _, err := get(t, client(t, s), s.URL("/a")); err != nil {
			t.Error(err)
		}
	})
}

func TestIdleTimeoutClosesKeptConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := New(Config{})
		s := o.StartTest(t, Options{Network: NewNetwork(), IdleTimeout: time.Minute})
		c, err := s.DialContext(t.Context(), "tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if _, err := io.Copy(io.Discard, c); err != nil || time.Since(start) != time.Minute {
			t.Errorf("closed after %v: %v", time.Since(start), err)
		}
	})
}
