package session

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptrace"
	"net/url"
	"sync"
	"syscall"
)

// failure makes the *Error of err, which ended x while u was asked. It looks at
// why x was given up first, since the transport's own error only echoes that.
func (s *Session) failure(x *exchange, u *url.URL, err error) *Error {
	var known *Error
	if errors.As(err, &known) {
		e := *known
		if e.URL == "" {
			e.URL = Redact(u)
		}
		return &e
	}
	e := &Error{URL: Redact(u), Phase: x.currentPhase(), Err: err}
	cause := context.Cause(x.ctx)
	var late *lateError
	switch {
	case errors.As(cause, &late):
		e.late(late)
		e.Err = late
	case errors.Is(cause, ErrEnded), errors.Is(cause, ErrClosed), errors.Is(err, ErrEnded), errors.Is(err, ErrClosed):
		e.Kind = KindCanceled
		if cause != nil {
			e.Err = cause
		}
	case x.parent.Err() != nil:
		e.Kind, e.Err = KindCanceled, context.Cause(x.parent)
	default:
		e.classify(err)
		if e.Kind == KindProtocol && x.overHTTP2() && !errors.As(err, new(streamError)) {
			// The other errors of such a connection have no type; most say that the
			// server was about to close it.
			e.Kind, e.Temporary = KindReset, true
		}
	}
	return e
}

// classify finds the kind of a failure by the types in err's chain.
func (e *Error) classify(err error) {
	var (
		dns     *net.DNSError
		lookup  *dnsError
		op      *net.OpError
		late    *lateError
		timeout interface{ Timeout() bool }
		errno   syscall.Errno
		stream  streamError
	)
	e.Kind, e.Temporary = KindProtocol, false
	switch {
	case errors.As(err, &late):
		e.late(late)
	case errors.As(err, &dns):
		e.Kind, e.Phase, e.Temporary = KindDNS, PhaseResolve, !dns.IsNotFound
	case errors.As(err, &lookup):
		e.Kind, e.Phase, e.Temporary = KindDNS, PhaseResolve, true
	case e.classifyTLS(err):
	case errors.As(err, &op) && op.Op == "dial":
		e.Kind, e.Phase, e.Temporary = KindConnect, PhaseConnect, true
	case errors.Is(err, errSlow):
		e.Kind, e.Temporary = KindStalled, true
	case errors.As(err, &stream):
		if !stream.protocol() {
			e.Kind, e.Temporary = KindReset, true
		}
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed), errors.As(err, &errno), errors.Is(err, errPeerClosed):
		e.Kind, e.Temporary = KindReset, true
	case errors.As(err, &timeout) && timeout.Timeout():
		e.Kind, e.Temporary = KindTimeout, true
	}
}

// late classifies a deadline that passed.
func (e *Error) late(late *lateError) {
	e.Kind, e.Phase, e.Temporary = KindTimeout, late.phase, true
	switch late.phase {
	case PhaseBody:
		e.Kind = KindStalled
	case PhaseResolve:
		e.Kind = KindDNS
	}
}

// classifyTLS says in words what was wrong with a certificate. Those do not
// mend themselves; a handshake that broke may.
func (e *Error) classifyTLS(err error) bool {
	var (
		invalid  x509.CertificateInvalidError
		unknown  x509.UnknownAuthorityError
		name     x509.HostnameError
		verify   *tls.CertificateVerificationError
		record   tls.RecordHeaderError
		alert    tls.AlertError
		words    string
		ofServer = true
	)
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		words = "certificate is expired or not yet valid"
	case errors.As(err, &name):
		words = "certificate is for another name"
	case errors.As(err, &unknown):
		words = "certificate is signed by an unknown authority"
	case errors.As(err, &invalid), errors.As(err, &verify):
		words = "certificate is not valid"
	case errors.As(err, &record):
		words = "the server does not speak TLS"
	case errors.As(err, &alert):
		words, ofServer = "handshake refused by the server", false
	default:
		return false
	}
	e.Kind, e.Phase, e.Temporary = KindTLS, PhaseTLS, !ofServer
	e.Err = fmt.Errorf("%s: %w", words, err)
	return true
}

// errPeerClosed stands for a connection that the peer closed before an answer,
// where net/http has an error without a type.
var errPeerClosed = errors.New("connection closed by the server before an answer")

// observed is what the transport tells about the connection of one hop. Its
// hooks run on the transport's goroutines.
type observed struct {
	mu     sync.Mutex
	conn   net.Conn
	reused bool
}

func (o *observed) trace(x *exchange, cfg *Config) *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		TLSHandshakeStart: func() { x.enterDial(PhaseTLS, cfg.ConnectTimeout) },
		GotConn: func(info httptrace.GotConnInfo) {
			o.mu.Lock()
			o.conn, o.reused = info.Conn, info.Reused
			o.mu.Unlock()
			x.setHTTP2(cfg.HTTPVersion == "2" || speaksHTTP2(info.Conn))
			x.enter(PhaseHeader, cfg.Timeout)
		},
	}
}

func (o *observed) wasReused() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.reused
}

// refine adds to err what the connection saw itself.
func (o *observed) refine(err error) error {
	o.mu.Lock()
	conn := o.conn
	o.mu.Unlock()
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	if c, ok := conn.(*trackedConn); ok {
		if c.lost.Load() {
			return fmt.Errorf("%w: %w", errPeerClosed, err)
		}
	}
	return err
}

// speaksHTTP2 reports what was agreed upon in the TLS handshake (RFC 7301).
func speaksHTTP2(c net.Conn) bool {
	t, ok := c.(*tls.Conn)
	return ok && t.ConnectionState().NegotiatedProtocol == "h2"
}
