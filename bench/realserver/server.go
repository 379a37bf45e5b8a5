package realserver

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
)

// ErrNotInstalled is returned by Start when the program is not in the PATH.
var ErrNotInstalled = errors.New("not installed")

// Kind is a program that serves files.
type Kind string

// The programs.
const (
	Nginx Kind = "nginx"
	Caddy Kind = "caddy"
)

// Options say what is served and how. Caddy knows Root, Dir, Host, Cert, HTTP2,
// Gzip and NoLog; Start refuses the others rather than ignore them.
type Options struct {
	// Root is the folder that is served.
	Root string
	// Dir is where configuration, logs and temporary files are kept. It exists,
	// belongs to this server alone, and is not removed.
	Dir string
	// Host to listen on, an address of the loopback; empty is 127.0.0.1. The
	// port is chosen.
	Host string

	// Cert serves https with it; HTTP2 offers h2 as well.
	Cert  *tls.Certificate
	HTTP2 bool
	// Gzip compresses for clients that accept it, all types and sizes.
	Gzip bool

	// Workers is the number of processes; zero is one for each core.
	Workers int
	// User is NAME:PASSWORD of basic authentication.
	User string
	// ConnLimit answers 429 to more connections at once, of those with a request
	// in progress, from one client.
	ConnLimit int
	// RequestRate answers 429 to more requests a second from one client, after
	// the first Burst.
	RequestRate int
	Burst       int
	// RetryAfter is sent with a 429, in whole seconds.
	RetryAfter time.Duration
	// LimitRate sends so many bytes a second in each answer, after the first LimitAfter.
	LimitRate  int64
	LimitAfter int64
	// KeepAliveRequests ends a connection after so many; zero is a million.
	KeepAliveRequests int
	// Every is a file below Root that is also served at every path below /every/.
	Every string
	// NoLog keeps no log of requests, for measurements of many small files.
	NoLog bool
}

// Server is a running program. Its methods may be called from any number of
// goroutines at once.
type Server struct {
	kind   Kind
	opt    Options
	addr   string
	child  *child
	probes atomic.Int64 // connections that Accepted made
}

// startTries is how often a start is tried: a port that was free a moment ago
// may have been taken.
const startTries = 5

// Start runs the program and returns when it accepts connections.
func Start(kind Kind, opt Options) (*Server, error) {
	if err := check(kind, opt); err != nil {
		return nil, fmt.Errorf("realserver: %s: %w", kind, err)
	}
	if opt.Host == "" {
		opt.Host = "127.0.0.1"
	}
	var err error
	for range startTries {
		s := &Server{kind: kind, opt: opt}
		if err = s.start(); err == nil {
			return s, nil
		}
		if !errors.Is(err, errPortTaken) {
			break
		}
	}
	return nil, fmt.Errorf("realserver: %s: %w", kind, err)
}

// TB is the part of testing.TB that StartTest needs.
type TB interface {
	Helper()
	TempDir() string
	Cleanup(func())
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
}

// StartTest is Start for a test, with a folder of the test's if Dir is empty. It
// skips the test where the program is not installed, and closes the server when
// the test ends.
func StartTest(tb TB, kind Kind, opt Options) *Server {
	tb.Helper()
	if opt.Dir == "" {
		opt.Dir = tb.TempDir()
	}
	s, err := Start(kind, opt)
	if errors.Is(err, ErrNotInstalled) {
		tb.Skipf("this test needs a real server: %v", err)
	}
	if err != nil {
		tb.Fatalf("%v", err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Fatalf("%v", err)
		}
	})
	return s
}

// check refuses what would become another configuration than was asked for.
func check(kind Kind, opt Options) error {
	if kind != Nginx && kind != Caddy {
		return errors.New("no such server")
	}
	for _, path := range []string{opt.Root, opt.Dir} {
		if !filepath.IsAbs(path) {
			return fmt.Errorf("folder %q is not absolute", path)
		}
		// nginx would expand or end a value there.
		if strings.ContainsAny(path, "$\"'\\{};\n") {
			return fmt.Errorf("folder %q has characters with a meaning in a configuration", path)
		}
	}
	if strings.ContainsAny(opt.Every, "$\"'\\{};\n ") {
		return fmt.Errorf("file %q has characters with a meaning in a configuration", opt.Every)
	}
	if strings.Contains(opt.User, "\n") {
		return errors.New("a user with a line break")
	}
	if kind == Caddy && (opt.Workers != 0 || opt.User != "" || opt.ConnLimit != 0 || opt.RequestRate != 0 ||
		opt.RetryAfter != 0 || opt.LimitRate != 0 || opt.KeepAliveRequests != 0 || opt.Every != "") {
		return errors.New("limits and users are for nginx only")
	}
	return nil
}

func (s *Server) start() error {
	port, err := freePort(s.opt.Host)
	if err != nil {
		return err
	}
	s.addr = net.JoinHostPort(s.opt.Host, port)
	var p program
	if s.kind == Nginx {
		p, err = s.nginx()
	} else {
		p, err = s.caddy()
	}
	if err != nil {
		return err
	}
	s.child, err = spawn(p)
	return err
}

// freePort asks the system for a port that nobody listens on.
func freePort(host string) (string, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// Addr is where the server listens, host:port.
func (s *Server) Addr() string { return s.addr }

// URL returns the URL of a path, which begins with a slash and is not escaped.
func (s *Server) URL(path string) string {
	u := url.URL{Scheme: s.scheme(), Host: s.addr, Path: path}
	return u.String()
}

func (s *Server) scheme() string {
	if s.opt.Cert != nil {
		return "https"
	}
	return "http"
}

// Close lets answers under way end for a moment, then ends the program and
// waits for it; the log is complete then. A second Close does nothing.
func (s *Server) Close() error {
	if err := s.child.stop(); err != nil {
		return fmt.Errorf("realserver: %s: stop: %w", s.kind, err)
	}
	return nil
}

// path is the place of a file in the server's own folder.
func (s *Server) path(name string) string { return filepath.Join(s.opt.Dir, name) }

func (s *Server) write(name string, content []byte) error {
	return os.WriteFile(s.path(name), content, 0o600)
}
