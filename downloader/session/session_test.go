package session_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/seed-9a1263fe/haul/bench/origin"
	"github.com/seed-9a1263fe/haul/downloader/session"
)

func TestStepsOfAClientInOrder(t *testing.T) {
	o := origin.New(origin.Config{})
	f := o.Add("/a.bin", origin.File{Size: 1_000_000})
	srv := o.StartTest(t, origin.Options{})
	s := start(t, session.Config{})
	ctx := context.Background()
	u := mustURL(t, srv.URL("/a.bin"))

	c, err := s.Connect(ctx, u)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	buf := make([]byte, 64<<10)
	for off := int64(0); off < f.Size; off += 300_000 {
		r, err := c.OpenRequest(u)
		if err != nil {
			t.Fatal(err)
		}
		r.SetRange(off, off+300_000)
		r.SetVersion(session.Version{Size: f.Size, ETag: f.ETag}, session.Auto)
		a, err := r.Send(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if a.Verdict != session.Part || a.Off != off || a.Reused != (off > 0) {
			t.Fatalf("got %v from %d (reused %v), want a part from %d", a.Verdict, a.Off, a.Reused, off)
		}
		for at := a.Off; ; {
			n, err := a.Read(buf)
			if bad := f.Check(buf[:n], at); bad != nil {
				t.Fatal(bad)
			}
			at += int64(n)
			if err == io.EOF {
				if at != a.End {
					t.Fatalf("body ended at %d, want %d", at, a.End)
				}
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMissingFileIsAnAnswerOfItsOwn(t *testing.T) {
	inLab(t, func(l *lab) {
		srv := l.serve(origin.New(origin.Config{}), origin.Options{})
		_, _, err := get(l.T, l.start(session.Config{}), srv.URL("/gone")+"?token=abc")
		e := wantKind(l.T, err, session.KindNotFound)
		if e.Status != 404 || e.Temporary || strings.Contains(err.Error(), "abc") {
			l.Fatalf("got %v, want a lasting 404 without the token", err)
		}
	})
}

func TestRefusalKeepsTheConnection(t *testing.T) {
	inLab(t, func(l *lab) {
		o := origin.New(origin.Config{})
		o.Add("/a", origin.File{Size: 10})
		srv := l.serve(o, origin.Options{})
		s := l.start(session.Config{})
		for range 3 {
			_, _, err := get(l.T, s, srv.URL("/gone"))
			wantKind(l.T, err, session.KindNotFound)
		}
		if _, a, err := get(l.T, s, srv.URL("/a")); err != nil || !a.Reused {
			l.Fatalf("got %+v, %v, want an answer on the kept connection", a, err)
		}
		if n := o.Stats().Conns; n != 1 {
			l.Fatalf("%d connections were made, want 1", n)
		}
	})
}

func TestConnServesOneRequestAtATime(t *testing.T) {
	inLab(t, func(l *lab) {
		o := origin.New(origin.Config{})
		o.Add("/a", origin.File{Size: 1 << 20})
		srv := l.serve(o, origin.Options{})
		a, c, err := open(l.T, l.start(session.Config{}), srv.URL("/a"))
		if err != nil {
			l.Fatal(err)
		}
		second, err := c.OpenRequest(mustURL(l.T, srv.URL("/a")))
		if err != nil {
			l.Fatal(err)
		}
		if _, err := second.Send(context.Background()); !errors.Is(err, session.ErrBusy) {
			l.Fatalf("second request beside the first: got %v, want %v", err, session.ErrBusy)
		}
		a.Close()
		third, _ := c.OpenRequest(mustURL(l.T, srv.URL("/a")))
		b, err := third.Send(context.Background())
		if err != nil {
			l.Fatalf("request after the first was closed: %v", err)
		}
		b.Close()
	})
}

func TestConnRefusesAnotherOrigin(t *testing.T) {
	inLab(t, func(l *lab) {
		s := l.start(session.Config{})
		c, err := s.Connect(context.Background(), mustURL(l.T, "http://a.test/"))
		if err != nil {
			l.Fatal(err)
		}
		defer c.Close()
		for _, u := range []string{"http://b.test/", "https://a.test/", "http://a.test:81/"} {
			if _, err := c.OpenRequest(mustURL(l.T, u)); err == nil {
				l.Errorf("%s was accepted on a connection to %s", u, c.Origin())
			}
		}
	})
}

func TestEndBreaksWhatIsInFlight(t *testing.T) {
	inLab(t, func(l *lab) {
		o := origin.New(origin.Config{})
		o.Add("/a", origin.File{Size: 1 << 20, Faults: []origin.Fault{{Break: origin.StallAfter(1000)}}})
		o.Add("/b", origin.File{Size: 1 << 20, Faults: []origin.Fault{{Delay: 1 << 40}}})
		srv := l.serve(o, origin.Options{})
		s := l.start(session.Config{MaxConnsPerHost: 2})
		failures := make(chan error, 3)
		for _, path := range []string{"/a", "/b", "/c"} { // stalled body, no header, waiting for a slot
			go func() {
				_, _, err := get(l.T, s, srv.URL(path))
				failures <- err
			}()
			synctest.Wait()
		}
		s.End()
		for range 3 {
			if err := <-failures; session.KindOf(err) != session.KindCanceled || !errors.Is(err, session.ErrEnded) {
				l.Errorf("got %v, want %v", err, session.ErrEnded)
			}
		}
		if n := o.Stats().OpenConns; n != 0 {
			l.Errorf("%d connections are open after the end", n)
		}
		if _, err := s.Connect(context.Background(), mustURL(l.T, srv.URL("/a"))); !errors.Is(err, session.ErrEnded) {
			l.Errorf("connect after the end: got %v, want %v", err, session.ErrEnded)
		}
		if _, ok := s.TryConnect("http://a.test:80"); ok {
			l.Error("a connection was lent after the end")
		}
		s.End()
	})
}

func TestCloseFromAnotherGoroutineEndsARead(t *testing.T) {
	inLab(t, func(l *lab) {
		o := origin.New(origin.Config{})
		o.Add("/a", origin.File{Size: 1 << 20, Faults: []origin.Fault{{Break: origin.StallAfter(0)}}})
		srv := l.serve(o, origin.Options{})
		a, c, err := open(l.T, l.start(session.Config{}), srv.URL("/a"))
		if err != nil {
			l.Fatal(err)
		}
		done := make(chan error)
		go func() {
			_, err := io.ReadAll(a)
			done <- err
		}()
		synctest.Wait()
		c.Close()
		if err := <-done; !errors.Is(err, session.ErrClosed) {
			l.Fatalf("got %v, want %v", err, session.ErrClosed)
		}
	})
}

func TestCancelOfSendEndsTheBody(t *testing.T) {
	inLab(t, func(l *lab) {
		o := origin.New(origin.Config{})
		o.Add("/a", origin.File{Size: 1 << 20, Faults: []origin.Fault{{Break: origin.StallAfter(100)}}})
		srv := l.serve(o, origin.Options{})
		s := l.start(session.Config{})
		u := mustURL(l.T, srv.URL("/a"))
		c, err := s.Connect(context.Background(), u)
		if err != nil {
			l.Fatal(err)
		}
		defer c.Close()
		ctx, cancel := context.WithCancelCause(context.Background())
		r, _ := c.OpenRequest(u)
		a, err := r.Send(ctx)
		if err != nil {
			l.Fatal(err)
		}
		why := errors.New("enough")
		go func() {
			synctest.Wait()
			cancel(why)
		}()
		var got bytes.Buffer
		_, err = io.Copy(&got, a)
		e := wantKind(l.T, err, session.KindCanceled)
		if !errors.Is(e, why) || got.Len() != 100 {
			l.Fatalf("got %v after %d bytes, want %v after 100", err, got.Len(), why)
		}
	})
}

func TestHeaderInjectionIsRefused(t *testing.T) {
	inLab(t, func(l *lab) {
		s := l.start(session.Config{})
		c, err := s.Connect(context.Background(), mustURL(l.T, "http://a.test/"))
		if err != nil {
			l.Fatal(err)
		}
		defer c.Close()
		r, _ := c.OpenRequest(mustURL(l.T, "http://a.test/"))
		for _, f := range [][2]string{
			{"X-A", "1\r\nHost: evil"}, {"X-A", "1\nX-B: 2"}, {"X-A\r\nX-B", "1"}, {"X A", "1"}, {"", "1"}, {"X-A", "\x00"},
			{"Range", "bytes=0-1"}, {"transfer-encoding", "chunked"}, {"Content-Length", "5"},
		} {
			if err := r.AddHeader(f[0], f[1]); !errors.Is(err, session.ErrHeader) {
				l.Errorf("%q: %q: got %v, want %v", f[0], f[1], err, session.ErrHeader)
			}
		}
		if _, err := session.Start(session.Config{UserAgent: "a\r\nb: c"}); !errors.Is(err, session.ErrConfig) {
			l.Errorf("user agent with a line break: got %v, want %v", err, session.ErrConfig)
		}
	})
}

func TestBadURLsAreRefusedBeforeAnythingIsSent(t *testing.T) {
	inLab(t, func(l *lab) {
		s := l.start(session.Config{})
		for raw, kind := range map[string]session.Kind{
			"ftp://a.test/x":  session.KindUnsupportedScheme,
			"file:///etc/pwd": session.KindUnsupportedScheme,
			"/only/a/path":    session.KindInvalidURL,
			"http:///x":       session.KindInvalidURL,
			"http://:80/x":    session.KindInvalidURL,
		} {
			_, err := s.Connect(context.Background(), mustURL(l.T, raw))
			if session.KindOf(err) != kind {
				l.Errorf("%s: got %v, want %s", raw, err, kind)
			}
		}
	})
}

func TestLogsShowNoSecrets(t *testing.T) {
	inLab(t, func(l *lab) {
		o := origin.New(origin.Config{})
		o.Add("/a", origin.File{Redirect: "/b?X-Amz-Signature=hush"})
		o.Add("/b", origin.File{Size: 10, Faults: []origin.Fault{{Status: 429}}})
		srv := l.serve(o, origin.Options{})
		var logged bytes.Buffer
		s := l.start(session.Config{Log: slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))})
		u := strings.Replace(srv.URL("/a"), "://", "://me:hush@", 1) + "?token=hush"
		_, _, err := get(l.T, s, u, header("X-Key", "hush"))
		wantKind(l.T, err, session.KindRateLimited)
		if text := logged.String() + err.Error(); strings.Contains(text, "hush") || !strings.Contains(text, "redirect") {
			l.Fatalf("logged %s", text)
		}
	})
}
