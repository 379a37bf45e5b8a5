package origin

import (
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestRequestsAreRecorded(t *testing.T) {
	var observed []Request
	o := New(Config{Observe: func(r Request) { observed = append(observed, r) }})
	o.Add("/a b", File{Size: 1000})
	s := o.StartTest(t, Options{})
	c := client(t, s)
	for range 2 {
		if _, _, err := get(t, c, s.URL("/a b")+"?q=1", "Range", "bytes=0-9", "X-Test", "yes"); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := get(t, c, s.URL("/none")); err != nil {
		t.Fatal(err)
	}
	log := o.Requests()
	if len(log) != 3 || len(observed) != 3 {
		t.Fatalf("%d in the log, %d observed", len(log), len(observed))
	}
	r := log[1]
	if r.N != 2 || r.Conn != 1 || r.Server != s.Addr() || r.Host != s.Addr() || r.Method != "GET" || r.Path != "/a b" ||
		r.Query != "q=1" || r.Proto != "HTTP/1.1" || r.Range != "bytes=0-9" || r.Header.Get("X-Test") != "yes" ||
		r.Status != 206 || r.Sent != 10 || r.At.IsZero() {
		t.Errorf("got %+v", r)
	}
	if r := observed[1]; r.N != 2 || r.Status != 0 || r.Sent != 0 {
		t.Errorf("observed %+v", r)
	}
	if r := log[2]; r.N != 0 || r.Status != 404 {
		t.Errorf("unknown path: %+v", r)
	}
	if got := o.FileStats("/a b"); got != (FileStats{Requests: 2, BodyBytes: 20}) {
		t.Errorf("file: %+v", got)
	}
	if got := o.FileStats("/none"); got != (FileStats{}) {
		t.Errorf("unknown file: %+v", got)
	}
	all := o.Stats()
	if all.Requests != 3 || all.Conns != 1 || all.MaxOpenConns != 1 || all.MaxInFlight != 1 || all.InFlight != 0 ||
		all.BodyBytes != 20+int64(len("Not Found\n")) || all.Hosts[s.Addr()] != all.Counts {
		t.Errorf("got %+v", all)
	}
}

func TestKeepBoundsTheLog(t *testing.T) {
	for keep, want := range map[int]string{-1: "[]", 3: "[8 9 10]"} {
		o := New(Config{Keep: keep})
		o.Add("/a", File{Size: 1})
		for range 10 {
			o.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/a", nil))
			if keep > 0 && len(o.log) > 2*keep || keep < 0 && len(o.log) > 0 {
				t.Fatalf("keep %d: %d held", keep, len(o.log))
			}
		}
		got := []int{}
		for _, r := range o.Requests() {
			got = append(got, r.N)
		}
		if fmt.Sprint(got) != want {
			t.Errorf("keep %d: got %v, want %s", keep, got, want)
		}
		if n := o.Stats().Requests; n != 10 {
			t.Errorf("keep %d: %d counted", keep, n)
		}
	}
}

// TestInFlightIsWhatTheClientHadAtOnce has clients that ask again the moment
// they have read a body: none may seem to have two requests.
func TestInFlightIsWhatTheClientHadAtOnce(t *testing.T) {
	o := New(Config{})
	o.Add("/a", File{Size: 100_000})
	s := o.StartTest(t, Options{})
	const clients = 4
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for range 20 {
				// A new connection for each, so that the server cannot order them.
				c := s.Client()
				if _, _, err := get(t, c, s.URL("/a")); err != nil {
					t.Error(err)
				}
				c.CloseIdleConnections()
			}
		})
	}
	wg.Wait()
	if n := o.Stats().MaxInFlight; n > clients || n < 1 {
		t.Errorf("%d in flight at most, want at most %d", n, clients)
	}
	if got, want := o.Stats().BodyBytes, int64(clients*20*100_000); got != want {
		t.Errorf("%d bytes, want %d", got, want)
	}
}

func TestOpenConnectionsOnANetworkAreExact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := New(Config{})
		s := o.StartTest(t, Options{Network: NewNetwork()})
		for range 20 {
			c, err := s.DialContext(t.Context(), "tcp", s.Addr())
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			c.Close()
		}
		if got := o.Stats(); got.Conns != 20 || got.MaxOpenConns != 1 || got.OpenConns != 0 {
			t.Errorf("got %+v", got)
		}
	})
}

