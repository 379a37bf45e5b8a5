package origin

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// Options say where and how an origin is served.
type Options struct {
	// Addr to listen on, HOST:PORT. Empty is 127.0.0.1:0 and, on a Network,
	// Name at port 80 or 443. Any address in 127.0.0.0/8 serves as another host.
	Addr string
	// Network to listen on instead of loopback.
	Network *Network
	// Name of the host in URLs and in the certificate; empty is the host of Addr.
	// On loopback only DialContext, Transport and Client know where it is.
	Name string
	// TLS serves https, with a certificate by CA (nil: one of its own).
	TLS bool
	CA  *CA
	// Leaf changes the certificate; its empty fields are filled in.
	Leaf Leaf
	// HTTP2 offers h2: by ALPN with TLS, by prior knowledge without. HTTP/1 is
	// offered as well unless OnlyHTTP2 is set.
	HTTP2     bool
	OnlyHTTP2 bool
	// IdleTimeout closes connections that were idle for so long; zero is never.
	IdleTimeout time.Duration
}

// Server serves an Origin at one address.
type Server struct {
	o       *Origin
	http    *http.Server
	listen  net.Listener
	network *Network
	ca      *CA
	scheme  string
	addr    string // in URLs
	real    string // where it listens
	cancel  context.CancelFunc
	served  chan struct{}

	mu     sync.Mutex
	idle   *sync.Cond
	conns  map[*conn]struct{}
	active int // goroutines of net/http and handlers of taken-over connections
}

// Start serves o until Close.
func (o *Origin) Start(opt Options) (*Server, error) {
	s := &Server{
		o: o, network: opt.Network, ca: opt.CA, scheme: "http",
		served: make(chan struct{}), conns: map[*conn]struct{}{},
	}
	s.idle = sync.NewCond(&s.mu)
	l, err := bind(opt)
	if err != nil {
		return nil, fmt.Errorf("origin: listen: %w", err)
	}
	s.listen, s.real, s.addr = l, l.Addr().String(), l.Addr().String()
	if opt.Name != "" {
		_, port, _ := net.SplitHostPort(s.real)
		s.addr = net.JoinHostPort(opt.Name, port)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	s.http = &http.Server{
		Handler:     s,
		ErrorLog:    log.New(io.Discard, "", 0),
		BaseContext: func(net.Listener) context.Context { return ctx },
		ConnContext: withConn,
		ConnState:   s.state,
		Protocols:   protocols(opt),
		IdleTimeout: opt.IdleTimeout,
	}
	if opt.TLS {
		if err := s.certify(opt); err != nil {
			cancel()
			_ = l.Close()
			return nil, err
		}
	}
	go s.serve()
	return s, nil
}

// bind opens the listener.
func bind(opt Options) (net.Listener, error) {
	if opt.Network == nil {
		addr := opt.Addr
		if addr == "" {
			addr = "127.0.0.1:0"
		}
		return net.Listen("tcp", addr)
	}
	addr := opt.Addr
	if addr == "" {
		port := "80"
		if opt.TLS {
			port = "443"
		}
		name := opt.Name
		if name == "" {
			name = "origin.test"
		}
		addr = net.JoinHostPort(name, port)
	}
	return opt.Network.Listen(addr)
}

func protocols(opt Options) *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(!opt.OnlyHTTP2)
	if opt.HTTP2 || opt.OnlyHTTP2 {
		p.SetHTTP2(opt.TLS)
		p.SetUnencryptedHTTP2(!opt.TLS)
	}
	return p
}

// certify sets up TLS.
func (s *Server) certify(opt Options) error {
	s.scheme = "https"
	if s.ca == nil {
		ca, err := NewCA()
		if err != nil {
			return err
		}
		s.ca = ca
	}
	leaf := opt.Leaf
	if leaf.Names == nil {
		host, _, _ := net.SplitHostPort(s.addr)
		real, _, _ := net.SplitHostPort(s.real)
		leaf.Names = []string{host, real}
	}
	cert, err := s.ca.Issue(leaf)
	if err != nil {
		return err
	}
	s.http.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}}
	return nil
}

// TB is the part of testing.TB that StartTest needs.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// StartTest is Start for a test: it fails the test on an error, and closes the
// server when the test ends.
func (o *Origin) StartTest(tb TB, opt Options) *Server {
	tb.Helper()
	s, err := o.Start(opt)
	if err != nil {
		tb.Fatalf("start an origin: %v", err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Fatalf("%v", err)
		}
	})
	return s
}

// serve is the server's goroutine; Close waits for it.
func (s *Server) serve() {
	defer close(s.served)
	l := &listener{Listener: s.listen, srv: s}
	if s.scheme == "https" {
		_ = s.http.ServeTLS(l, "", "") // always an error; Close says which one matters
	} else {
		_ = s.http.Serve(l)
	}
}

// ServeHTTP answers as the origin does. It is the handler that net/http calls.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.add(1)
	defer s.add(-1)
	s.o.ServeHTTP(w, r)
}

// state follows the goroutines that net/http runs for connections.
func (s *Server) state(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.add(1)
	case http.StateClosed, http.StateHijacked:
		s.add(-1)
	}
}

func (s *Server) add(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active += n
	if s.active == 0 {
		s.idle.Broadcast()
	}
}

// Close stops listening, ends every connection and answer, and waits for their
// goroutines. A second Close does nothing.
func (s *Server) Close() error {
	s.cancel()
	err := s.http.Close()
	<-s.served
	// net/http forgets the connections that were taken over from it.
	for _, c := range s.open() {
		_ = c.Close()
	}
	s.mu.Lock()
	for s.active > 0 {
		s.idle.Wait()
	}
	s.mu.Unlock()
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("origin: close: %w", err)
	}
	return nil
}

// ResetConns resets every open connection, as a server does that is restarted.
// It goes on listening.
func (s *Server) ResetConns() {
	for _, c := range s.open() {
		c.reset()
	}
}

func (s *Server) open() []*conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.conns))
}

// entered counts a connection in.
func (s *Server) entered(nc net.Conn) *conn {
	c := &conn{Conn: nc, srv: s}
	s.mu.Lock()
	s.conns[c] = struct{}{}
	s.mu.Unlock()
	s.o.mu.Lock()
	host := s.o.host(s.addr)
	limit := s.o.cfg.Conns
	c.over = limit.N > 0 && host.OpenConns >= limit.N
	s.o.total.open(c.over)
	host.open(c.over)
	c.id = s.o.total.Conns
	s.o.mu.Unlock()
	if p, ok := nc.(*pipeConn); ok {
		p.onEnd(c.gone)
	}
	return c
}

// left counts a connection out.
func (s *Server) left(c *conn) {
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	if c.over {
		return
	}
	s.o.mu.Lock()
	defer s.o.mu.Unlock()
	s.o.total.OpenConns--
	s.o.host(s.addr).OpenConns--
}

// Addr is where the server is called: host:port, as in its URLs.
func (s *Server) Addr() string { return s.addr }

// URL returns the URL of a path, which begins with a slash and is not escaped.
func (s *Server) URL(path string) string {
	u := url.URL{Scheme: s.scheme, Host: s.addr, Path: path}
	return u.String()
}

// CA is the authority of the server's certificate; nil without TLS.
func (s *Server) CA() *CA { return s.ca }
