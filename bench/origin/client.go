package origin

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
)

// DialContext connects to the server by its name, and to everything else as
// the network does that it listens on.
func (s *Server) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	if s.network != nil {
		return s.network.DialContext(ctx, network, addr)
	}
	if addr == s.addr {
		addr = s.real
	}
	var d net.Dialer
	return d.DialContext(ctx, network, addr)
}

// Transport returns a new transport that reaches and trusts the server, and
// leaves bodies as they are. Who asks for it closes its idle connections.
func (s *Server) Transport() *http.Transport {
	t := &http.Transport{DialContext: s.DialContext, DisableCompression: true, Protocols: new(http.Protocols)}
	*t.Protocols = *s.http.Protocols
	if s.ca != nil {
		t.TLSClientConfig = &tls.Config{RootCAs: s.ca.Pool()}
	}
	return t
}

// Client returns a new client over Transport.
func (s *Server) Client() *http.Client { return &http.Client{Transport: s.Transport()} }

// Pool returns the certificates that a client of the server trusts; nil without TLS.
func (s *Server) Pool() *x509.CertPool {
	if s.ca == nil {
		return nil
	}
	return s.ca.Pool()
}
