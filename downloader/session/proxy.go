package session

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// ErrProxy is wrapped by the errors about proxies that cannot be used.
var ErrProxy = errors.New("bad proxy")

// FixedProxy returns a Config.Proxy that takes every URL through proxy, except
// to the hosts of noProxy: names (which mean their subdomains too), addresses,
// CIDR blocks, each with or without a port, parted by commas or white space; "*"
// is all. A proxy without scheme is an http one. Both socks5 and socks5h let the
// proxy look names up.
func FixedProxy(proxy, noProxy string) (func(*url.URL) (*url.URL, error), error) {
	p, err := parseProxy(proxy)
	if err != nil {
		return nil, err
	}
	return choose(p, p, noProxy), nil
}

// EnvironmentProxy returns the Config.Proxy that the usual variables describe,
// http_proxy, https_proxy, all_proxy and no_proxy, in lower or upper case; nil
// if they name no proxy. getenv is os.Getenv, or stands for it.
func EnvironmentProxy(getenv func(string) string) (func(*url.URL) (*url.URL, error), error) {
	value := func(name string) string {
		if v := getenv(name); v != "" {
			return v
		}
		if name == "http_proxy" && getenv("REQUEST_METHOD") != "" {
			return "" // in a CGI program a client's header Proxy sets HTTP_PROXY
		}
		return getenv(strings.ToUpper(name))
	}
	var found [2]*url.URL
	for i, name := range []string{"http_proxy", "https_proxy"} {
		v := orDefault(value(name), value("all_proxy"))
		if v == "" {
			continue
		}
		p, err := parseProxy(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		found[i] = p
	}
	if found[0] == nil && found[1] == nil {
		return nil, nil
	}
	return choose(found[0], found[1], value("no_proxy")), nil
}

func parseProxy(s string) (*url.URL, error) {
	if !strings.Contains(s, "://") {
		s = "http://" + s
	}
	u, err := url.Parse(s)
	if err != nil { // its text would repeat the password
		return nil, fmt.Errorf("%w: %s: not a URL", ErrProxy, RedactString(s))
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
	default:
		return nil, fmt.Errorf("%w: %s: scheme is none of http, https, socks5, socks5h", ErrProxy, Redact(u))
	}
	if u.Hostname() == "" {
		return nil, fmt.Errorf("%w: %s: no host", ErrProxy, Redact(u))
	}
	return u, nil
}

func choose(plain, secure *url.URL, noProxy string) func(*url.URL) (*url.URL, error) {
	exceptions := parseNoProxy(noProxy)
	return func(u *url.URL) (*url.URL, error) {
		for _, e := range exceptions {
			if e.matches(u) {
				return nil, nil
			}
		}
		if u.Scheme == "https" {
			return secure, nil
		}
		return plain, nil
	}
}

// exception is one entry of a no_proxy list.
type exception struct {
	all    bool
	block  netip.Prefix
	domain string // without leading dot
	port   string // "" for every one
}

func parseNoProxy(list string) []exception {
	var all []exception
	for _, s := range strings.FieldsFunc(strings.ToLower(list), func(r rune) bool { return r == ',' || r == ' ' || r == '\t' }) {
		all = append(all, parseException(s))
	}
	return all
}

func parseException(s string) exception {
	if s == "*" {
		return exception{all: true}
	}
	if p, err := netip.ParsePrefix(s); err == nil {
		return exception{block: p.Masked()}
	}
	host, port := s, ""
	if h, p, err := net.SplitHostPort(s); err == nil {
		host, port = h, p
	}
	host = strings.Trim(host, "[]")
	if a, err := netip.ParseAddr(host); err == nil {
		a = a.Unmap()
		return exception{block: netip.PrefixFrom(a, a.BitLen()), port: port}
	}
	return exception{domain: strings.TrimPrefix(strings.TrimPrefix(host, "*"), "."), port: port}
}

func (e exception) matches(u *url.URL) bool {
	host := strings.ToLower(u.Hostname())
	if e.all {
		return true
	}
	if e.port != "" && !strings.HasSuffix(Origin(u), ":"+e.port) {
		return false
	}
	if e.block.IsValid() {
		a, err := netip.ParseAddr(host)
		return err == nil && e.block.Contains(a.Unmap())
	}
	return e.domain != "" && (host == e.domain || strings.HasSuffix(host, "."+e.domain))
}
