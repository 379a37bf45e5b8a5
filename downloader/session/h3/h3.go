// Package h3 lets a session speak HTTP/3 (RFC 9114). It is a package of its own
// so that programs which do without are not linked with QUIC:
//
//	cfg.NewTransport = h3.New
//
// Names, their guard, TLS and the limits are the session's.
package h3

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"github.com/seed-9a1263fe/haul/downloader/session"
)

// The windows bound what is held of one answer, and of one connection, before
// it is read.
const (
	streamWindow = 1 << 20
	connWindow   = 8 << 20
)

// errScheme is the cause of a request that HTTP/3 cannot carry.
var errScheme = errors.New("only https goes over HTTP/3")

// New is a Config.NewTransport. The transport opens a UDP socket for its first
// connection and closes it with the session.
func New(base session.Base) (http.RoundTripper, error) {
	t := &transport{base: base}
	t.http3 = &http3.Transport{
		TLSClientConfig:        base.TLS,
		Dial:                   t.dial,
		DisableCompression:     true,
		MaxResponseHeaderBytes: int(base.MaxHeaderBytes),
		QUICConfig: &quic.Config{
			HandshakeIdleTimeout:       base.HandshakeTimeout,
			MaxIdleTimeout:             base.IdleTimeout,
			MaxStreamReceiveWindow:     streamWindow,
			MaxConnectionReceiveWindow: connWindow,
			MaxIncomingStreams:         -1, // a server has nothing to ask
		},
	}
	return t, nil
}

// transport is an http.RoundTripper over QUIC. RoundTrip may be called by many
// at once.
type transport struct {
	base  session.Base
	http3 *http3.Transport

	mu     sync.Mutex
	quic   *quic.Transport // nil before the first dial
	socket *net.UDPConn
	closed bool
}

// RoundTrip sends a request; an error says whether another try may help.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" {
		return nil, &session.Error{Kind: session.KindUnsupportedScheme, Err: errScheme}
	}
	resp, err := t.http3.RoundTrip(req)
	if err != nil {
		return nil, classify(err)
	}
	resp.Body = body{resp.Body}
	return resp, nil
}

// CloseIdleConnections closes the connections that serve no request.
func (t *transport) CloseIdleConnections() { t.http3.CloseIdleConnections() }

// Close closes every connection and the socket. A second Close does nothing.
func (t *transport) Close() error {
	err := t.http3.Close()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	if t.quic == nil {
		return err
	}
	err = errors.Join(err, t.quic.Close(), t.socket.Close())
	t.quic = nil
	return err
}

// dial tries the addresses of a host in turn.
func (t *transport) dial(ctx context.Context, address string, tlsConfig *tls.Config, cfg *quic.Config) (*quic.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	addrs, err := t.base.Lookup(ctx, host, port)
	if err != nil {
		return nil, err
	}
	q, err := t.open()
	if err != nil {
		return nil, err
	}
	for i, addr := range addrs {
		var c *quic.Conn
		c, err = t.dialOne(ctx, q, addr, tlsConfig, cfg)
		if err == nil || ctx.Err() != nil || i == len(addrs)-1 {
			return c, err
		}
	}
	return nil, err
}

func (t *transport) dialOne(ctx context.Context, q *quic.Transport, addr netip.AddrPort, tlsConfig *tls.Config, cfg *quic.Config) (*quic.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, t.base.HandshakeTimeout)
	defer cancel()
	c, err := q.Dial(ctx, net.UDPAddrFromAddrPort(addr), tlsConfig, cfg)
	if err != nil {
		return nil, connectError(err)
	}
	return c, nil
}

// open returns the one socket that all connections share.
func (t *transport) open() (*quic.Transport, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, session.ErrEnded
	}
	if t.quic != nil {
		return t.quic, nil
	}
	var local *net.UDPAddr
	if t.base.LocalAddr.IsValid() {
		local = net.UDPAddrFromAddrPort(netip.AddrPortFrom(t.base.LocalAddr, 0))
	}
	socket, err := net.ListenUDP("udp", local)
	if err != nil {
		return nil, err
	}
	t.socket, t.quic = socket, &quic.Transport{Conn: socket}
	return t.quic, nil
}

// body is the body of an answer, whose failures say what they are.
type body struct{ io.ReadCloser }

func (b body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = classify(err)
	}
	return n, err
}

// connectError leaves what is wrong with a certificate to the session, which
// says it in words, and makes a failure to connect of the rest.
func connectError(err error) error {
	var cert *tls.CertificateVerificationError
	if errors.As(err, &cert) {
		return err
	}
	return &session.Error{Kind: session.KindConnect, Phase: session.PhaseConnect, Temporary: true, Err: fmt.Errorf("quic: %w", err)}
}

// classify finds the kind of a failure by the types of QUIC (RFC 9000 section
// 20). What has another type is the session's to classify.
func classify(err error) error {
	var (
		known   *session.Error
		idle    *quic.IdleTimeoutError
		stream  *quic.StreamError
		app     *quic.ApplicationError
		reset   *quic.StatelessResetError
		inHTTP3 *http3.Error
		remote  *quic.TransportError
	)
	switch {
	case errors.As(err, &known):
		return err
	case errors.As(err, &idle):
		return &session.Error{Kind: session.KindTimeout, Temporary: true, Err: err}
	case errors.As(err, &remote) && remote.ErrorCode.IsCryptoError():
		return err // TLS
	case errors.As(err, &stream), errors.As(err, &app), errors.As(err, &reset), errors.As(err, &remote):
		return &session.Error{Kind: session.KindReset, Temporary: true, Err: err}
	case errors.As(err, &inHTTP3) && inHTTP3.Remote:
		return &session.Error{Kind: session.KindReset, Temporary: true, Err: err}
	}
	return err
}
