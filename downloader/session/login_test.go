package session_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/seed-9a1263fe/haul/bench/origin"
	"github.com/seed-9a1263fe/haul/downloader/session"
)

func TestLoginComesFromURLThenConfigThenNetrc(t *testing.T) {
	inLab(t, func(l *lab) {
		o := origin.New(origin.Config{})
		o.Add("/url", origin.File{Size: 1, User: "u:1"})
		o.Add("/cfg", origin.File{Size: 1, User: "c:2"})
		o.Add("/netrc", origin.File{Size: 1, User: "n:3 and more"})
		srv := l.serve(o, origin.Options{})
		netrc, err := session.ParseNetrc(strings.NewReader("# mine\nmachine Origin.Test\n\tlogin n password \"3 and more\"\n"))
		if err != nil {
			l.Fatal(err)
		}
		both := session.Config{User: url.UserPassword("c", "2"), Netrc: netrc}
		for path, cfg := range map[string]session.Config{"/url": both, "/cfg": both, "/netrc": {Netrc: netrc}} {
			u := srv.URL(path)
			if path == "/url" {
				u = strings.Replace(u, "://", "://u:1@", 1)
			}
			if _, _, err := get(l.T, l.start(cfg), u); err != nil {
				l.Errorf("%s: %v", path, err)
			}
		}
		_, _, err = get(l.T, l.start(session.Config{}), srv.URL("/cfg"))
		if e := wantKind(l.T, err, session.KindUnauthorized); e.Temporary {
			l.Errorf("%v is worth another try, want that it is not", err)
		}
	})
}

func TestHeaderOfTheRequestReplacesTheConfigured(t *testing.T) {
	inLab(t, func(l *lab) {
		o := origin.New(origin.Config{})
		o.Add("/a", origin.File{Size: 1})
		srv := l.serve(o, origin.Options{})
		s := l.start(session.Config{User: url.UserPassword("a", "b"), UserAgent: "haul/1"})
		_, _, err := get(l.T, s, srv.URL("/a"), header("authorization", "Bearer x"), header("User-Agent", "mine"), header("Host", "other.test"))
		if err != nil {
			l.Fatal(err)
		}
		r := last(o)
		if r.Header.Get("Authorization") != "Bearer x" || r.Header.Get("User-Agent") != "mine" || r.Host != "other.test" {
			l.Fatalf("sent host %q, %v", r.Host, r.Header)
		}
	})
}

func TestNetrcThatCannotBeRead(t *testing.T) {
	for _, s := range []string{"machine", "login a", "machine a login", "machine a user b", "\n\nsecret"} {
		_, err := session.ParseNetrc(strings.NewReader(s))
		if !errors.Is(err, session.ErrNetrc) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: got %v", s, err)
		}
	}
}

func TestNetrcEntries(t *testing.T) {
	n, err := session.ParseNetrc(strings.NewReader(
		"macdef init\ncd /\n\nmachine a login 1 password p1 account x machine a login 2 password p2\nmachine b password only\ndefault login anonymous password me@"))
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]string{"a": "1:p1", "A": "1:p1", "b": "anonymous:me%40", "c": "anonymous:me%40"} {
		if got := n.Login(host); got.String() != want {
			t.Errorf("%s: got %v, want %s", host, got, want)
		}
	}
}

func FuzzNetrc(f *testing.F) {
	f.Add("machine a login b password c\nmacdef x\n\ndefault login d", "a")
	f.Add(`machine a login "b \" c" password d # no`, "a")
	f.Fuzz(func(t *testing.T, s, host string) {
		n, err := session.ParseNetrc(strings.NewReader(s))
		if err == nil {
			if login := n.Login(host); login != nil && login.Username() == "" {
				t.Fatalf("%q: a login without a name", s)
			}
		}
	})
}

