package session_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/seed-9a1263fe/haul/bench/origin"
	"github.com/seed-9a1263fe/haul/downloader/session"
)

func TestProxyIsChosenByHost(t *testing.T) {
	choose, err := session.FixedProxy("proxy.test:3128", "Direct.test, .sub.test 10.0.0.0/8,[fd00::1] port.test:81,192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	for u, direct := range map[string]bool{
		"http://a.test/": false, "https://a.test/": false,
		"http://direct.test/": true, "http://www.DIRECT.test/": true, "http://indirect.test/": false,
		"http://a.sub.test/": true, "http://sub.test/": true, "http://10.1.2.3/": true, "http://11.1.2.3/": false,
		"http://[fd00::1]:8080/": true, "http://port.test:81/": true, "http://port.test/": false, "https://192.0.2.1/": true,
	} {
		p, err := choose(mustURL(t, u))
		if err != nil || (p == nil) != direct {
			t.Errorf("%s: got %v, %v, want direct: %v", u, p, err, direct)
		}
		if p != nil && p.String() != "http://proxy.test:3128" {
			t.Errorf("%s: got %v", u, p)
		}
	}
	all, _ := session.FixedProxy("proxy.test", "*")
	if p, _ := all(mustURL(t, "http://a.test")); p != nil {
		t.Errorf("got %v though all are exceptions", p)
	}
}

func TestProxyFromTheEnvironment(t *testing.T) {
	env := func(pairs ...string) func(string) string {
		return func(name string) string {
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i] == name {
					return pairs[i+1]
				}
			}
			return ""
		}
	}
	for _, c := range []struct {
		env           func(string) string
		plain, secure string
	}{
		{env("http_proxy", "http://p:1", "HTTPS_PROXY", "http://s:2", "no_proxy", "x.test"), "http://p:1", "http://s:2"},
		{env("ALL_PROXY", "socks5h://all:1"), "socks5h://all:1", "socks5h://all:1"},
		{env("HTTP_PROXY", "http://p:1", "REQUEST_METHOD", "GET"), "", ""},
		{env("https_proxy", "s:2"), "", "http://s:2"},
	} {
		choose, err := session.EnvironmentProxy(c.env)
		if err != nil {
			t.Fatal(err)
		}
		for u, want := range map[string]string{"http://a.test": c.plain, "https://a.test": c.secure, "http://x.test": c.plain} {
			got := ""
			if choose != nil {
				if p, _ := choose(mustURL(t, u)); p != nil {
					got = p.String()
				}
			}
			if u == "http://x.test" && c.env("no_proxy") != "" {
				want = ""
			}
			if got != want {
				t.Errorf("%s: got %q, want %q", u, got, want)
			}
		}
	}
}

func TestBadProxiesAreRefusedWithoutTheirPassword(t *testing.T) {
	for _, s := range []string{"ftp://u:hush@p", "http://", "http://u:hush@p:x/", "socks4://p"} {
		_, err := session.FixedProxy(s, "")
		if !errors.Is(err, session.ErrProxy) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: got %v", s, err)
		}
	}
}

// tunnel is a proxy for HTTP and CONNECT on the lab's network.
func tunnel(l *lab, status int) *http.Server {
	var wg sync.WaitGroup
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Proxy-Authorization") == "" || status != 200 {
			w.WriteHeader(status)
			return
		}
		to, err := l.net.DialContext(r.Context(), "tcp", r.Host)
		if err != nil {
			w.WriteHeader(502)
			return
		}
		if r.Method != http.MethodConnect {
			r.Header.Del("Proxy-Authorization")
			r.Close = true
			if r.Write(to) == nil {
				if resp, err := http.ReadResponse(bufio.NewReader(to), r); err == nil {
					w.Header().Set("Via", "1.1 tunnel")
					w.WriteHeader(resp.StatusCode)
					io.Copy(w, resp.Body)
				}
			}
			to.Close()
			return
		}
		from, _, _ := w.(http.Hijacker).Hijack()
		io.WriteString(from, "HTTP/1.1 200 OK\r\n\r\n")
		join(&wg, from, to)
	})}
	listen, err := l.net.Listen("proxy.test:3128")
	if err != nil {
		l.Fatal(err)
	}
	wg.Go(func() { srv.Serve(listen) })
	l.Cleanup(func() {
		srv.Close()
		wg.Wait()
	})
	return srv
}

