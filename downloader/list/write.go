package list

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/seed-9a1263fe/haul/downloader"
)

// ErrNotPlain is wrapped by the error for a request that a plain list cannot
// express.
var ErrNotPlain = errors.New("list: not possible in a plain list")

// WritePlain writes r as an entry of a plain list, which aria2 reads too. What
// Plain reads of it is r again, but for Size and Meta, which that format has no
// place for. Nothing is written when it fails with ErrNotPlain.
func WritePlain(w io.Writer, r downloader.Request) error {
	var b strings.Builder
	for i, u := range r.URLs {
		if clean, err := CleanURL(u); err != nil || clean != u {
			return fmt.Errorf("%w: URL %q", ErrNotPlain, show(u))
		}
		if i > 0 {
			b.WriteByte('\t')
		}
		b.WriteString(u)
	}
	if len(r.URLs) == 0 {
		return fmt.Errorf("%w: no URL", ErrNotPlain)
	}
	b.WriteByte('\n')
	for _, h := range r.Header {
		if !isToken(h.Name) || !isFieldValue(h.Value) || !isTrimmed(h.Value) {
			return fmt.Errorf("%w: header %.100q", ErrNotPlain, h.Name)
		}
	}
	for _, o := range plainOptions(r) {
		if strings.ContainsAny(o.Value, "\r\n") || !isTrimmed(o.Value) {
			return fmt.Errorf("%w: %s with a line's end, or with white space around it", ErrNotPlain, o.Name)
		}
		b.WriteString(" " + o.Name + "=" + o.Value + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func isTrimmed(s string) bool { return strings.Trim(s, " \t") == s }

// plainOptions are the options that r has in a plain list, in order.
func plainOptions(r downloader.Request) []downloader.Field {
	var os []downloader.Field
	add := func(name, value string) { os = append(os, downloader.Field{Name: name, Value: value}) }
	if r.Dir != "" {
		add("dir", r.Dir)
	}
	if r.Out != "" {
		add("out", r.Out)
	}
	if !r.Checksum.IsZero() {
		add("checksum", r.Checksum.String())
	}
	if r.Type != "" {
		add("type", r.Type)
	}
	for _, h := range r.Header {
		switch {
		case h.Name == "Referer" && h.Value != "":
			add("referer", h.Value)
		case h.Name == "User-Agent" && h.Value != "":
			add("user-agent", h.Value)
		default:
			add("header", strings.TrimRight(h.Name+": "+h.Value, " "))
		}
	}
	return os
}
