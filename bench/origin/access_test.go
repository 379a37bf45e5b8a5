package origin

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestBasicAuthIsAskedFor(t *testing.T) {
	o := New(Config{})
	o.Add("/a", File{Size: 10, User: "me:pass:word"})
	s := o.StartTest(t, Options{})
	for _, row := range []struct {
		name, password string
		status         int
	}{{"me", "pass:word", 200}, {"me", "pass", 401}, {"", "", 401}} {
		u, _ := url.Parse(s.URL("/a"))
		if row.name != "" {
			u.User = url.UserPassword(row.name, row.password)
		}
		resp, _, err := get(t, client(t, s), u.String())
		if err != nil || resp.StatusCode != row.status {
			t.Errorf("%s: got %v %v", row.name, resp, err)
		}
		if row.status == 401 && !strings.HasPrefix(resp.Header.Get("WWW-Authenticate"), "Basic ") {
			t.Errorf("no challenge: %v", resp.Header)
		}
	}
}

func TestRedirectsGoWhereTheySay(t *testing.T) {
	o, other := New(Config{}), New(Config{})
	b := other.StartTest(t, Options{Addr: "127.0.0.2:0"})
	f := other.Add("/there", File{Size: 10})
	o.Add("/dir/file", File{Data: []byte("here")})
	o.Add("/dir/relative", File{Redirect: "file"})
	o.Add("/abroad", File{Redirect: b.URL("/there"), RedirectStatus: 307})
	o.Add("/loop", File{Redirect: "/loop"})
	o.Add("/scheme", File{Redirect: "file:///etc/passwd"})
	o.Add("/once", File{Size: 3, Faults: []Fault{{Times: 1, Location: "/dir/file"}}})
	s := o.StartTest(t, Options{})
	c := s.Client()
	t.Cleanup(c.CloseIdleConnections)

	if _, body, err := get(t, c, s.URL("/dir/relative")); err != nil || string(body) != "here" {
		t.Errorf("relative: %q %v", body, err)
	}
	if _, body, err := get(t, c, s.URL("/abroad")); err != nil || len(body) != 10 || f.Check(body, 0) != nil {
		t.Errorf("abroad: %d bytes: %v", len(body), err)
	}
	if _, _, err := get(t, c, s.URL("/loop")); err == nil || !strings.Contains(err.Error(), "10 redirects") {
		t.Errorf("loop: %v", err)
	}
	if _, _, err := get(t, c, s.URL("/scheme")); err == nil || !strings.Contains(err.Error(), "unsupported protocol scheme") {
		t.Errorf("scheme: %v", err)
	}
	for i, want := range []string{"here", ""} {
		if _, body, err := get(t, c, s.URL("/once")); err != nil || want != "" && string(body) != want || len(body) == 0 {
			t.Errorf("once, request %d: %q %v", i, body, err)
		}
	}
	if resp, _, err := get(t, client(t, s), s.URL("/abroad")); err != nil || resp.StatusCode != 307 {
		t.Errorf("status: %v %v", resp, err)
	}
}

func TestSignedURLsExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := New(Config{})
		o.Add("/d/file", File{Size: 10, Signed: true, SignedStatus: 410})
		o.Add("/d/link", File{Redirect: "file?x=1", Sign: &Signature{For: time.Minute}})
		o.Add("/twice", File{Redirect: "/d/file", Sign: &Signature{Uses: 2}})
		s := o.StartTest(t, Options{Network: NewNetwork()})
		c := client(t, s)
		status := func(url string) int {
			resp, _, err := get(t, c, url)
			if err != nil {
				t.Fatal(err)
			}
			return resp.StatusCode
		}
		signed := func(path string) string {
			resp, _, err := get(t, c, s.URL(path))
			if err != nil || resp.StatusCode != http.StatusFound {
				t.Fatalf("%v %v", resp, err)
			}
			u, err := resp.Location()
			if err != nil {
				t.Fatal(err)
			}
			return u.String()
		}

		if got := status(s.URL("/d/file")); got != 410 {
			t.Errorf("unsigned: %d", got)
		}
		u := signed("/d/link")
		if got := status(u); got != 200 || !strings.Contains(u, "x=1") {
			t.Errorf("%s: %d", u, got)
		}
		if got := status(strings.Replace(u, "expires=", "expires=9", 1)); got != 410 {
			t.Errorf("forged: %d", got)
		}
		wait(t.Context(), time.Minute)
		if got := status(u); got != 410 {
			t.Errorf("expired: %d", got)
		}
		if got := status(signed("/d/link")); got != 200 {
			t.Errorf("signed anew: %d", got)
		}
		u = signed("/twice")
		for i, want := range []int{200, 200, 410} {
			if got := status(u); got != want {
				t.Errorf("use %d: %d, want %d", i, got, want)
			}
		}
	})
}
