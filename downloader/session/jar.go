package session

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"

	"golang.org/x/net/publicsuffix"
)

// Cookie is one line of a Netscape cookie file.
type Cookie struct {
	Domain string
	http.Cookie
}

type jar struct{ cookies *cookiejar.Jar }

func newJar([]*Cookie) *jar {
	j, _ := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List})
	return &jar{j}
}

func (j *jar) keep(u *url.URL, resp *http.Response) { j.cookies.SetCookies(u, resp.Cookies()) }

func (j *jar) add(req *http.Request) {
	for _, c := range j.cookies.Cookies(req.URL) {
		req.AddCookie(c)
	}
}
