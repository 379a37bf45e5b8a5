package session_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-9a1263fe/haul/bench/origin"
	"github.com/seed-9a1263fe/haul/downloader/session"
)

// resolver counts and answers as the test says.
type resolver struct {
	answer func(ctx context.Context, network, host string) ([]netip.Addr, error)

	mu       sync.Mutex
	asked    int
	inFlight int
	most     int
}

func (r *resolver) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	r.mu.Lock()
	r.asked++
	r.inFlight++
	r.most = max(r.most, r.inFlight)
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		r.inFlight--
		r.mu.Unlock()
	}()
	return r.answer(ctx, network, host)
}

func (r *resolver) counts() (asked, most int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked, r.most
}

// wait blocks for d or until ctx ends.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestNameIsLookedUpOnceByAllAtOnce(t *testing.T) {
	inLab(t, func(l *lab) {
		o := origin.New(origin.Config{Delay: time.Second})
		o.Add("/a", origin.File{Size: 10})
		srv := l.serve(o, origin.Options{})
		r := &resolver{answer: func(ctx context.Context, network, host string) ([]netip.Addr, error) {
			if err := wait(ctx, time.Second); err != nil {
				return nil, err
			}
			return l.net.LookupNetIP(ctx, network, host)
		}}
		s := l.start(session.Config{Resolver: r})
		if failed := fetchAll(l, s, srv.URL("/a"), 6, 6); failed != 0 {
			l.Fatalf("%d failed", failed)
		}
		if asked, _ := r.counts(); asked != 1 {
			l.Fatalf("%d lookups of one name, want 1", asked)
		}
	})
}

func TestLookupsAtOnceAreBounded(t *testing.T) {
	inLab(t, func(l *lab) {
		r := &resolver{answer: func(ctx context.Context, _, host string) ([]netip.Addr, error) {
			return nil, errors.Join(wait(ctx, time.Second), &net.DNSError{Err: "no such host", Name: host, IsNotFound: true})
		}}
		s := l.start(session.Config{Resolver: r})
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				_, _, err := get(l.T, s, fmt.Sprintf("http://h%d.test/", i))
				if session.KindOf(err) != session.KindDNS {
					l.Errorf("got %v, want %s", err, session.KindDNS)
				}
			})
		}
		wg.Wait()
		if asked, most := r.counts(); asked != 200 || most > 32 {
			l.Fatalf("%d lookups, %d at once, want 200, 32 at once", asked, most)
		}
	})
}

func TestNamesThatAreNotThereAreRememberedForAWhile(t *testing.T) {
	inLab(t, func(l *lab) {
		r := &resolver{answer: func(_ context.Context, _, host string) ([]netip.Addr, error) {
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}}
		s := l.start(session.Config{Resolver: r})
		for range 3 {
			_, _, err := get(l.T, s, "http://nobody.test/")
			e := wantKind(l.T, err, session.KindDNS)
			if e.Temporary || e.Phase != session.PhaseResolve {
				l.Fatalf("got %v, want a lasting failure to resolve", err)
			}
		}
		if asked, _ := r.counts(); asked != 1 {
			l.Fatalf("%d lookups, want 1", asked)
		}
		timer := time.NewTimer(time.Minute)
		<-timer.C
		_, _, err := get(l.T, s, "http://nobody.test/")
		wantKind(l.T, err, session.KindDNS)
		if asked, _ := r.counts(); asked != 2 {
			l.Fatalf("%d lookups after a minute, want 2", asked)
		}
	})
}

