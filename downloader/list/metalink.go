package list

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-9a1263fe/haul/downloader"
	"github.com/seed-9a1263fe/haul/downloader/session"
	"github.com/seed-9a1263fe/haul/store"
)

// ErrNotMetalink is wrapped by the error of a list in XML that is no metalink.
var ErrNotMetalink = errors.New("root element is not metalink")

// maxDepth is how deep elements may be nested; metalinks need six.
const maxDepth = 64

// metalink decodes version 4 (RFC 5854) and version 3 of metalink. Of a file it
// takes the name, the size, the strongest hash and the URLs in the order of
// their priority (section 4.2.16.1), or preference in version 3. Names of
// elements are compared without their name space, which version 3 often lacks.
type metalink struct {
	d   *Decoder
	c   *cutter
	in  *xmlInput
	xml *xml.Decoder

	depth  int  // of the elements that have begun, outside of files
	rooted bool // the root was seen

	// Of the file that is being read.
	request downloader.Request
	mirrors []mirror
	kept    int
}

// mirror is one URL of a file. Lower ranks come first.
type mirror struct {
	url  string
	rank int
}

func (d *Decoder) metalink(c *cutter, r io.Reader) error {
	in := newXMLInput(r, d.cfg.MaxEntry)
	m := &metalink{d: d, c: c, in: in, xml: xml.NewDecoder(in)}
	err := m.run()
	if err == nil || err == errStop {
		return err
	}
	if !c.flush() { // the files before are whole
		return errStop
	}
	c.line = int64(m.line())
	var broken *xml.SyntaxError
	if errors.As(err, &broken) {
		return fmt.Errorf("broken XML: %s", broken.Msg)
	}
	return err
}

func (m *metalink) line() int {
	line, _ := m.xml.InputPos()
	return line
}

// run walks over the document up to its end.
func (m *metalink) run() error {
	for {
		m.in.mark()
		line, off := m.line(), m.xml.InputOffset()
		t, err := m.xml.Token()
		if err == io.EOF && m.rooted {
			m.account(line, off)
			return nil
		}
		if err == io.EOF {
			return ErrNotMetalink
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			err = m.start(t, line, off)
		case xml.EndElement:
			m.depth--
		}
		if err != nil {
			return err
		}
	}
}

// start goes into the elements that files stand in: metalink, and in version 3
// files below it. It reads any other to its end.
func (m *metalink) start(t xml.StartElement, line int, off int64) error {
	switch name := t.Name.Local; {
	case m.depth == 0 && name == "metalink":
		m.rooted = true
	case m.depth == 0:
		return ErrNotMetalink
	case name == "file":
		return m.file(t, line, off)
	case name != "files":
		return m.skip()
	}
	if m.depth++; m.depth > maxDepth {
		return errTooDeep
	}
	return nil
}

var errTooDeep = fmt.Errorf("elements are nested more than %d deep", maxDepth)

// account gives the open entry all input up to off, on the given line.
func (m *metalink) account(line int, off int64) {
	m.c.entry.Lines += int64(line) - m.c.line
	m.c.entry.Size += off - m.in.used
	m.c.line, m.in.used = int64(line), off
}

// file reads one file element, whose start tag began at off.
func (m *metalink) file(start xml.StartElement, line int, off int64) error {
	m.account(line, off)
	m.request, m.mirrors, m.kept = downloader.Request{}, nil, 0
	r := &m.request
	if r.Out = attr(start, "name"); !m.keep(len(r.Out)) {
		r.Out = ""
	}
	if err := m.children(m.child); err != nil {
		return err
	}
	slices.SortStableFunc(m.mirrors, func(a, b mirror) int { return cmp.Compare(a.rank, b.rank) })
	var urls []string
	for _, u := range m.mirrors {
		urls = append(urls, u.url)
	}
	m.d.setURLs(r, m.c.line, urls)
	if !m.c.begin(*r) {
		return errStop
	}
	return nil
}

// keep counts n bytes that the file holds on to.
func (m *metalink) keep(n int) bool {
	m.kept += n
	if m.kept > m.d.cfg.MaxEntry {
		spoil(&m.request, session.KindProtocol, m.d.tooLong("file"))
		return false
	}
	return true
}

