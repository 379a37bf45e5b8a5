package session

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

const (
	// idleTimeout of kept connections; servers close theirs after about as long.
	idleTimeout = 90 * time.Second
	// readBuffer of a connection: enough for a header and a small file in one
	// read. A larger read goes past it, straight into the caller's memory.
	readBuffer = 16 << 10
	// streamBuffer bounds what HTTP/2 holds of one answer before it is read.
	streamBuffer = 1 << 20
	// A connection of HTTP/2 that is silent for pingAfter is asked whether it
	// lives, since many requests may trust it.
	pingAfter   = 30 * time.Second
	pingTimeout = 15 * time.Second
)

// openTransport makes what requests are sent through.
func (s *Session) openTransport() error {
	if s.cfg.Transport != nil {
		s.transport = s.cfg.Transport
		return nil
	}
	s.dialer = newDialer(&s.cfg)
	if s.cfg.NewTransport == nil {
		s.transport = s.newTransport()
		return nil
	}
	var err error
	s.transport, err = s.cfg.NewTransport(Base{
		Lookup:           s.dialer.lookup,
		TLS:              s.tlsConfig(),
		LocalAddr:        s.cfg.LocalAddr,
		HandshakeTimeout: s.cfg.ConnectTimeout,
		IdleTimeout:      idleTimeout,
		MaxHeaderBytes:   s.cfg.MaxHeaderBytes,
	})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return nil
}

func (s *Session) tlsConfig() *tls.Config {
	if s.cfg.TLS == nil {
		return &tls.Config{}
	}
	return s.cfg.TLS.Clone()
}

func (s *Session) newTransport() *http.Transport {
	t := &http.Transport{
		Proxy:                  s.proxyFor(),
		OnProxyConnectResponse: proxyRefusal,
		DialContext:            s.dialer.dial,
		TLSClientConfig:        s.tlsConfig(),
		TLSHandshakeTimeout:    s.cfg.ConnectTimeout,
		DisableCompression:     true, // bytes are kept as they were sent
		MaxIdleConns:           s.cfg.MaxIdleConns,
		MaxIdleConnsPerHost:    s.cfg.MaxConnsPerHost,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: s.cfg.MaxHeaderBytes,
		ReadBufferSize:         readBuffer,
		Protocols:              protocols(s.cfg.HTTPVersion),
		HTTP2: &http.HTTP2Config{
			MaxReceiveBufferPerStream: streamBuffer,
			SendPingTimeout:           pingAfter,
			PingTimeout:               pingTimeout,
		},
	}
	if s.cfg.Proxy == nil {
		// Slots bound the requests. This bounds the connections as well: a request
		// that finds a free one leaves the dial that it began to finish alone.
		t.MaxConnsPerHost = s.cfg.MaxConnsPerHost
	} else {
		// Requests to all plain hosts share the connections to their proxy, which
		// the transport would count as one host.
		t.MaxIdleConnsPerHost = s.cfg.MaxIdleConns
	}
	return t
}

func protocols(version string) *http.Protocols {
	p := new(http.Protocols)
	switch version {
	case "1.1":
		p.SetHTTP1(true)
	case "2":
		p.SetHTTP2(true)
		p.SetUnencryptedHTTP2(true)
	default:
		p.SetHTTP1(true)
		p.SetHTTP2(true)
	}
	return p
}

// proxyFor adapts Config.Proxy to http.Transport.
func (s *Session) proxyFor() func(*http.Request) (*url.URL, error) {
	if s.cfg.Proxy == nil {
		return nil
	}
	return func(req *http.Request) (*url.URL, error) { return s.cfg.Proxy(req.URL) }
}

var errProxy = errors.New("proxy refused the tunnel")

// proxyRefusal makes an error with a type of what a proxy answers to CONNECT
// (RFC 9110 section 9.3.6).
func proxyRefusal(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	e := judgeStatus(resp.StatusCode, resp.Header, time.Now())
	e.Phase, e.Err = PhaseProxy, fmt.Errorf("%w: %s", errProxy, Redact(proxy))
	if e.Kind == KindNotFound || e.Kind == KindRateLimited {
		e.Kind = KindConnect // it is about the proxy, not the file or its host
	}
	return e
}

// closeTransport returns when all connections are closed.
func (s *Session) closeTransport() {
	if s.dialer != nil {
		s.dialer.stop()
	}
	if t, ok := s.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
	if t, ok := s.transport.(io.Closer); ok && s.cfg.Transport == nil {
		if err := t.Close(); err != nil {
			s.log.Debug("transport did not close well", "err", err)
		}
	}
	if s.dialer != nil {
		s.dialer.wait()
	}
}