func TestReplacementKeepsAnswersUnderWay(t *testing.T) {
	for name, replace := range map[string]func(*Origin, File){
		"after requests": func(*Origin, File) {},
		"by Add":         func(o *Origin, _ File) { o.Add("/a", File{Size: 1 << 20}) },
	} {
		t.Run(name, func(t *testing.T) {
			o := New(Config{})
			first := File{Size: 1 << 20}
			if name == "after requests" {
				first.ReplaceAfter, first.Replacement = 1, &File{}
			}
			first = o.Add("/a", first)
			s := o.StartTest(t, Options{})
			c := client(t, s)
			slow, err := c.Get(s.URL("/a"))
			if err != nil {
				t.Fatal(err)
			}
			defer slow.Body.Close()
			replace(o, first)
			resp, body, err := get(t, c, s.URL("/a"), "Range", "bytes=0-99", "If-Range", first.ETag)
			if err != nil || resp.StatusCode != 200 || len(body) != 1<<20 {
				t.Fatalf("the old tag still holds: %v %v", resp, err)
			}
			second, _ := o.File("/a")
			if second.Check(body, 0) != nil || first.Check(body, 0) == nil {
				t.Error("the bytes are not those of the second version")
			}
			if second.ETag == first.ETag || second.ModTime.Equal(first.ModTime) || second.ETag != resp.Header.Get("ETag") {
				t.Errorf("validators: %v and %v", first, second)
			}
			if err := first.CheckReader(slow.Body); err != nil {
				t.Errorf("the answer under way: %v", err)
			}
			if n := o.FileStats("/a").Requests; n != 2 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func TestFindServesFilesThatWereNotAdded(t *testing.T) {
	o := New(Config{Find: func(path string) (File, bool) {
		return File{Size: 100}, strings.HasPrefix(path, "/n/")
	}})
	s := o.StartTest(t, Options{})
	c := client(t, s)
	_, a, err := get(t, c, s.URL("/n/1"))
	if err != nil || len(a) != 100 {
		t.Fatalf("%d bytes: %v", len(a), err)
	}
	_, again, err := get(t, c, s.URL("/n/1"))
	if err != nil || string(again) != string(a) {
		t.Error("another content the second time")
	}
	if _, b, err := get(t, c, s.URL("/n/2")); err != nil || string(b) == string(a) {
		t.Error("two paths have one content")
	}
	if resp, _, err := get(t, c, s.URL("/m/1")); err != nil || resp.StatusCode != 404 {
		t.Errorf("got %v %v", resp, err)
	}
	if len(o.files) != 0 {
		t.Errorf("%d files are remembered", len(o.files))
	}
}

func TestRemovedFilesAreGone(t *testing.T) {
	o := New(Config{})
	o.AddTree(Tree(1, 3, Sizes{Min: 10, Max: 10}))
	path := Tree(1, 3, Sizes{Min: 10, Max: 10})[1].Path
	if _, ok := o.File(path); !ok {
		t.Fatal("not added")
	}
	o.Remove(path)
	w := httptest.NewRecorder()
	o.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	if _, ok := o.File(path); ok || w.Code != 404 {
		t.Errorf("still there: %d", w.Code)
	}
}

func TestLimitOfRequestsAdmitsN(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := New(Config{Delay: time.Second, Requests: Limit{N: 2, Status: 429, RetryAfter: 3 * time.Second}})
		o.Add("/a", File{Size: 10})
		s := o.StartTest(t, Options{Network: NewNetwork()})
		var mu sync.Mutex
		got := map[int]int{}
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				resp, _, err := get(t, client(t, s), s.URL("/a"))
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				got[resp.StatusCode]++
				if resp.StatusCode == 429 && resp.Header.Get("Retry-After") != "3" {
					t.Errorf("header %v", resp.Header)
				}
			})
		}
		wg.Wait()
		if got[200] != 2 || got[429] != 3 {
			t.Errorf("got %v", got)
		}
		if resp, _, err := get(t, client(t, s), s.URL("/a")); err != nil || resp.StatusCode != 200 {
			t.Errorf("later: %v %v", resp, err)
		}
	})
}

// hold opens n connections to s with an answer in progress on each.
func hold(t *testing.T, s *Server, n int) {
	t.Helper()
	for range n {
		resp, err := client(t, s).Get(s.URL("/a"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { resp.Body.Close() })
	}
}

func TestLimitOfConnectionsAnswersTheOthers(t *testing.T) {
	for status, want := range map[int]int{0: 503, 429: 429} {
		o := New(Config{Conns: Limit{N: 2, Status: status, RetryAfter: time.Second}})
		o.Add("/a", File{Size: 1 << 20})
		s := o.StartTest(t, Options{})
		hold(t, s, 2)
		resp, _, err := get(t, client(t, s), s.URL("/a"))
		if err != nil || resp.StatusCode != want || resp.Header.Get("Retry-After") != "1" {
			t.Errorf("got %v %v, want %d", resp, err, want)
		}
		if n := o.Stats(); n.OpenConns != 2 || n.MaxOpenConns != 2 || n.Refused != 1 {
			t.Errorf("got %+v", n)
		}
	}
}

func TestLimitOfConnectionsEndsTheOthers(t *testing.T) {
	for over, want := range map[Over]error{OverClose: io.EOF, OverReset: syscall.ECONNRESET} {
		for where, network := range map[string]*Network{"tcp": nil, "memory": NewNetwork()} {
			o := New(Config{Conns: Limit{N: 2, Over: over}})
			o.Add("/a", File{Size: 1 << 20})
			s := o.StartTest(t, Options{Network: network})
			hold(t, s, 2)
			c, err := s.DialContext(t.Context(), "tcp", s.Addr())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Read(make([]byte, 1)); !errors.Is(err, want) {
				t.Errorf("%s: got %v, want %v", where, err, want)
			}
			c.Close()
			if n := o.Stats(); n.OpenConns != 2 || n.MaxOpenConns != 2 || n.Refused != 1 {
				t.Errorf("%s: got %+v", where, n)
			}
		}
	}
}

func TestOriginCanBeMountedInAForeignServer(t *testing.T) {
	o := New(Config{})
	f := o.Add("/a", File{Size: 1000, Faults: []Fault{{Times: 1, Break: ResetAfter(10)}}})
	s := httptest.NewServer(o)
	defer s.Close()
	if _, _, err := get(t, s.Client(), s.URL+"/a"); err == nil {
		t.Error("the first answer is whole")
	}
	resp, err := s.Client().Get(s.URL + "/a")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := f.CheckReader(resp.Body); err != nil {
		t.Error(err)
	}
	host := strings.TrimPrefix(s.URL, "http://")
	if got := o.Stats().Hosts[host]; got.Requests < 2 || got.Conns != 0 {
		t.Errorf("got %+v", got)
	}
}