func TestResolverThatIsSilentIsGivenUp(t *testing.T) {
	inLab(t, func(l *lab) {
		r := &resolver{answer: func(ctx context.Context, _, _ string) ([]netip.Addr, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		began := time.Now()
		_, _, err := get(l.T, l.start(session.Config{Resolver: r, ConnectTimeout: 5 * time.Second}), "http://a.test/")
		e := wantKind(l.T, err, session.KindDNS)
		if !e.Temporary || time.Since(began) != 5*time.Second {
			l.Fatalf("got %v after %v, want a temporary failure after 5 s", err, time.Since(began))
		}
	})
}

func TestBlackHoleIsGivenUp(t *testing.T) {
	inLab(t, func(l *lab) {
		l.net.SetHost("hole.test", mustAddr("10.0.0.99"))
		l.net.Dialing = func(ctx context.Context, _ netip.AddrPort) error {
			<-ctx.Done()
			return ctx.Err()
		}
		began := time.Now()
		_, _, err := get(l.T, l.start(session.Config{ConnectTimeout: 5 * time.Second}), "http://hole.test/")
		var e *session.Error
		if !errors.As(err, &e) || e.Phase != session.PhaseConnect || !e.Temporary || time.Since(began) != 5*time.Second {
			l.Fatalf("got %v after %v, want a temporary failure to connect after 5 s", err, time.Since(began))
		}
	})
}

func TestSeveralAddressesAreTriedAndSpread(t *testing.T) {
	inLab(t, func(l *lab) {
		o := origin.New(origin.Config{Delay: time.Second})
		o.Add("/a", origin.File{Size: 10})
		l.net.SetHost("origin.test", mustAddr("10.0.0.1"), mustAddr("10.0.0.2"), mustAddr("10.0.0.3"))
		srv := l.serve(o, origin.Options{})
		var mu sync.Mutex
		dialed := map[netip.Addr]int{}
		l.net.Dialing = func(ctx context.Context, at netip.AddrPort) error {
			mu.Lock()
			dialed[at.Addr()]++
			mu.Unlock()
			if at.Addr() == mustAddr("10.0.0.1") {
				<-ctx.Done() // a hole
			}
			return ctx.Err()
		}
		s := l.start(session.Config{MaxConnsPerHost: 6})
		began := time.Now()
		if failed := fetchAll(l, s, srv.URL("/a"), 6, 6); failed != 0 {
			l.Fatalf("%d failed, want none: other addresses answer", failed)
		}
		if took := time.Since(began); took > 2*time.Second {
			l.Errorf("took %v, want no wait for the silent address", took)
		}
		mu.Lock()
		defer mu.Unlock()
		if len(dialed) != 3 {
			l.Errorf("dialed %v, want all three addresses", dialed)
		}
	})
}

func TestAddressThatRefusesIsFailedOver(t *testing.T) {
	inLab(t, func(l *lab) {
		o := origin.New(origin.Config{})
		o.Add("/a", origin.File{Size: 10})
		l.serve(o, origin.Options{Name: "well.test", Addr: "10.0.0.2:80"})
		l.net.SetHost("well.test", mustAddr("10.0.0.1"), mustAddr("10.0.0.2"))
		s := l.start(session.Config{})
		for range 4 {
			if _, _, err := get(l.T, s, "http://well.test/a"); err != nil {
				l.Fatal(err)
			}
		}
	})
}

func TestFamilyOfAddressesIsKept(t *testing.T) {
	inLab(t, func(l *lab) {
		l.net.SetHost("both.test", mustAddr("10.0.0.1"), mustAddr("fd00::1"))
		for family, is4 := range map[session.Family]bool{session.IPv4Only: true, session.IPv6Only: false} {
			l.net.Dialing = func(_ context.Context, at netip.AddrPort) error {
				if at.Addr().Is4() != is4 {
					l.Errorf("family %v: dialed %v", family, at)
				}
				return nil
			}
			s := l.start(session.Config{Family: family})
			_, _, err := get(l.T, s, "http://both.test/")
			wantKind(l.T, err, session.KindConnect)
			_, _, err = get(l.T, s, map[bool]string{true: "http://[fd00::1]/", false: "http://10.0.0.1/"}[is4])
			wantKind(l.T, err, session.KindDNS)
		}
	})
}

func TestResolveOverridesTheResolver(t *testing.T) {
	inLab(t, func(l *lab) {
		o := origin.New(origin.Config{})
		o.Add("/a", origin.File{Size: 10})
		l.serve(o, origin.Options{Name: "real.test", Addr: "10.0.0.7:80"})
		s := l.start(session.Config{Resolve: map[string][]netip.Addr{"pinned.test:80": {mustAddr("10.0.0.7")}}})
		if _, _, err := get(l.T, s, "http://Pinned.test/a"); err != nil {
			l.Fatal(err)
		}
	})
}

func TestPrivateAddressesAreBlockedAfterResolving(t *testing.T) {
	inLab(t, func(l *lab) {
		for name, addr := range map[string]string{
			"loopback": "127.0.0.1", "private": "192.168.1.1", "link-local": "169.254.169.254", "shared": "100.64.0.1",
			"unspecified": "0.0.0.0", "multicast": "224.0.0.1", "broadcast": "255.255.255.255", "test": "192.0.2.1",
			"loopback6": "::1", "unique-local": "fd00::1", "link-local6": "fe80::1", "mapped": "::ffff:10.0.0.1",
			"nat64": "64:ff9b::7f00:1", "nat64-local": "64:ff9b:1::a00:1", "6to4": "2002:a00:1::1", "teredo": "2001:0:1::1",
			"compatible": "::127.0.0.1", "documentation": "2001:db8::1",
		} {
			l.net.SetHost(name+".test", mustAddr(addr))
			l.net.Dialing = func(_ context.Context, at netip.AddrPort) error {
				l.Errorf("%s: dialed %v", name, at)
				return nil
			}
			s := l.start(session.Config{BlockPrivate: true})
			literal := addr
			if mustAddr(addr).Is6() {
				literal = "[" + addr + "]"
			}
			for _, u := range []string{"http://" + name + ".test/", "http://" + literal + "/"} {
				_, _, err := get(l.T, s, u)
				if e := wantKind(l.T, err, session.KindBlocked); e.Temporary {
					l.Errorf("%s: worth another try, want that it is not", u)
				}
			}
		}
	})
}

func TestPublicAddressesAreNotBlocked(t *testing.T) {
	inLab(t, func(l *lab) {
		for _, addr := range []string{"8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::1", "100.128.0.1", "172.32.0.1"} {
			s := l.start(session.Config{BlockPrivate: true, Resolve: map[string][]netip.Addr{"pub.test:80": {mustAddr(addr)}}})
			_, _, err := get(l.T, s, "http://pub.test/")
			if session.KindOf(err) != session.KindConnect { // nobody listens there
				l.Errorf("%s: got %v, want a try to connect", addr, err)
			}
		}
	})
}

func TestRedirectToAPrivateAddressIsBlocked(t *testing.T) {
	inLab(t, func(l *lab) {
		o := origin.New(origin.Config{})
		o.Add("/a", origin.File{Redirect: "http://inner.test/"})
		l.net.SetHost("outer.test", mustAddr("203.0.114.1"))
		l.net.SetHost("inner.test", mustAddr("10.0.0.1"))
		srv := l.serve(o, origin.Options{Name: "outer.test"})
		_, _, err := get(l.T, l.start(session.Config{BlockPrivate: true}), srv.URL("/a"))
		wantKind(l.T, err, session.KindBlocked)
	})
}

func TestRebindingGainsNothing(t *testing.T) {
	inLab(t, func(l *lab) {
		l.net.Dialing = func(_ context.Context, at netip.AddrPort) error {
			if at.Addr() != mustAddr("203.0.114.1") {
				l.Errorf("dialed %v", at)
			}
			return nil
		}
		r := &resolver{}
		r.answer = func(context.Context, string, string) ([]netip.Addr, error) {
			if asked, _ := r.counts(); asked%2 == 1 {
				return []netip.Addr{mustAddr("203.0.114.1"), mustAddr("127.0.0.1")}, nil
			}
			return []netip.Addr{mustAddr("127.0.0.1")}, nil
		}
		s := l.start(session.Config{BlockPrivate: true, Resolver: r})
		for i := range 4 {
			_, _, err := get(l.T, s, "http://rebind.test/")
			if k := session.KindOf(err); k != session.KindConnect && k != session.KindBlocked {
				l.Errorf("try %d: got %v", i, err)
			}
			timer := time.NewTimer(2 * time.Minute) // until the name is asked for again
			<-timer.C
		}
	})
}

func TestEndBreaksADial(t *testing.T) {
	inLab(t, func(l *lab) {
		l.net.SetHost("hole.test", mustAddr("10.0.0.99"), mustAddr("10.0.0.98"))
		l.net.Dialing = func(ctx context.Context, _ netip.AddrPort) error {
			<-ctx.Done()
			return ctx.Err()
		}
		s := l.start(session.Config{})
		done := make(chan error)
		go func() {
			_, _, err := get(l.T, s, "http://hole.test/")
			done <- err
		}()
		synctest.Wait()
		began := time.Now()
		s.End()
		if err := <-done; !errors.Is(err, session.ErrEnded) || time.Since(began) != 0 {
			l.Fatalf("got %v after %v, want %v at once", err, time.Since(began), session.ErrEnded)
		}
	})
}

// overtaken leads a request to be served by the connection of another, while
// the dial that it began goes on for as long as hang says.
func overtaken(l *lab, hang time.Duration) (*session.Session, *session.Answer) {
	l.Helper()
	o := origin.New(origin.Config{Delay: time.Second})
	o.Add("/first", origin.File{Size: 10})
	o.Add("/second", origin.File{Size: 1 << 20})
	srv := l.serve(o, origin.Options{TLS: true})
	var mu sync.Mutex
	dials := 0
	l.net.Dialing = func(ctx context.Context, _ netip.AddrPort) error {
		mu.Lock()
		dials++
		second := dials == 2
		mu.Unlock()
		if second {
			return wait(ctx, hang)
		}
		return nil
	}
	s := l.start(session.Config{MaxConnsPerHost: 2, ConnectTimeout: 30 * time.Second, HTTPVersion: "1.1", TLS: trust(srv)})
	done := make(chan error)
	go func() {
		_, _, err := get(l.T, s, srv.URL("/first"))
		done <- err
	}()
	synctest.Wait()
	a, _, err := open(l.T, s, srv.URL("/second"))
	if err != nil || !a.Reused {
		l.Fatalf("got %+v, %v, want an answer on the first connection", a, err)
	}
	if err := <-done; err != nil {
		l.Fatal(err)
	}
	return s, a
}

func TestDialThatWasOvertakenDoesNotDisturb(t *testing.T) {
	inLab(t, func(l *lab) {
		_, a := overtaken(l, 10*time.Second)
		timer := time.NewTimer(5 * time.Minute) // a slow disk, and meanwhile the dial ends
		<-timer.C
		if n, err := io.Copy(io.Discard, a); err != nil || n != 1<<20 {
			l.Fatalf("got %d bytes, %v", n, err)
		}
	})
}

func TestEndBreaksADialThatNobodyWaitsFor(t *testing.T) {
	inLab(t, func(l *lab) {
		s, _ := overtaken(l, time.Hour)
		began := time.Now()
		s.End()
		if took := time.Since(began); took != 0 {
			l.Fatalf("the end took %v, want none", took)
		}
	})
}