func TestCookiesGoWhereTheyMay(t *testing.T) {
	file := "# Netscape HTTP Cookie File\n" +
		".shop.test\tTRUE\t/\tFALSE\t0\twide\t1\n" +
		"shop.test\tFALSE\t/\tFALSE\t4102444800\tnarrow\t2\r\n" +
		"#HttpOnly_shop.test\tFALSE\t/deep\tFALSE\t0\tdeep\t3\n" +
		"shop.test\tFALSE\t/\tTRUE\t0\tsecure\t4\n" +
		"shop.test\tFALSE\t/\tFALSE\t1\told\t5\n" +
		".test\tTRUE\t/\tFALSE\t0\teverywhere\t6\n"
	cookies, err := session.ParseCookies(strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	inLab(t, func(l *lab) {
		o := origin.New(origin.Config{Find: func(string) (origin.File, bool) { return origin.File{Size: 1}, true }})
		for _, name := range []string{"shop.test", "www.shop.test", "other.test"} {
			l.serve(o, origin.Options{Name: name})
		}
		s := l.start(session.Config{Cookies: cookies})
		for u, want := range map[string]string{
			"http://shop.test/a": "narrow wide", "http://shop.test/deep/a": "deep narrow wide",
			"http://www.shop.test/a": "wide", "http://other.test/a": "",
		} {
			if _, _, err := get(l.T, s, u); err != nil {
				l.Fatal(err)
			}
			if got := cookieNames(last(o)); got != want {
				l.Errorf("%s: sent %q, want %q", u, got, want)
			}
		}
	})
}

// cookieNames are the names of the cookies of r in order of the alphabet.
func cookieNames(r origin.Request) string {
	var names []string
	for _, want := range []string{"deep", "everywhere", "narrow", "old", "secure", "set", "wide"} {
		if strings.Contains("; "+r.Header.Get("Cookie"), "; "+want+"=") {
			names = append(names, want)
		}
	}
	return strings.Join(names, " ")
}

func TestCookiesThatServersSetAreKeptButBounded(t *testing.T) {
	inLab(t, func(l *lab) {
		o := origin.New(origin.Config{})
		o.Add("/gate", origin.File{Size: 1, Header: map[string][]string{"Set-Cookie": {"set=1; Path=/", "big=" + strings.Repeat("x", 5000)}}})
		o.Add("/a", origin.File{Size: 1})
		srv := l.serve(o, origin.Options{})
		s := l.start(session.Config{})
		for _, path := range []string{"/gate", "/a"} {
			if _, _, err := get(l.T, s, srv.URL(path)); err != nil {
				l.Fatal(err)
			}
		}
		if got := last(o).Header.Get("Cookie"); got != "set=1" {
			l.Fatalf("sent cookies %q, want set=1", got)
		}
	})
}

func TestCookieFileThatCannotBeRead(t *testing.T) {
	for _, s := range []string{"a b c", "a\tTRUE\t/\tFALSE\tsoon\tn\tsecret", "a\tTRUE\t/\tFALSE\t0\tn m\tv", "a\tTRUE\t/\tFALSE\t0\tn\tx;y", "\tTRUE\t/\tFALSE\t0\tn\tv"} {
		_, err := session.ParseCookies(strings.NewReader("# ok\n" + s))
		if !errors.Is(err, session.ErrCookies) || !strings.Contains(err.Error(), "line 2") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: got %v, want an error at line 2", s, err)
		}
	}
}

func FuzzCookies(f *testing.F) {
	f.Add(".a.test\tTRUE\t/\tFALSE\t0\tn\tv")
	f.Add("#HttpOnly_a\tFALSE\t/x\tTRUE\t4102444800.5\tn\t")
	f.Fuzz(func(t *testing.T, s string) {
		all, err := session.ParseCookies(strings.NewReader(s))
		if err != nil {
			return
		}
		for _, c := range all {
			if c.Name == "" || c.Domain == "" || strings.ContainsAny(c.Name+c.Value, "\r\n;") || c.Expires.Year() > 9999 {
				t.Fatalf("%q: got %+v", s, c)
			}
		}
		s2, err := session.Start(session.Config{Cookies: all})
		if err != nil {
			t.Fatal(err)
		}
		s2.End()
	})
}

func TestExpiryOfCookies(t *testing.T) {
	all, err := session.ParseCookies(strings.NewReader("a\tTRUE\t/\tFALSE\t4102444800\tn\tv\na\tTRUE\t/\tFALSE\t0\tm\n"))
	if err != nil || len(all) != 2 {
		t.Fatalf("got %v, %v", all, err)
	}
	if want := time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC); !all[0].Expires.Equal(want) || !all[1].Expires.IsZero() {
		t.Fatalf("got %v and %v, want %v and none", all[0].Expires, all[1].Expires, want)
	}
}
