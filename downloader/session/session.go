package session

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// ErrEnded is the cause of every failure after End.
var ErrEnded = errors.New("session has ended")

// Session is what all requests share: connections kept per host, each host's
// limit and mood, names, cookies. All methods may be called concurrently.
type Session struct {
	cfg       Config
	log       *slog.Logger
	hosts     *hosts
	transport http.RoundTripper
	dialer    *dialer // nil behind a foreign transport
	jar       *jar
	overall   *rate.Limiter // nil without a bound

	mu    sync.Mutex
	ended bool
	conns map[*Conn]struct{} // those that are open
}

// Start begins a session. It connects to nothing yet.
func Start(cfg Config) (*Session, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Session{
		cfg:     cfg,
		log:     cfg.Log,
		jar:     newJar(cfg.Cookies),
		overall: newRate(cfg.OverallRate),
		conns:   map[*Conn]struct{}{},
	}
	s.hosts = newHosts(cfg.MaxConnsPerHost, cfg.HostRate, cfg.OnReady, cfg.Log)
	if err := s.openTransport(); err != nil {
		return nil, err
	}
	return s, nil
}

// Connect gets a connection to u's server: the right to have one request at a
// time in flight there. It waits while the host's limit is reached or the host
// asked to be left alone.
func (s *Session) Connect(ctx context.Context, u *url.URL) (*Conn, error) {
	if err := checkURL(u); err != nil {
		return nil, err
	}
	h, err := s.hosts.acquire(ctx, Origin(u))
	if err != nil {
		return nil, &Error{Kind: KindCanceled, URL: Redact(u), Phase: PhaseQueue, Err: err}
	}
	c := s.newConn(h)
	if c == nil {
		return nil, &Error{Kind: KindCanceled, URL: Redact(u), Err: ErrEnded}
	}
	return c, nil
}

// TryConnect is Connect that never waits, to an origin as the function Origin
// writes it: it reports false when the origin's limit is reached, the host asked to be left alone, or the session has ended. After
// the first two, Config.OnReady tells when to try again. It is cheap and calls
// nothing back, so it may be called under the caller's own lock.
func (s *Session) TryConnect(origin string) (*Conn, bool) {
	h := s.hosts.tryAcquire(origin)
	if h == nil {
		return nil, false
	}
	c := s.newConn(h)
	return c, c != nil
}

// ReadyAt returns when the time ends for which origin asked to be left alone;
// the zero time if it did not.
func (s *Session) ReadyAt(origin string) time.Time { return s.hosts.readyAt(origin) }

// Hosts describes the hosts of which there is something to say: those with
// requests in flight, on hold, below their limit or down. Sorted by origin.
func (s *Session) Hosts() []HostStatus { return s.hosts.status() }

// newConn wraps the slot that was got at h. It returns nil, and gives the slot
// back, if the session has ended meanwhile.
func (s *Session) newConn(h *host) *Conn {
	c := &Conn{s: s, host: h}
	s.mu.Lock()
	if !s.ended {
		s.conns[c] = struct{}{}
		s.mu.Unlock()
		return c
	}
	s.mu.Unlock()
	s.hosts.release(h)
	return nil
}

func (s *Session) forget(c *Conn) {
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
}

// End aborts what is in flight, closes every answer and connection, idle ones
// too, and returns when nothing is left of the session. All later calls fail
// with ErrEnded. A second End, also a concurrent one, does the same nothing and
// may return earlier. It must not be called from OnReady.
func (s *Session) End() {
	s.hosts.stop() // first, so that nothing calls OnReady from here on
	s.mu.Lock()
	s.ended = true
	open := make([]*Conn, 0, len(s.conns))
	for c := range s.conns {
		open = append(open, c)
	}
	s.mu.Unlock()

	for _, c := range open {
		c.abort(ErrEnded)
	}
	for _, c := range open {
		c.Close()
	}
	s.closeTransport()
}