// join copies both ways until both have ended.
func join(wg *sync.WaitGroup, a, b net.Conn) {
	for _, way := range [][2]net.Conn{{a, b}, {b, a}} {
		wg.Go(func() {
			io.Copy(way[0], way[1])
			way[0].Close()
			way[1].Close()
		})
	}
}

func TestRequestsGoThroughTheProxy(t *testing.T) {
	inLab(t, func(l *lab) {
		tunnel(l, 200)
		o := origin.New(origin.Config{})
		f := o.Add("/a", origin.File{Size: 10_000})
		plain := l.serve(o, origin.Options{Name: "plain.test"})
		secure := l.serve(o, origin.Options{Name: "secure.test", TLS: true})
		proxy, err := session.FixedProxy("http://u:p@proxy.test:3128", "")
		if err != nil {
			l.Fatal(err)
		}
		s := l.start(session.Config{Proxy: proxy, TLS: trust(secure)})
		for _, srv := range []*origin.Server{plain, secure} {
			b, a, err := get(l.T, s, srv.URL("/a"))
			if err != nil || f.Check(b, 0) != nil || len(b) != 10_000 {
				l.Fatalf("%s: got %d bytes, %+v, %v", srv.URL("/a"), len(b), a, err)
			}
			if last(o).Header.Get("Proxy-Authorization") != "" {
				l.Error("the proxy's credentials reached the origin")
			}
		}
	})
}

func TestProxyThatRefusesTheTunnelIsNamed(t *testing.T) {
	for status, kind := range map[int]session.Kind{407: session.KindUnauthorized, 403: session.KindForbidden, 404: session.KindConnect, 502: session.KindHTTPStatus} {
		inLab(t, func(l *lab) {
			tunnel(l, status)
			proxy, _ := session.FixedProxy("http://u:hush@proxy.test:3128", "")
			_, _, err := get(l.T, l.start(session.Config{Proxy: proxy}), "https://secure.test/")
			e := wantKind(l.T, err, kind)
			if e.Phase != session.PhaseProxy || e.Status != status || strings.Contains(err.Error(), "hush") {
				l.Errorf("%d: got %v, want a failure of the proxy", status, err)
			}
		})
	}
}

func TestSocksProxyGetsTheName(t *testing.T) {
	inLab(t, func(l *lab) {
		o := origin.New(origin.Config{})
		o.Add("/a", origin.File{Size: 100})
		srv := l.serve(o, origin.Options{Name: "far.test"})
		asked := make(chan string, 1)
		listen, err := l.net.Listen("socks.test:1080")
		if err != nil {
			l.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			c, err := listen.Accept()
			if err == nil {
				serveSocks(l, &wg, c, asked)
			}
		})
		l.Cleanup(func() {
			listen.Close()
			wg.Wait()
		})
		proxy, _ := session.FixedProxy("socks5h://socks.test:1080", "")
		s := l.start(session.Config{Proxy: proxy})
		if _, _, err := get(l.T, s, srv.URL("/a")); err != nil {
			l.Fatal(err)
		}
		if got := <-asked; got != "far.test:80" {
			l.Fatalf("proxy was asked for %q, want the name", got)
		}
		s.End()
	})
}

// serveSocks is RFC 1928 for one connection without authentication.
func serveSocks(l *lab, wg *sync.WaitGroup, c net.Conn, asked chan<- string) {
	b := make([]byte, 512)
	io.ReadFull(c, b[:2])
	io.ReadFull(c, b[:b[1]])
	c.Write([]byte{5, 0})
	io.ReadFull(c, b[:5])
	name := make([]byte, b[4])
	io.ReadFull(c, name)
	io.ReadFull(c, b[:2])
	addr := net.JoinHostPort(string(name), strconv.Itoa(int(binary.BigEndian.Uint16(b))))
	asked <- addr
	to, err := l.net.DialContext(context.Background(), "tcp", addr)
	if err != nil {
		c.Close()
		return
	}
	c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	join(wg, c, to)
}

func TestBlockPrivateRefusesAProxy(t *testing.T) {
	_, err := session.Start(session.Config{BlockPrivate: true, Proxy: func(*url.URL) (*url.URL, error) { return nil, nil }})
	if !errors.Is(err, session.ErrConfig) {
		t.Fatalf("got %v, want %v", err, session.ErrConfig)
	}
}
