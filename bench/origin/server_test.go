package origin

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// recorder stands in for a testing.TB.
type recorder struct {
	failed  string
	cleanup []func()
}

func (*recorder) Helper()            {}
func (r *recorder) Cleanup(f func()) { r.cleanup = append(r.cleanup, f) }
func (r *recorder) Fatalf(format string, args ...any) {
	r.failed = fmt.Sprintf(format, args...)
}

func TestStartTestFailsTheTestAndCleansUp(t *testing.T) {
	o := New(Config{})
	good, bad := &recorder{}, &recorder{}
	s := o.StartTest(good, Options{})
	if good.failed != "" || len(good.cleanup) != 1 {
		t.Fatalf("got %+v", good)
	}
	if o.StartTest(bad, Options{Addr: s.Addr()}); !strings.Contains(bad.failed, "address already in use") {
		t.Errorf("an address in use: %q", bad.failed)
	}
	good.cleanup[0]()
	if _, err := s.DialContext(t.Context(), "tcp", s.Addr()); err == nil {
		t.Error("still listening after the cleanup")
	}
}

func TestAddressesOfLoopbackAreHosts(t *testing.T) {
	o := New(Config{})
	o.Add("/a", File{Size: 10})
	a := o.StartTest(t, Options{Addr: "127.0.0.2:0"})
	b := o.StartTest(t, Options{Addr: "127.0.0.3:0"})
	for _, s := range []*Server{a, b, b} {
		if _, body, err := get(t, client(t, s), s.URL("/a")); err != nil || len(body) != 10 {
			t.Fatal(err)
		}
	}
	hosts := o.Stats().Hosts
	if hosts[a.Addr()].Requests != 1 || hosts[b.Addr()].Requests != 2 || hosts[b.Addr()].Conns != 2 {
		t.Errorf("got %+v", hosts)
	}
	if !strings.HasPrefix(a.URL("/a"), "http://127.0.0.2:") {
		t.Errorf("URL %s", a.URL("/a"))
	}
}

func TestNameReachesTheServerThroughItsClient(t *testing.T) {
	o := New(Config{})
	o.Add("/a", File{Size: 10})
	s := o.StartTest(t, Options{Name: "files.test", TLS: true})
	if _, _, err := get(t, client(t, s), s.URL("/a")); err != nil || !strings.HasPrefix(s.URL("/a"), "https://files.test:") {
		t.Errorf("%s: %v", s.URL("/a"), err)
	}
}

func TestHostsOfANetworkShareAnAuthority(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork()
		ca, err := NewCA()
		if err != nil {
			t.Fatal(err)
		}
		o := New(Config{})
		f := o.Add("/a", File{Size: 10})
		tr := &http.Transport{DialContext: n.DialContext, TLSClientConfig: &tls.Config{RootCAs: ca.Pool()}}
		defer tr.CloseIdleConnections()
		for _, name := range []string{"a.test", "b.test"} {
			s := o.StartTest(t, Options{Network: n, Name: name, TLS: true, CA: ca})
			if want := "https://" + name + ":443/a"; s.URL("/a") != want {
				t.Errorf("URL %s, want %s", s.URL("/a"), want)
			}
			resp, body, err := get(t, &http.Client{Transport: tr}, "https://"+name+"/a")
			if err != nil || f.Check(body, 0) != nil || resp.StatusCode != 200 {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestCertificatesCanBeBad(t *testing.T) {
	for name, row := range map[string]struct {
		leaf Leaf
		want func(error) bool
	}{
		"expired": {Leaf{NotAfter: time.Now().Add(-time.Hour)}, func(err error) bool {
			var e x509.CertificateInvalidError
			return errors.As(err, &e) && e.Reason == x509.Expired
		}},
		"not yet": {Leaf{NotBefore: time.Now().Add(time.Hour)}, func(err error) bool {
			var e x509.CertificateInvalidError
			return errors.As(err, &e) && e.Reason == x509.Expired
		}},
		"wrong name": {Leaf{Names: []string{"other.test"}}, func(err error) bool {
			var e x509.HostnameError
			return errors.As(err, &e)
		}},
	} {
		o := New(Config{})
		s := o.StartTest(t, Options{TLS: true, Leaf: row.leaf})
		if _, _, err := get(t, client(t, s), s.URL("/a")); !row.want(err) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	s := New(Config{}).StartTest(t, Options{TLS: true})
	c := client(t, s)
	c.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: x509.NewCertPool()}
	var unknown x509.UnknownAuthorityError
	if _, _, err := get(t, c, s.URL("/a")); !errors.As(err, &unknown) {
		t.Errorf("unknown authority: got %v", err)
	}
}

func TestPEMHoldsTheCertificateAndItsKey(t *testing.T) {
	ca, err := NewCA()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Issue(Leaf{Names: []string{"a.test"}})
	if err != nil {
		t.Fatal(err)
	}
	chain, key, err := EncodePEM(cert)
	if err != nil {
		t.Fatal(err)
	}
	got, err := tls.X509KeyPair(chain, key)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca.PEM()) {
		t.Fatal("no authority in its PEM")
	}
	if _, err := got.Leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: "a.test"}); err != nil {
		t.Error(err)
	}
}
