package session_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/url"

	"github.com/seed-9a1263fe/haul/bench/origin"
	"github.com/seed-9a1263fe/haul/downloader/session"
)

// Example fetches a range of a file, and learns of another that is missing.
func Example() {
	o := origin.New(origin.Config{})
	o.Add("/greeting.txt", origin.File{Data: []byte("hello, world\n")})
	srv, err := o.Start(origin.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()

	s, err := session.Start(session.Config{MaxConnsPerHost: 4})
	if err != nil {
		log.Fatal(err)
	}
	defer s.End()

	ctx := context.Background()
	for _, path := range []string{"/greeting.txt", "/missing.txt"} {
		text, err := fetch(ctx, s, srv.URL(path))
		var fail *session.Error
		switch {
		case errors.As(err, &fail):
			fmt.Println(fail.Kind, fail.Status)
		case err != nil:
			log.Fatal(err)
		default:
			fmt.Println(text)
		}
	}
	// Output:
	// world
	// not_found 404
}

// fetch reads five bytes from the middle.
func fetch(ctx context.Context, s *session.Session, rawURL string) (string, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "", err
	}
	c, err := s.Connect(ctx, u)
	if err != nil {
		return "", err
	}
	defer c.Close()
	r, err := c.OpenRequest(u)
	if err != nil {
		return "", err
	}
	r.SetRange(7, 12)
	a, err := r.Send(ctx)
	if err != nil {
		return "", err
	}
	defer a.Close()
	b, err := io.ReadAll(a)
	return string(b), err
}