// children calls do for each child of the element that was just begun, and
// reads up to its end. do reads the child to its end.
func (m *metalink) children(do func(xml.StartElement) error) error {
	for {
		m.in.mark()
		t, err := m.xml.Token()
		if err != nil {
			return unexpected(err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			if err := do(t); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		}
	}
}

// child reads one child of a file, or of what groups them in version 3.
func (m *metalink) child(t xml.StartElement) error {
	switch t.Name.Local {
	case "verification", "resources":
		return m.children(m.leaf)
	}
	return m.leaf(t)
}

// leaf reads an element that holds text.
func (m *metalink) leaf(t xml.StartElement) error {
	var set func(t xml.StartElement, text string)
	switch t.Name.Local {
	case "size":
		set = m.setSize
	case "hash":
		set = m.setHash
	case "url":
		set = m.addURL
	default:
		return m.skip()
	}
	text, err := m.text()
	if err != nil {
		return err
	}
	if text = strings.TrimSpace(text); m.keep(len(text)) {
		set(t, text)
	}
	return nil
}

func (m *metalink) setSize(_ xml.StartElement, text string) { setSize(&m.request, text) }

// setHash keeps the strongest hash of those that are known.
func (m *metalink) setHash(t xml.StartElement, text string) {
	algorithm := attr(t, "type")
	digest, err := store.ParseDigest(algorithm, text)
	switch {
	case err != nil && strength(algorithm) > 0:
		spoil(&m.request, session.KindProtocol, err.Error())
	case err != nil:
		m.d.ignore(m.c.line, fmt.Sprintf("hash of type %.40q", algorithm))
	case strength(digest.Algorithm) > strength(m.request.Checksum.Algorithm):
		m.request.Checksum = digest
	}
}

// strength orders the algorithms that a file may be checked by; 0 is unknown.
func strength(algorithm string) int {
	order := []string{"adler32", "crc32c", "md5", "sha-1", "sha-224", "sha-256", "sha-384", "sha-512"}
	algorithm = strings.ToLower(strings.TrimSpace(algorithm))
	if rest, ok := strings.CutPrefix(algorithm, "sha"); ok {
		algorithm = "sha-" + strings.TrimPrefix(rest, "-")
	}
	return slices.Index(order, algorithm) + 1
}

// lastRank is that of a URL without priority (RFC 5854 section 4.2.16.1).
const lastRank = 999999

func (m *metalink) addURL(t xml.StartElement, text string) {
	if attr(t, "type") == "bittorrent" { // version 3: not the file itself
		m.d.ignore(m.c.line, "url of type bittorrent")
		return
	}
	rank := lastRank
	if n, err := strconv.Atoi(attr(t, "priority")); err == nil && 0 < n && n < lastRank {
		rank = n
	} else if n, err := strconv.Atoi(attr(t, "preference")); err == nil {
		rank = lastRank - min(max(n, 0), 100) // version 3: 100 is best
	}
	m.mirrors = append(m.mirrors, mirror{text, rank})
}

// text reads up to the end of the element that was just begun and returns what
// stands in it, without what stands in its children.
func (m *metalink) text() (string, error) {
	var b strings.Builder
	for {
		m.in.mark()
		t, err := m.xml.Token()
		if err != nil {
			return "", unexpected(err)
		}
		switch t := t.(type) {
		case xml.CharData:
			if room := m.d.cfg.MaxEntry + 1 - b.Len(); room > 0 {
				b.Write(t[:min(len(t), room)])
			}
		case xml.StartElement:
			if err := m.skip(); err != nil {
				return "", err
			}
		case xml.EndElement:
			return b.String(), nil
		}
	}
}

// skip reads up to the end of the element that was just begun.
func (m *metalink) skip() error {
	for depth := 1; depth > 0; {
		m.in.mark()
		t, err := m.xml.Token()
		if err != nil {
			return unexpected(err)
		}
		switch t.(type) {
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return errTooDeep
			}
		case xml.EndElement:
			depth--
		}
	}
	return nil
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func attr(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
