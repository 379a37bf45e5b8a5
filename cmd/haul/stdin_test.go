package main

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-9a1263fe/haul/downloader/list"
)

func TestLivePipeTellsEachPauseOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pr, pw := io.Pipe()
		p := newLivePipe(t.Context(), pr)
		go func() {
			defer pw.Close()
			io.WriteString(pw, "one")
			<-time.After(time.Minute)
			io.WriteString(pw, "two")
		}()
		b := make([]byte, 2)
		for _, want := range []struct {
			text string
			err  error
		}{{"on", nil}, {"e", nil}, {"", list.ErrPause}, {"tw", nil}, {"o", nil}, {"", io.EOF}, {"", io.EOF}} {
			n, err := p.Read(b)
			if string(b[:n]) != want.text || err != want.err {
				t.Errorf("read %q, %v; want %q, %v", b[:n], err, want.text, want.err)
			}
		}
	})
}

func TestLivePipeEndsWithItsContext(t *testing.T) {
	cause := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	pr, pw := io.Pipe()
	defer pw.Close()
	p := newLivePipe(ctx, pr)
	cancel(cause)
	if _, err := p.Read(make([]byte, 1)); !errors.Is(err, cause) {
		t.Errorf("read after the end: %v, want its cause", err)
	}
}
