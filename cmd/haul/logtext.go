package main

import (
	"context"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
)

// Rules of speech for messages: they begin with "haul:", then "error" or
// "warning" where it is one, then what happened in lower case and without a full
// stop, then the facts as name=value. What to do stands in the message where
// there is something to do. URLs come without credentials.

// textHandler writes log records for people. Times are left to whoever collects
// standard error; --log-format json has them.
type textHandler struct {
	level slog.Leveler
	mu    *sync.Mutex
	w     io.Writer
	attrs string // of With, written out
	group string // prefix of names
}

func newTextHandler(w io.Writer, level slog.Leveler) *textHandler {
	return &textHandler{level: level, mu: new(sync.Mutex), w: w}
}

func (h *textHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level.Level() }

func (h *textHandler) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString("haul: ")
	switch {
	case r.Level >= slog.LevelError:
		b.WriteString("error: ")
	case r.Level >= slog.LevelWarn:
		b.WriteString("warning: ")
	case r.Level < slog.LevelInfo:
		b.WriteString("debug: ")
	}
	b.WriteString(printable(r.Message))
	b.WriteString(h.attrs)
	r.Attrs(func(a slog.Attr) bool {
		writeAttr(&b, h.group, a)
		return true
	})
	b.WriteByte('\n')
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := io.WriteString(h.w, b.String())
	return err
}

func (h *textHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	var b strings.Builder
	for _, a := range attrs {
		writeAttr(&b, h.group, a)
	}
	with := *h
	with.attrs += b.String()
	return &with
}

func (h *textHandler) WithGroup(name string) slog.Handler {
	with := *h
	with.group += name + "."
	return &with
}

// writeAttr writes one fact. Empty ones say nothing and are left out. Values come
// from strangers and are quoted unless they are plain.
func writeAttr(b *strings.Builder, prefix string, a slog.Attr) {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, member := range v.Group() {
			writeAttr(b, prefix, member)
		}
		return
	}
	s := v.String()
	if s == "" {
		return
	}
	b.WriteString(" " + prefix + a.Key + "=")
	if strings.ContainsAny(s, " \"=") || printable(s) != s {
		s = strconv.Quote(s)
	}
	b.WriteString(s)
}
