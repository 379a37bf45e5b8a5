package session

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// Defaults of a Config's zero values.
const (
	// DefaultMaxConnsPerHost is what browsers have used for decades and server
	// administrators expect of one client.
	DefaultMaxConnsPerHost = 6
	DefaultTimeout         = 60 * time.Second
	DefaultConnectTimeout  = 30 * time.Second
	DefaultMaxRedirects    = 20
	DefaultMaxHeaderBytes  = 256 << 10
	DefaultUserAgent       = "haul/dev"
)

// Family restricts which addresses are connected to.
type Family int

// The families of addresses.
const (
	AnyFamily Family = iota
	IPv4Only
	IPv6Only
)

// DialFunc opens a connection, as net.Dialer.DialContext does.
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// Config says how a session behaves. The zero value works.
type Config struct {
	// MaxConnsPerHost bounds all requests to one origin together, at any moment,
	// counted where the bytes come from; 0 is DefaultMaxConnsPerHost.
	MaxConnsPerHost int
	// MaxIdleConns bounds the kept connections of all hosts together; 0 is 512.
	MaxIdleConns int

	// Timeout without a byte, and until the whole header of an answer has come;
	// 0 is DefaultTimeout.
	Timeout time.Duration
	// ConnectTimeout holds for each of resolving, connecting and the TLS
	// handshake; 0 is DefaultConnectTimeout.
	ConnectTimeout time.Duration
	// LowestSpeed in bytes a second, measured over Timeout; a slower body is
	// given up as stalled. 0 is off.
	LowestSpeed int64

	// OverallRate and HostRate bound the bytes a second that are read, of all
	// hosts together and of each origin; 0 is without bound.
	OverallRate, HostRate int64

	// MaxRedirects to follow; 0 is DefaultMaxRedirects, negative is none.
	MaxRedirects int
	// MaxHeaderBytes of one answer; 0 is DefaultMaxHeaderBytes.
	MaxHeaderBytes int64

	// AllowDowngrade follows redirects from https to http.
	AllowDowngrade bool
	// BlockPrivate refuses addresses that are not on the public internet, at
	// every connection that is made. It cannot be combined with Proxy, which
	// would resolve and connect out of sight.
	BlockPrivate bool

	// Header is sent to the origin of each request's URL, and to no other after
	// a redirect.
	Header http.Header
	// UserAgent of all requests; "" is DefaultUserAgent.
	UserAgent string
	// Referer is sent to the origin of each request's URL.
	Referer string
	// User authenticates (RFC 7617) at the origin of each request's URL. A name
	// in the URL itself comes first, then this, then Netrc.
	User *url.Userinfo
	// Netrc is asked for a login by host name; nil has none.
	Netrc *Netrc
	// Cookies to begin with. What servers set during the session is added.
	Cookies []*Cookie

	// Proxy says for a URL through which proxy (http, https, socks5 or socks5h)
	// to go; nil connects directly. See FixedProxy and EnvironmentProxy.
	Proxy func(*url.URL) (*url.URL, error)
	// TLS holds roots, client certificates and so on; nil is Go's defaults. A
	// client certificate is shown to every server that asks for one.
	TLS *tls.Config
	// HTTPVersion is "auto" (or ""), "1.1" or "2". With "auto", a server that
	// offers HTTP/2 over TLS gets it; requests to one host then share connections,
	// which are at most MaxConnsPerHost as well. Version 3 is had by NewTransport.
	HTTPVersion string

	// Family restricts the addresses that are connected to.
	Family Family
	// Resolve overrides the resolver for "host:port" (lower case).
	Resolve map[string][]netip.Addr
	// LocalAddr and Interface bind connections to an address or, where the
	// operating system can, to a network interface.
	LocalAddr netip.Addr
	Interface string
	// Resolver looks up names; nil is the system's.
	Resolver Resolver
	// DialContext opens connections; nil is a net.Dialer. Given without
	// Resolver, Resolve and BlockPrivate it gets host names, else addresses.
	DialContext DialFunc

	// Transport replaces the session's own HTTP transport. Dialing, proxies,
	// TLS and the guard on addresses are then its affair.
	Transport http.RoundTripper
	// NewTransport builds a transport upon the session's resolver and guard.
	NewTransport func(Base) (http.RoundTripper, error)

	// OnReady is called, without any lock held, when a TryConnect to origin that
	// failed before may now succeed: from within Send, Read and Close, and from
	// goroutines of the session's own. It must not block, nor call End.
	OnReady func(origin string)
	// Log gets what the session learns about hosts (info) and what it does
	// (debug); nil discards it.
	Log *slog.Logger
}

// Base is what a session gives to NewTransport.
type Base struct {
	// Lookup returns the addresses to try for host and port, in order, cached,
	// with Resolve, Family and BlockPrivate applied.
	Lookup func(ctx context.Context, host, port string) ([]netip.AddrPort, error)
	// TLS is a copy of Config.TLS; never nil.
	TLS *tls.Config
	// LocalAddr is Config.LocalAddr.
	LocalAddr netip.Addr
	// HandshakeTimeout and IdleTimeout of connections.
	HandshakeTimeout, IdleTimeout time.Duration
	// MaxHeaderBytes of an answer.
	MaxHeaderBytes int64
}

// ErrConfig is wrapped by every error of Start.
var ErrConfig = errors.New("session: bad configuration")

// withDefaults fills in what is zero and refuses what cannot work.
func (c Config) withDefaults() (Config, error) {
	c.MaxConnsPerHost = orDefault(c.MaxConnsPerHost, DefaultMaxConnsPerHost)
	c.MaxIdleConns = orDefault(c.MaxIdleConns, 512)
	c.Timeout = orDefault(c.Timeout, DefaultTimeout)
	c.ConnectTimeout = orDefault(c.ConnectTimeout, DefaultConnectTimeout)
	c.MaxRedirects = orDefault(c.MaxRedirects, DefaultMaxRedirects)
	c.MaxHeaderBytes = orDefault(c.MaxHeaderBytes, DefaultMaxHeaderBytes)
	c.UserAgent = orDefault(c.UserAgent, DefaultUserAgent)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c, c.check()
}

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

func (c *Config) check() error {
	for _, n := range []int64{int64(c.MaxConnsPerHost), int64(c.MaxIdleConns), int64(c.Timeout), int64(c.ConnectTimeout),
		c.LowestSpeed, c.OverallRate, c.HostRate, c.MaxHeaderBytes} {
		if n < 0 {
			return fmt.Errorf("%w: a negative limit or time (%d)", ErrConfig, n)
		}
	}
	switch c.HTTPVersion {
	case "", "auto", "1.1", "2":
	default:
		if c.NewTransport == nil && c.Transport == nil {
			return fmt.Errorf("%w: HTTP version %q needs a transport of its own", ErrConfig, c.HTTPVersion)
		}
	}
	if c.BlockPrivate && (c.Proxy != nil || c.Transport != nil) {
		return fmt.Errorf("%w: private addresses cannot be blocked behind a proxy or a foreign transport", ErrConfig)
	}
	for name, values := range c.Header {
		for _, v := range values {
			if err := checkField(name, v); err != nil {
				return fmt.Errorf("%w: %w", ErrConfig, err)
			}
		}
	}
	for _, v := range []string{c.UserAgent, c.Referer} {
		if err := checkField("User-Agent", v); err != nil {
			return fmt.Errorf("%w: %w", ErrConfig, err)
		}
	}
	return nil
}
