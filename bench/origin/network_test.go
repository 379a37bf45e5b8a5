package origin

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/nettest"
	"pgregory.net/rapid"
)

func TestConnectionInMemoryBehavesAsASocket(t *testing.T) {
	nettest.TestConn(t, func() (net.Conn, net.Conn, func(), error) {
		a, b := newPipe(memAddr("a"), memAddr("b"))
		return a, b, func() { a.Close(); b.Close() }, nil
	})
}

func TestBytesPassInOrderWhateverTheSizes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := newFlow()
		var sent, got []byte
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "put") {
				p := make([]byte, rapid.IntRange(0, 40_000).Draw(t, "n"))
				fill(p, 1, int64(len(sent)))
				n := f.put(p)
				if room := pipeSize - (len(sent) - len(got)); n != min(len(p), room) {
					t.Fatalf("put %d of %d with room for %d", n, len(p), room)
				}
				sent = append(sent, p[:n]...)
			} else if f.n > 0 {
				p := make([]byte, rapid.IntRange(1, 70_000).Draw(t, "n"))
				got = append(got, p[:f.take(p)]...)
			}
		}
		if !bytes.Equal(got, sent[:len(got)]) || f.n != len(sent)-len(got) {
			t.Fatalf("%d bytes sent, %d got, %d held", len(sent), len(got), f.n)
		}
	})
}

func TestEndsAreSeenAfterWhatWasSent(t *testing.T) {
	for name, row := range map[string]struct {
		end   func(*pipeConn)
		read  error
		write error
	}{
		"close": {func(c *pipeConn) { c.Close() }, io.EOF, syscall.EPIPE},
		"reset": {func(c *pipeConn) { c.reset() }, syscall.ECONNRESET, syscall.ECONNRESET},
	} {
		a, b := newPipe(memAddr("a"), memAddr("b"))
		if _, err := a.Write([]byte("last")); err != nil {
			t.Fatal(err)
		}
		row.end(a)
		p := make([]byte, 10)
		if n, err := b.Read(p); err != nil || string(p[:n]) != "last" {
			t.Errorf("%s: read %q: %v", name, p[:n], err)
		}
		if _, err := b.Read(p); !errors.Is(err, row.read) {
			t.Errorf("%s: read: %v", name, err)
		}
		if _, err := b.Write(p); !errors.Is(err, row.write) {
			t.Errorf("%s: write: %v", name, err)
		}
		if _, err := a.Write(p); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: own write: %v", name, err)
		}
		if _, err := a.Read(p); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: own read: %v", name, err)
		}
	}
}

func TestCloseWriteLeavesTheOtherDirection(t *testing.T) {
	a, b := newPipe(memAddr("a"), memAddr("b"))
	_ = a.CloseWrite()
	if _, err := b.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("read: %v", err)
	}
	if _, err := b.Write([]byte("x")); err != nil {
		t.Error(err)
	}
	if n, err := a.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Errorf("read back: %d %v", n, err)
	}
}

func TestDeadlineEndsAWaitInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newPipe(memAddr("a"), memAddr("b"))
		defer b.Close()
		start := time.Now()
		_ = a.SetDeadline(start.Add(time.Hour))
		if _, err := a.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != time.Hour {
			t.Errorf("read ended after %v: %v", time.Since(start), err)
		}
		_ = a.SetWriteDeadline(time.Now().Add(time.Hour))
		n, err := a.Write(make([]byte, 2*pipeSize))
		if n != pipeSize || !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != 2*time.Hour {
			t.Errorf("wrote %d after %v: %v", n, time.Since(start), err)
		}
		a.Close()
	})
}

func TestNetworkFindsHostsByNameAndAddress(t *testing.T) {
	n := NewNetwork()
	v4, v6 := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	n.SetHost("both.test", v6, v4)
	l, err := n.Listen("both.test:80")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	named, err := n.Listen("named.test:0")
	if err != nil {
		t.Fatal(err)
	}
	defer named.Close()
	for _, addr := range []string{"both.test:80", "192.0.2.1:80", "[2001:db8::1]:80", named.Addr().String()} {
		c, err := n.DialContext(t.Context(), "tcp", addr)
		if err != nil {
			t.Errorf("%s: %v", addr, err)
			continue
		}
		c.Close()
	}
	for network, want := range map[string][]netip.Addr{"ip": {v6, v4}, "ip4": {v4}, "ip6": {v6}} {
		if got, err := n.LookupNetIP(t.Context(), network, "both.test"); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %v %v", network, got, err)
		}
	}
	var dns *net.DNSError
	if _, err := n.DialContext(t.Context(), "tcp", "none.test:80"); !errors.As(err, &dns) || !dns.IsNotFound {
		t.Errorf("unknown name: %v", err)
	}
	if _, err := n.DialContext(t.Context(), "tcp", "both.test:81"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("other port: %v", err)
	}
	if _, err := n.DialContext(t.Context(), "tcp", "no port"); err == nil {
		t.Error("an address without a port was dialed")
	}
	if _, err := n.Listen("both.test:80"); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("listened twice: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := n.DialContext(ctx, "tcp", "both.test:80"); err == nil {
		t.Error("dialed with a context that has ended")
	}
}

func TestDialTriesTheNextAddress(t *testing.T) {
	n := NewNetwork()
	dead, live := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	n.SetHost("live.test", live)
	l, err := n.Listen("live.test:80")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	n.SetHost("live.test", dead, live)
	c, err := n.DialContext(t.Context(), "tcp", "live.test:80")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := c.RemoteAddr().String(); got != "192.0.2.2:80" {
		t.Errorf("connected to %s", got)
	}
}

func TestDialingCanFailAndHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork()
		l, err := n.Listen("a.test:80")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		n.Dialing = func(ctx context.Context, addr netip.AddrPort) error {
			if addr.Port() != 80 {
				return syscall.EHOSTUNREACH
			}
			<-ctx.Done()
			return ctx.Err()
		}
		if _, err := n.DialContext(t.Context(), "tcp", "a.test:81"); !errors.Is(err, syscall.EHOSTUNREACH) {
			t.Errorf("got %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		if _, err := n.DialContext(ctx, "tcp", "a.test:80"); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

func TestClosedListenerRefusesAndResetsWhatWaited(t *testing.T) {
	n := NewNetwork()
	l, err := n.Listen("a.test:80")
	if err != nil {
		t.Fatal(err)
	}
	c, err := n.DialContext(t.Context(), "tcp", "a.test:80")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 2 {
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("waiting connection: %v", err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("accept: %v", err)
	}
	if _, err := n.DialContext(t.Context(), "tcp", "a.test:80"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dial: %v", err)
	}
	if l, err = n.Listen("a.test:80"); err != nil {
		t.Errorf("listen again: %v", err)
	} else {
		l.Close()
	}
}
