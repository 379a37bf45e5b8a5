package session

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"sync"
	"time"

	"golang.org/x/net/publicsuffix"
)

// What servers may set is bounded: RFC 6265 section 6.1 asks for 50 cookies a
// domain of 4096 bytes, and no download needs more.
const (
	maxCookieSize  = 4096
	maxHostCookies = 50
	maxCookies     = 8192
)

// jar keeps cookies and sends them by the rules for domains, paths and security
// (RFC 6265 section 5). What a domain may set is bounded by the list of public
// suffixes.
type jar struct {
	cookies *cookiejar.Jar

	mu   sync.Mutex
	seen map[string]map[string]bool // names by the host that set them
	n    int
}

func newJar(begin []*Cookie) *jar {
	// New fails for no options that there are.
	kept, _ := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List})
	j := &jar{cookies: kept, seen: map[string]map[string]bool{}}
	for _, c := range begin {
		u := &url.URL{Scheme: "http", Host: c.Domain, Path: "/"}
		if c.Secure {
			u.Scheme = "https"
		}
		set := &http.Cookie{Name: c.Name, Value: c.Value, Path: orDefault(c.Path, "/"), Secure: c.Secure, Expires: c.Expires}
		if !c.HostOnly {
			set.Domain = c.Domain
		}
		if c.Expires.IsZero() || c.Expires.After(time.Now()) {
			j.cookies.SetCookies(u, []*http.Cookie{set})
		}
	}
	return j
}

// keep takes the cookies that an answer from u sets.
func (j *jar) keep(u *url.URL, resp *http.Response) {
	set := resp.Cookies()
	if len(set) == 0 {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	kept := set[:0]
	for _, c := range set {
		if j.admit(u.Hostname(), c) {
			kept = append(kept, c)
		}
	}
	j.cookies.SetCookies(u, kept)
}

// admit counts c. It is called with mu held.
func (j *jar) admit(host string, c *http.Cookie) bool {
	names := j.seen[host]
	if names[c.Name] {
		return len(c.Raw) <= maxCookieSize
	}
	if len(c.Raw) > maxCookieSize || len(names) >= maxHostCookies || j.n >= maxCookies {
		return false
	}
	if names == nil {
		names = map[string]bool{}
		j.seen[host] = names
	}
	names[c.Name] = true
	j.n++
	return true
}

// add adds the cookies that req's URL is to get.
func (j *jar) add(req *http.Request) {
	for _, c := range j.cookies.Cookies(req.URL) {
		req.AddCookie(c)
	}
}
