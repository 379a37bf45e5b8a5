package session

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// isRedirect reports whether resp names another place to ask (RFC 9110 section
// 15.4). 300 offers a choice and 304 is about a cache; neither is followed.
func isRedirect(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// redirect returns where resp sends us, with the slot of that origin held.
func (r *Request) redirect(x *exchange, from *url.URL, resp *http.Response, hops int) (*url.URL, error) {
	s := r.c.s
	fail := func(kind Kind, err error) error {
		return &Error{Kind: kind, URL: Redact(from), Phase: PhaseHeader, Status: resp.StatusCode, Err: err}
	}
	next, err := target(from, resp.Header.Get("Location"), s.cfg.AllowDowngrade)
	if err != nil {
		return nil, fail(KindRedirect, err)
	}
	if hops >= s.cfg.MaxRedirects {
		return nil, fail(KindRedirect, fmt.Errorf("more than %d redirects", max(s.cfg.MaxRedirects, 0)))
	}
	drain(x)
	x.endTrip(s.hosts, nil)
	s.log.Debug("redirect", "from", Redact(from), "to", Redact(next), "status", resp.StatusCode)
	if Origin(next) == Origin(from) {
		return next, nil
	}
	x.enter(PhaseQueue, s.cfg.Timeout)
	err = r.c.move(x.ctx, Origin(next))
	x.pause()
	if err != nil {
		return nil, s.failure(x, next, err)
	}
	return next, nil
}

var (
	errNoLocation = errors.New("redirect names no place")
	errDowngrade  = errors.New("redirect from https to http refused")
)

// target resolves location against from (RFC 9110 section 10.2.2). Credentials
// in it are the server's invention and dropped.
func target(from *url.URL, location string, allowDowngrade bool) (*url.URL, error) {
	if location == "" {
		return nil, errNoLocation
	}
	next, err := from.Parse(location)
	if err != nil {
		var why *url.Error // its text repeats the location, secrets and all
		if errors.As(err, &why) {
			err = why.Err
		}
		return nil, fmt.Errorf("bad location: %w", err)
	}
	if err := checkURL(next); err != nil {
		return nil, err
	}
	if from.Scheme == "https" && next.Scheme != "https" && !allowDowngrade {
		return nil, errDowngrade
	}
	next.User = nil
	next.Fragment, next.RawFragment = "", ""
	return next, nil
}

// An answer that is no file is read on, if it is short, so that its connection
// can be kept: a new one costs more than this.
const (
	drainBytes = 64 << 10
	drainTime  = 2 * time.Second
)

func drain(x *exchange) {
	body := x.body
	if body == nil {
		return
	}
	x.body = nil
	stop := time.AfterFunc(drainTime, func() { body.Close() })
	_, _ = io.CopyN(io.Discard, body, drainBytes) // failing costs the connection, nothing else
	stop.Stop()
	body.Close()
}
