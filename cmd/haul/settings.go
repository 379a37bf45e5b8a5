package main

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/seed-9a1263fe/haul/downloader"
	"github.com/seed-9a1263fe/haul/downloader/session"
	"github.com/seed-9a1263fe/haul/downloader/session/h3"
)

const (
	// bodyMemory bounds the buffers of all workers together.
	bodyMemory = downloader.DefaultWorkers * downloader.DefaultBufferSize
	minBuffer  = 16 << 10
	// minMinSplit is the smallest range that the engine cuts. A smaller wish
	// means the same: what is never cut below 64 KiB is never cut below 1 KiB.
	minMinSplit = 64 << 10
	// leastWait stands for no wait at all, since zero stands for the default.
	leastWait = time.Millisecond
)

// engineConfig is what options mean for the engine.
func engineConfig(o *options, env environment, log *slog.Logger) (downloader.Config, error) {
	sess, err := sessionConfig(o, env, log)
	if err != nil {
		return downloader.Config{}, err
	}
	workers := min(max(downloader.DefaultWorkers, o.files, o.hostConns, o.split), maxConns)
	cfg := downloader.Config{
		MaxFiles: o.files, Split: o.split, MinSplit: max(o.minSplit, minMinSplit),
		Workers: workers, BufferSize: max(bodyMemory/workers, minBuffer),
		MaxTries: o.tries, RetryWait: max(o.retryWait, leastWait),
		MaxFileSize: o.maxFileSize,
		Overwrite:   o.overwrite, KeepNames: !o.rename, RemoteTime: o.remoteTime,
		Conditional: o.conditional, ExpectType: o.expectType, Robots: o.robots,
		SHA256:  o.results != "",
		Session: sess,
		Logger:  log,
	}
	if o.tries == 0 {
		cfg.MaxTries = -1
	}
	if o.refreshCommand != "" {
		if cfg.Refresh, err = refreshBy(o.refreshCommand); err != nil {
			return cfg, err
		}
	}
	if _, err := downloader.ParseMediaType(o.expectType); err != nil {
		return cfg, usageErrorf("--expect-type: %w", err)
	}
	for _, h := range o.headers {
		name, value, _ := strings.Cut(h, ":")
		cfg.Header = append(cfg.Header, downloader.Field{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)})
	}
	return cfg, nil
}

// sessionConfig is what options mean for the session.
func sessionConfig(o *options, env environment, log *slog.Logger) (session.Config, error) {
	cfg := session.Config{
		MaxConnsPerHost: o.hostConns,
		Timeout:         o.timeout, ConnectTimeout: o.connectTimeout, LowestSpeed: o.lowestSpeed,
		OverallRate: o.overallRate, HostRate: o.hostRate,
		MaxRedirects: o.maxRedirect,
		BlockPrivate: o.blockPrivate,
		UserAgent:    "haul/" + programVersion(), Referer: o.referer, User: userOf(o),
		HTTPVersion: o.httpVersion,
		Log:         log,
	}
	if o.httpVersion == "3" {
		cfg.NewTransport = h3.New
	}
	if o.maxRedirect == 0 {
		cfg.MaxRedirects = -1
	}
	if o.userAgent != "" {
		cfg.UserAgent = o.userAgent
	}
	for _, set := range []func(*session.Config, *options, environment) error{setFamily, setResolve, setInterface, setProxy, setTLS, setLogins} {
		if err := set(&cfg, o, env); err != nil {
			return cfg, err
		}
	}
	return cfg, nil
}

func userOf(o *options) *url.Userinfo {
	if o.user == "" {
		return nil
	}
	name, password, both := strings.Cut(o.user, ":")
	if !both {
		password = o.password
	}
	return url.UserPassword(name, password)
}

func setFamily(cfg *session.Config, o *options, _ environment) error {
	switch {
	case o.ipv4 && o.ipv6:
		return usageErrorf("-4 and -6 exclude each other; give one of them, or none for both")
	case o.ipv4:
		cfg.Family = session.IPv4Only
	case o.ipv6:
		cfg.Family = session.IPv6Only
	}
	return nil
}

// setResolve reads HOST:PORT:ADDR[,ADDR...], as curl has it.
func setResolve(cfg *session.Config, o *options, _ environment) error {
	for _, s := range o.resolve {
		host, rest, ok := strings.Cut(s, ":")
		port, addrs, ok2 := strings.Cut(rest, ":")
		if !ok || !ok2 || host == "" || port == "" {
			return usageErrorf("--resolve %q: want HOST:PORT:ADDR", s)
		}
		var all []netip.Addr
		for a := range strings.SplitSeq(addrs, ",") {
			addr, err := netip.ParseAddr(strings.Trim(a, "[]"))
			if err != nil {
				return usageErrorf("--resolve %q: want an IP address in the third place: %w", s, err)
			}
			all = append(all, addr)
		}
		if cfg.Resolve == nil {
			cfg.Resolve = map[string][]netip.Addr{}
		}
		cfg.Resolve[strings.ToLower(host)+":"+port] = all
	}
	return nil
}

// setInterface takes a local address, or else the name of an interface.
func setInterface(cfg *session.Config, o *options, _ environment) error {
	if addr, err := netip.ParseAddr(o.iface); err == nil {
		cfg.LocalAddr = addr
		return nil
	}
	cfg.Interface = o.iface
	return nil
}

func setTLS(cfg *session.Config, o *options, _ environment) error {
	t := &tls.Config{InsecureSkipVerify: !o.checkCertificate}
	if o.caFile != "" {
		pem, err := os.ReadFile(o.caFile)
		if err != nil {
			return usageErrorf("--ca-certificate: %w", err)
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return usageErrorf("--ca-certificate: %s holds no certificate in PEM form", o.caFile)
		}
	}
	if o.certFile == "" && o.keyFile != "" {
		return usageErrorf("--private-key needs --certificate")
	}
	if o.certFile != "" {
		key := o.keyFile
		if key == "" {
			key = o.certFile
		}
		pair, err := tls.LoadX509KeyPair(o.certFile, key)
		if err != nil {
			return usageErrorf("--certificate %s: %w", o.certFile, err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	cfg.TLS = t
	return nil
}
