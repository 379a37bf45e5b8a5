package relay

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo listens and sends back what comes.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.Copy(c, c)
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return l.Addr().String()
}

func start(t *testing.T, opt Options) *Relay {
	t.Helper()
	r, err := Start(echo(t), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// pass sends p through the relay and says how long it took to come back.
func pass(t *testing.T, r *Relay, p []byte) time.Duration {
	t.Helper()
	c, err := net.Dial("tcp", r.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	began := time.Now()
	sent := make(chan error, 1)
	go func() {
		_, err := c.Write(p)
		if err == nil {
			err = c.(*net.TCPConn).CloseWrite()
		}
		sent <- err
	}()
	got, err := io.ReadAll(c)
	if err != nil || !bytes.Equal(got, p) {
		t.Fatalf("%d bytes came back of %d: %v", len(got), len(p), err)
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	return time.Since(began)
}

func TestRelayDelaysButDoesNotNarrow(t *testing.T) {
	const trip = 100 * time.Millisecond
	r := start(t, Options{RoundTrip: trip})
	p := bytes.Repeat([]byte("0123456789abcdef"), 4<<20/16)
	// The handshake and one round trip; one for each piece would be 6 s.
	if d := pass(t, r, p); d < 2*trip || d > 4*time.Second {
		t.Errorf("4 MiB took %v", d)
	}
	if r.Accepted() != 1 {
		t.Errorf("%d connections", r.Accepted())
	}
}

func TestRelayHoldsTheRate(t *testing.T) {
	r := start(t, Options{Rate: 1 << 20})
	if d := pass(t, r, make([]byte, 512<<10)); d < 400*time.Millisecond {
		t.Errorf("512 KiB at 1 MiB/s took %v", d)
	}
}

func TestCloseEndsOpenConnections(t *testing.T) {
	r := start(t, Options{})
	c, err := net.Dial("tcp", r.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := c.Read(make([]byte, 1)); err == nil {
		t.Errorf("read %d bytes of a closed relay", n)
	}
}
