package list

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/seed-9a1263fe/haul/downloader"
	"github.com/seed-9a1263fe/haul/downloader/session"
	"github.com/seed-9a1263fe/haul/store"
)

// plain decodes one URL a line, as aria2 does: more URLs on the line, parted by
// tabs, are mirrors; lines that begin with white space are options of the URL
// above them; lines that begin with '#' are comments.
type plain struct {
	d *Decoder
	c *cutter
}

func (p *plain) line(l line) error {
	switch {
	case len(l.text) == 0, l.text[0] == '#', isBlank(l.text) && !l.long:
		return nil
	case l.text[0] == ' ', l.text[0] == '\t':
		return p.optionLine(l)
	}
	var r downloader.Request
	if l.long {
		spoil(&r, session.KindInvalidURL, p.d.tooLong("line"))
	} else {
		p.d.setURLs(&r, p.c.line, splitMirrors(string(l.text)))
	}
	if !p.c.begin(r) {
		return errStop
	}
	p.c.keep(len(l.text))
	return nil
}

// splitMirrors cuts a line at its tabs.
func splitMirrors(s string) []string {
	if strings.IndexByte(s, '\t') < 0 {
		return []string{s}
	}
	var urls []string
	for part := range strings.SplitSeq(s, "\t") {
		if part = strings.TrimSpace(part); part != "" {
			urls = append(urls, part)
		}
	}
	return urls
}

func (p *plain) optionLine(l line) error {
	text := trimBlank(l.text)
	if bytes.HasPrefix(text, []byte("#")) {
		return nil
	}
	if !p.c.open {
		var r downloader.Request
		spoil(&r, session.KindInvalidURL, fmt.Sprintf("option %q has no URL above it", show(string(cutShort(text)))))
		if !p.c.begin(r) {
			return errStop
		}
	}
	r := &p.c.entry.Request
	if l.long {
		spoil(r, session.KindProtocol, p.d.tooLong("option"))
		return nil
	}
	name, value, ok := bytes.Cut(text, []byte("="))
	if !ok || !isOptionName(trimBlank(name)) {
		spoil(r, session.KindProtocol, fmt.Sprintf("line %d begins with white space but is no option: %q",
			p.c.line, show(string(cutShort(text)))))
		return nil
	}
	p.option(r, string(trimBlank(name)), trimBlank(value))
	return nil
}

// option sets one option of r.
func (p *plain) option(r *downloader.Request, name string, value []byte) {
	switch name {
	case "out", "dir", "checksum", "header", "referer", "user-agent", "type":
		if !p.c.keep(len(value)) {
			spoil(r, session.KindProtocol, p.d.tooLong("entry with its options"))
			return
		}
	default:
		p.d.ignore(p.c.line, "option "+name)
		return
	}
	v := string(value)
	switch name {
	case "out":
		r.Out = v
	case "dir":
		r.Dir = v
	case "checksum":
		setChecksum(r, v)
	case "header":
		setHeaderLine(r, v)
	case "referer":
		setField(r, "Referer", v)
	case "user-agent":
		setField(r, "User-Agent", v)
	case "type":
		setType(r, v)
	}
}

// setType reads what Content-Type is expected.
func setType(r *downloader.Request, patterns string) {
	if _, err := downloader.ParseMediaType(patterns); err != nil {
		spoil(r, session.KindProtocol, err.Error())
		return
	}
	r.Type = patterns
}

// setField adds the header field of an option that, when empty, asks for none.
func setField(r *downloader.Request, name, value string) {
	if value != "" {
		addHeader(r, name, value)
	}
}

// isOptionName reports whether name is spelled as aria2 spells its options.
func isOptionName(name []byte) bool {
	for _, c := range name {
		if ('a' > c || c > 'z') && ('0' > c || c > '9') && c != '-' {
			return false
		}
	}
	return len(name) > 0 && len(name) <= 64
}

// cutShort bounds what goes into a message.
func cutShort(text []byte) []byte { return text[:min(len(text), 256)] }

// setChecksum reads TYPE=HEX. An empty value asks for none.
func setChecksum(r *downloader.Request, s string) {
	if s == "" {
		return
	}
	algorithm, sum, ok := strings.Cut(s, "=")
	if !ok {
		spoil(r, session.KindProtocol, fmt.Sprintf("checksum %.100q is not TYPE=HEX", s))
		return
	}
	digest, err := store.ParseDigest(algorithm, sum)
	if err != nil {
		spoil(r, session.KindProtocol, err.Error())
		return
	}
	r.Checksum = digest
}
