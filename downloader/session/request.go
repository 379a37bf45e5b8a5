package session

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"strings"
)

// Request is a GET that has not been sent. It serves one goroutine and is sent
// once.
type Request struct {
	c      *Conn
	url    *url.URL
	header http.Header // for the URL's origin only
	ask    ask
	sent   bool
}

func newRequest(c *Conn, u *url.URL) *Request {
	own := *u
	own.Fragment, own.RawFragment = "", ""
	own.Scheme = strings.ToLower(own.Scheme)
	return &Request{c: c, url: &own, header: http.Header{}}
}

// managed are fields that the session sets itself, or that would break the
// framing of messages.
var managed = map[string]bool{
	"Range": true, "If-Range": true, "Connection": true, "Content-Length": true, "Expect": true, "Keep-Alive": true,
	"Proxy-Authorization": true, "Proxy-Connection": true, "Te": true, "Trailer": true, "Transfer-Encoding": true, "Upgrade": true,
}

// AddHeader adds a field, which goes to the origin of the request's URL and to
// no other after a redirect. It replaces what Config would send under the name.
// It refuses what is no field name or value (RFC 9110 section 5), line breaks
// first of all, and the fields that the session sets itself.
func (r *Request) AddHeader(name, value string) error {
	if err := checkField(name, value); err != nil {
		return &Error{Kind: KindInvalidURL, URL: Redact(r.url), Err: err}
	}
	if managed[textproto.CanonicalMIMEHeaderKey(name)] {
		return &Error{Kind: KindInvalidURL, URL: Redact(r.url), Err: fmt.Errorf("%w: %s is set by the session", ErrHeader, name)}
	}
	r.header.Add(name, value)
	return nil
}

// SetRange asks for the bytes from off up to, not including, end; to the last
// one if end is 0 or less (RFC 9110 section 14.2). Without a call the whole is
// asked for.
func (r *Request) SetRange(off, end int64) {
	r.ask.ranged, r.ask.off, r.ask.end = true, max(off, 0), max(end, 0)
}

// SetVersion says which version the file must have, and by which evidence that
// is known. With a range, a precondition goes along (If-Range, RFC 9110 section
// 13.1.5) unless how has none.
func (r *Request) SetVersion(v Version, how How) {
	r.ask.version, r.ask.how, r.ask.versioned = v, how, true
}

// SetConditional asks for the whole only if it is no longer v (If-None-Match
// and If-Modified-Since, RFC 9110 sections 13.1.2 and 13.1.3).
func (r *Request) SetConditional(v Version) {
	r.ask.known, r.ask.conditional = v, v.ETag != "" || !v.LastModified.IsZero()
}

// Send sends the request, follows redirects, and judges the answer. It returns
// an answer with bytes to read, or one that says there are none (Empty,
// NotModified); everything else is an *Error. Canceling ctx ends the body too.
// The answer must be closed.
func (r *Request) Send(ctx context.Context) (*Answer, error) {
	if r.sent {
		return nil, &Error{Kind: KindCanceled, URL: Redact(r.url), Err: errors.New("request was sent already")}
	}
	r.sent = true
	x := newExchange(ctx)
	if err := r.c.begin(x); err != nil {
		x.cancel(err)
		return nil, &Error{Kind: KindCanceled, URL: Redact(r.url), Err: err}
	}
	a, err := r.exchange(x)
	if err != nil {
		x.close(r.c.s.hosts)
		r.c.finish(x)
		return nil, err
	}
	return a, nil
}

// exchange goes from hop to hop until an answer is no redirect.
func (r *Request) exchange(x *exchange) (*Answer, error) {
	x.busy.Lock()
	defer x.busy.Unlock()
	u := r.url
	for hops := 0; ; hops++ {
		resp, seen, err := r.hop(x, u)
		if err != nil {
			return nil, err
		}
		if !isRedirect(resp) {
			return r.judge(x, u, resp, seen)
		}
		next, err := r.redirect(x, u, resp, hops)
		if err != nil {
			return nil, err
		}
		u = next
	}
}

// hop asks u, with the slot of its origin held, until the header is here.
func (r *Request) hop(x *exchange, u *url.URL) (*http.Response, *observed, error) {
	s := r.c.s
	host := r.c.at()
	if host == nil {
		return nil, nil, s.failure(x, u, ErrClosed)
	}
	var err error
	if x.trip, err = s.hosts.begin(host); err != nil {
		return nil, nil, s.failure(x, u, err)
	}
	seen := &observed{}
	req := r.build(x, u, seen)
	x.enter(PhaseConnect, s.cfg.ConnectTimeout)
	resp, err := s.transport.RoundTrip(req)
	x.pause()
	if err != nil {
		fail := s.failure(x, u, seen.refine(err))
		x.endTrip(s.hosts, fail)
		return nil, nil, fail
	}
	x.body = resp.Body
	s.jar.keep(u, resp)
	return resp, seen, nil
}

// build makes the request for one hop.
func (r *Request) build(x *exchange, u *url.URL, seen *observed) *http.Request {
	s := r.c.s
	bare := *u
	bare.User = nil
	req := &http.Request{Method: http.MethodGet, URL: &bare, Host: u.Host, Header: http.Header{},
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	h := req.Header
	h.Set("User-Agent", s.cfg.UserAgent)
	h.Set("Accept", "*/*")
	h.Set("Accept-Encoding", "identity") // nothing is ever decoded, so ask for nothing coded
	if Origin(u) == Origin(r.url) {
		r.addOwn(req)
	}
	s.jar.add(req)
	r.ask.set(h)
	trace := seen.trace(x, &s.cfg)
	return req.WithContext(httptrace.WithClientTrace(x.ctx, trace))
}

// addOwn adds what is meant for the origin of the request's URL alone.
func (r *Request) addOwn(req *http.Request) {
	s, h := r.c.s, req.Header
	if s.cfg.Referer != "" {
		h.Set("Referer", s.cfg.Referer)
	}
	for _, own := range []http.Header{s.cfg.Header, r.header} {
		for name, values := range own {
			if name = textproto.CanonicalMIMEHeaderKey(name); !managed[name] {
				h[name] = append([]string(nil), values...)
			}
		}
	}
	if host := h.Get("Host"); host != "" {
		req.Host = host
		h.Del("Host")
	}
	if _, given := h["Authorization"]; !given {
		if login := s.login(r.url); login != nil {
			h.Set("Authorization", basicAuth(login))
		}
	}
}

// login returns who to be at the origin of u: by the URL, the configuration, or
// netrc, in this order.
func (s *Session) login(u *url.URL) *url.Userinfo {
	switch {
	case u.User != nil:
		return u.User
	case s.cfg.User != nil:
		return s.cfg.User
	}
	return s.cfg.Netrc.Login(u.Hostname())
}

// basicAuth is RFC 7617 section 2.
func basicAuth(login *url.Userinfo) string {
	password, _ := login.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(login.Username()+":"+password))
}

// checkURL refuses what cannot be asked over HTTP (RFC 9110 section 4.2).
func checkURL(u *url.URL) error {
	switch strings.ToLower(u.Scheme) {
	case "http", "https":
	case "":
		return &Error{Kind: KindInvalidURL, URL: Redact(u), Err: errors.New("no scheme")}
	default:
		return &Error{Kind: KindUnsupportedScheme, URL: Redact(u)}
	}
	if u.Hostname() == "" {
		return &Error{Kind: KindInvalidURL, URL: Redact(u), Err: errors.New("no host")}
	}
	return nil
}
