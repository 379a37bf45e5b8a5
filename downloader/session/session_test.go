package session_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/seed-9a1263fe/haul/downloader/session"
)

func mustURL(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func start(t *testing.T, cfg session.Config) *session.Session {
	t.Helper()
	s, err := session.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.End)
	return s
}

// file serves content with a strong tag, ranges and all conditions.
func file(content []byte, tag string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", tag)
		http.ServeContent(w, r, "", time.Unix(1e9, 0), bytes.NewReader(content))
	})
}

func TestStepsOfAClientInOrder(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789"), 100_000)
	srv := httptest.NewServer(file(content, `"v1"`))
	defer srv.Close()
	s := start(t, session.Config{})
	ctx := context.Background()
	u := mustURL(t, srv.URL+"/a.bin")

	c, err := s.Connect(ctx, u)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var got []byte
	for off := int64(0); off < int64(len(content)); off += 300_000 {
		r, err := c.OpenRequest(u)
		if err != nil {
			t.Fatal(err)
		}
		r.SetRange(off, off+300_000)
		r.SetVersion(session.Version{Size: int64(len(content)), ETag: `"v1"`}, session.Auto)
		a, err := r.Send(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if a.Verdict != session.Part || a.Off != off || a.Reused != (off > 0) {
			t.Fatalf("got %v from %d (reused %v), want a part from %d", a.Verdict, a.Off, a.Reused, off)
		}
		b, err := io.ReadAll(a)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, b...)
		a.Close()
	}
	if !bytes.Equal(got, content) {
		t.Fatalf("got %d other bytes than the %d served", len(got), len(content))
	}
}

func TestMissingFileIsAnAnswerOfItsOwn(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	s := start(t, session.Config{})
	u := mustURL(t, srv.URL+"/gone?token=abc")
	c, err := s.Connect(context.Background(), u)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r, _ := c.OpenRequest(u)
	_, err = r.Send(context.Background())
	if session.KindOf(err) != session.KindNotFound || bytes.Contains([]byte(err.Error()), []byte("abc")) {
		t.Fatalf("got %v, want not_found without the token", err)
	}
}
