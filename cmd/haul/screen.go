package main

import (
	"io"
	"log/slog"
	"os"
	"sync"

	"github.com/vbauerster/mpb/v8/cwriter"
)

// screen is standard error, shared by the log, the progress and the summary. It
// may be used by many goroutines.
type screen struct {
	out io.Writer
	tty *os.File // nil unless out is a terminal that can move its cursor

	mu   sync.Mutex
	live io.Writer // takes lines to show above the progress; nil without one
}

func newScreen(out io.Writer, env environment) *screen {
	s := &screen{out: out}
	term, _ := env.lookup("TERM")
	if f, ok := out.(*os.File); ok && term != "dumb" && cwriter.IsTerminal(int(f.Fd())) {
		s.tty = f
	}
	return s
}

// Write shows whole lines, above the progress if there is one.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live != nil {
		if n, err := s.live.Write(p); err == nil {
			return n, nil
		}
	}
	return s.out.Write(p)
}

// setLive sends lines through w from now on, or again straight to the terminal
// if w is nil.
func (s *screen) setLive(w io.Writer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live = w
}

// newLogger makes the logger that options ask for.
func newLogger(w io.Writer, o *options) *slog.Logger {
	level := logLevel(o)
	if o.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
	}
	return slog.New(newTextHandler(w, level))
}

// logLevel is the level from which on records are shown.
func logLevel(o *options) slog.Level {
	if o.quiet {
		return slog.LevelError
	}
	switch o.logLevel {
	case "debug":
		return slog.LevelDebug
	case "info":
		return slog.LevelInfo
	case "error":
		return slog.LevelError
	}
	return slog.LevelWarn
}
