package downloader

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"sync"

	"github.com/temoto/robotstxt"

	"github.com/seed-9a1263fe/haul/downloader/session"
)

const (
	// maxRobots is how much of a robots.txt is read (RFC 9309 section 2.5).
	maxRobots = 512 << 10
	// maxRobotsKept bounds the text of all that are remembered.
	maxRobotsKept = 16 << 20
)

// errAskAgain says that the connection went to robots.txt and elsewhere, and
// that the file is to be asked for anew.
var errAskAgain = errors.New("downloader: the connection is at another origin now")

// robots knows what the robots.txt of each origin allows (RFC 9309). It may be
// used from any number of goroutines; of those that ask for the same origin at
// once, one fetches.
type robots struct {
	agent string

	mu   sync.Mutex
	m    map[string]*rules
	kept int // bytes
}

// rules are those of one origin. They are complete when done is closed.
type rules struct {
	done chan struct{}
	size int
	data *robotstxt.RobotsData
	err  error
}

func newRobots(agent string) *robots { return &robots{agent: agent, m: map[string]*rules{}} }

// check returns an error of kind blocked if u must not be fetched. It may use
// conn, which must be at u's origin, for a request of its own.
func (r *robots) check(ctx context.Context, conn *session.Conn, u *url.URL) error {
	for {
		rs, first := r.rules(session.Origin(u))
		if first {
			r.fetch(ctx, conn, u, rs)
		}
		select {
		case <-rs.done:
		case <-ctx.Done():
			return &session.Error{Kind: session.KindCanceled, URL: session.Redact(u), Err: context.Cause(ctx)}
		}
		switch {
		case rs.err != nil && first:
			return rs.err
		case rs.err != nil:
			continue // whoever fetched failed, perhaps because its run ended
		case !rs.data.TestAgent(u.RequestURI(), r.agent):
			return &session.Error{Kind: session.KindBlocked, URL: session.Redact(u), Err: errors.New("robots.txt disallows it")}
		case first && conn.Origin() != session.Origin(u):
			return errAskAgain
		}
		return nil
	}
}

// rules returns those of an origin, and whether the caller is to fetch them.
func (r *robots) rules(origin string) (rs *rules, first bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if rs := r.m[origin]; rs != nil {
		return rs, false
	}
	rs = &rules{done: make(chan struct{})}
	r.m[origin] = rs
	return rs, true
}

// fetch completes rs. What failed is not remembered.
func (r *robots) fetch(ctx context.Context, conn *session.Conn, u *url.URL, rs *rules) {
	defer close(rs.done)
	text, status, err := getRobots(ctx, conn, &url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/robots.txt"})
	if err == nil {
		rs.data, err = robotstxt.FromStatusAndBytes(status, text)
	}
	origin := session.Origin(u)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		rs.err = err
		delete(r.m, origin)
		return
	}
	rs.size = len(text)
	r.kept += rs.size
	for other, old := range r.m {
		if r.kept <= maxRobotsKept {
			break
		}
		if old.data != nil && old != rs {
			r.kept -= old.size
			delete(r.m, other)
		}
	}
}

// getRobots fetches a robots.txt. One that is not there allows everything (RFC
// 9309 section 2.3.1.3); one that cannot be had now is an error, to be tried
// again (section 2.3.1.4).
func getRobots(ctx context.Context, conn *session.Conn, at *url.URL) (text []byte, status int, err error) {
	req, err := conn.OpenRequest(at)
	if err != nil {
		return nil, 0, err
	}
	ans, err := req.Send(ctx)
	var refused *session.Error
	if errors.As(err, &refused) && refused.Status >= 400 && refused.Status < 500 && refused.Status != 429 {
		return nil, refused.Status, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("robots.txt: %w", err)
	}
	defer ans.Close()
	if text, err = io.ReadAll(io.LimitReader(ans, maxRobots)); err != nil {
		return nil, 0, fmt.Errorf("robots.txt: %w", err)
	}
	return text, ans.Status, nil
}
