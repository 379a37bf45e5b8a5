package lab

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/seed-9a1263fe/haul/bench/origin"
	"github.com/seed-9a1263fe/haul/bench/realserver"
	"github.com/seed-9a1263fe/haul/bench/source"
)

// SiteOptions say how a set is served.
type SiteOptions struct {
	// TLS serves https, HTTP2 offers h2 as well.
	TLS, HTTP2 bool
	// Rate bounds each answer, in bytes a second; zero does not.
	Rate int64
	// Log keeps a log of requests, which Served needs. It costs the server time.
	Log bool
}

// Site is a server with the files of one set: nginx where it is installed, the
// origin of this program where it is not.
type Site struct {
	Set *source.Set
	// CACert is a file with the authority to trust; empty without TLS.
	CACert string

	base   string
	nginx  *realserver.Server
	origin *origin.Origin
	server *origin.Server
}

// Serve starts a site. Its files are warm then.
func (l *Lab) Serve(ctx context.Context, set *source.Set, opt SiteOptions) (*Site, error) {
	if err := set.Warm(ctx); err != nil {
		return nil, err
	}
	s := &Site{Set: set}
	dir, err := l.Dir("site")
	if err != nil {
		return nil, err
	}
	var ca *origin.CA
	var cert *tls.Certificate
	if opt.TLS {
		if ca, cert, err = s.certify(dir); err != nil {
			return nil, fmt.Errorf("lab: %w", err)
		}
	}
	err = s.startNginx(dir, cert, opt)
	if errors.Is(err, realserver.ErrNotInstalled) {
		l.Logf("nginx is not installed: this program's origin serves instead, and shares its processor time")
		err = s.startOrigin(ca, opt)
	}
	if err != nil {
		return nil, fmt.Errorf("lab: serve: %w", err)
	}
	return s, nil
}

// certify makes an authority and a certificate of it, and a file to trust it by.
func (s *Site) certify(dir string) (*origin.CA, *tls.Certificate, error) {
	ca, err := origin.NewCA()
	if err != nil {
		return nil, nil, err
	}
	cert, err := ca.Issue(origin.Leaf{Names: []string{"127.0.0.1"}})
	if err != nil {
		return nil, nil, err
	}
	s.CACert = filepath.Join(dir, "ca.pem")
	return ca, &cert, os.WriteFile(s.CACert, ca.PEM(), 0o644)
}

func (s *Site) startNginx(dir string, cert *tls.Certificate, opt SiteOptions) (err error) {
	o := realserver.Options{
		Root: s.Set.Root, Dir: dir, Cert: cert, HTTP2: opt.HTTP2, LimitRate: opt.Rate, NoLog: !opt.Log,
	}
	if s.Set.Prefix == source.Everywhere {
		o.Every = source.One
	}
	if s.nginx, err = realserver.Start(realserver.Nginx, o); err == nil {
		s.base = strings.TrimSuffix(s.nginx.URL("/"), "/")
	}
	return err
}

func (s *Site) startOrigin(ca *origin.CA, opt SiteOptions) (err error) {
	s.origin = origin.New(origin.Config{Find: s.find(), BodyRate: opt.Rate, Keep: -1})
	s.server, err = s.origin.Start(origin.Options{TLS: opt.TLS, CA: ca, HTTP2: opt.HTTP2})
	if err == nil {
		s.base = strings.TrimSuffix(s.server.URL("/"), "/")
	}
	return err
}

// find returns what makes the origin's files.
func (s *Site) find() func(path string) (origin.File, bool) {
	if s.Set.Prefix == source.Everywhere {
		one := s.Set.At(0).Content()
		return func(path string) (origin.File, bool) { return one, strings.HasPrefix(path, source.Everywhere) }
	}
	files := make(map[string]origin.File, s.Set.Len)
	for i := range s.Set.Len {
		files[s.Set.Prefix+s.Set.At(i).Name] = s.Set.At(i).Content()
	}
	return func(path string) (origin.File, bool) { f, ok := files[path]; return f, ok }
}

// Program names the server.
func (s *Site) Program() string {
	if s.nginx != nil {
		return "nginx"
	}
	return "origin"
}

// Base is the URL of the site's root, without a slash at the end.
func (s *Site) Base() string { return s.base }

// Addr is where the site listens, host:port.
func (s *Site) Addr() string {
	if s.nginx != nil {
		return s.nginx.Addr()
	}
	return s.server.Addr()
}

// Accepted returns how many connections the site has accepted so far.
func (s *Site) Accepted() (int64, error) {
	if s.nginx != nil {
		return s.nginx.Accepted()
	}
	return s.origin.Stats().Conns, nil
}

// Served returns how many requests the site answered and how many bytes of
// bodies it sent. It is complete after Close.
func (s *Site) Served() (requests, bytes int64, err error) {
	if s.nginx == nil {
		st := s.origin.Stats()
		return st.Requests, st.BodyBytes, nil
	}
	t, err := s.nginx.Traffic()
	return int64(t.Requests), t.Body, err
}

// Close ends the server.
func (s *Site) Close() error {
	if s.nginx != nil {
		return s.nginx.Close()
	}
	return s.server.Close()
}

// List writes the site's list of URLs to a file of its own.
func (l *Lab) List(s *Site) (string, error) {
	dir, err := l.Dir("list")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "urls.txt")
	return path, s.Set.WriteList(path, s.base)
}

// Seconds prints a duration for tables.
func Seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

// Bytes prints a size for tables, in powers of 1024.
func Bytes(n int64) string {
	units := []string{"B", "KiB", "MiB", "GiB"}
	v, u := float64(n), 0
	for v >= 1024 && u < len(units)-1 {
		v, u = v/1024, u+1
	}
	if u == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", v, units[u])
}
