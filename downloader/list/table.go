package list

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seed-9a1263fe/haul/downloader"
	"github.com/seed-9a1263fe/haul/downloader/session"
)

// ErrNoURLColumn is wrapped by the error that a csv or tsv list ends with when
// its first line does not name a column "url" or "urls".
var ErrNoURLColumn = errors.New("the first line names no url column")

// errColumns ends the decoding of a table that is entered past its first line.
var errColumns = errors.New("the columns are not known")

// table decodes csv and tsv: the first line names the columns, every other
// record is a request. Columns that mean nothing here become the members of an
// object, the request's meta.
type table struct {
	d       *Decoder
	c       *cutter
	in      *lines
	scan    fieldScanner
	columns []string
	extra   bool // there are columns for meta
}

func (d *Decoder) table(c *cutter, r io.Reader, comma byte) error {
	t := &table{d: d, c: c, in: newLines(r, d.cfg.MaxEntry), scan: fieldScanner{comma: comma}}
	if c.line != 1 {
		if d.cfg.Columns == nil {
			return errColumns
		}
		if err := t.head(d.cfg.Columns); err != nil {
			return err
		}
	}
	for {
		switch err := t.record(); err {
		case nil:
		case io.EOF:
			return nil
		default:
			return err
		}
	}
}

// head reads the line that names the columns.
func (t *table) head(text []byte) error {
	t.scan.most = len(text) + 1
	if t.scan.start(chomp(text)) != recordDone {
		return errors.New("the first line, which names the columns, has quotes that do not match")
	}
	t.columns = slices.Clone(t.scan.fields)
	hasURL := false
	for i, name := range t.columns {
		name = strings.TrimSpace(name)
		if low := strings.ToLower(name); isColumn(low) {
			name = low
			hasURL = hasURL || name == "url" || name == "urls"
		} else {
			t.extra = true
		}
		t.columns[i] = name
	}
	if !hasURL {
		return ErrNoURLColumn
	}
	t.scan.most = len(t.columns)
	return nil
}

func isColumn(name string) bool {
	switch name {
	case "url", "urls", "dir", "out", "checksum", "headers", "size", "expect_type", "meta":
		return true
	}
	return false
}

// record reads one record, which may go over several lines.
func (t *table) record() error {
	l, err := t.in.next()
	if err != nil {
		return err
	}
	if t.c.line == 1 {
		l.text = bytes.TrimPrefix(l.text, bom)
	}
	switch {
	case isBlank(l.text) && !l.long:
		t.c.use(l.size)
		return nil
	case t.columns == nil && l.long:
		return errors.New(t.d.tooLong("the first line, which names the columns,"))
	case t.columns == nil:
		if err := t.head(l.text); err != nil {
			return err
		}
		t.c.use(l.size)
		return nil
	case l.long:
		return t.broken(l.size, t.d.tooLong("line"))
	}
	switch t.scan.start(l.text) {
	case recordOpen:
		return t.longRecord(l.size)
	case recordBroken:
		return t.broken(l.size, "record has text after a closing quote")
	}
	return t.whole(l.size)
}

// longRecord goes on with a record whose first line ended within quotes. If the
// quotes do not end in time, that one line is what is broken, and reading goes
// on with the line after it.
func (t *table) longRecord(first int64) error {
	sizes := []int64{first}
	var held []line
	total := first
	for {
		l, err := t.in.next()
		if err == io.EOF {
			t.in.putBack(held)
			return t.broken(first, "record has quotes that never end")
		}
		if err != nil {
			return err
		}
		l.text = bytes.Clone(l.text)
		held, sizes, total = append(held, l), append(sizes, l.size), total+l.size
		if l.long || total > int64(t.d.cfg.MaxEntry) {
			t.in.putBack(held)
			return t.broken(first, "record has quotes that do not end within "+strconv.Itoa(t.d.cfg.MaxEntry)+" bytes")
		}
		switch t.scan.more(l.text) {
		case recordDone:
			return t.whole(sizes...)
		case recordBroken:
			t.in.putBack(held)
			return t.broken(first, "record has text after a closing quote")
		}
	}
}

// broken gives a defect for one line.
func (t *table) broken(size int64, why string) error {
	var r downloader.Request
	spoil(&r, session.KindProtocol, why)
	return t.give(r, size)
}

// whole gives the request of the record that was scanned.
func (t *table) whole(sizes ...int64) error {
	var r downloader.Request
	if got, want := t.scan.n, len(t.columns); got != want {
		spoil(&r, session.KindProtocol, fmt.Sprintf("record has %d fields, but the first line names %d", got, want))
	}
	t.fill(&r)
	return t.give(r, sizes...)
}

func (t *table) give(r downloader.Request, sizes ...int64) error {
	if !t.c.begin(r) {
		return errStop
	}
	for _, n := range sizes {
		t.c.use(n)
	}
	return nil
}

// fill sets r as the fields say.
func (t *table) fill(r *downloader.Request) {
	var urls []string
	for i, s := range t.scan.fields {
		switch t.columns[i] {
		case "url":
			if s != "" {
				urls = append(urls, s)
			}
		case "urls":
			urls = append(urls, splitURLs(r, s)...)
		case "dir":
			r.Dir = s
		case "out":
			r.Out = s
		case "checksum":
			setChecksum(r, strings.TrimSpace(s))
		case "headers":
			setHeaders(r, s)
		case "size":
			setSize(r, strings.TrimSpace(s))
		case "expect_type":
			setType(r, strings.TrimSpace(s))
		}
	}
	t.d.setURLs(r, t.c.line, urls)
	r.Meta = t.meta()
}

// splitURLs reads a field of several URLs: an array of JSON, or parted by white
// space.
func splitURLs(r *downloader.Request, s string) []string {
	if !strings.HasPrefix(strings.TrimSpace(s), "[") {
		return strings.Fields(s)
	}
	var urls []string
	if json.Unmarshal([]byte(s), &urls) != nil {
		spoil(r, session.KindProtocol, "urls is not an array of strings")
	}
	return urls
}

func setHeaders(r *downloader.Request, s string) {
	if strings.TrimSpace(s) == "" {
		return
	}
	var hs fields
	if json.Unmarshal([]byte(s), &hs) != nil {
		spoil(r, session.KindProtocol, "headers is not an object of strings")
		return
	}
	for _, h := range hs {
		addHeader(r, h.Name, h.Value)
	}
}

func setSize(r *downloader.Request, s string) {
	if s == "" {
		return
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		spoil(r, session.KindProtocol, fmt.Sprintf("size %.40q is not a number of bytes", s))
		return
	}
	r.Size = n
}

// meta is what the column of that name holds, as JSON if it is such and as a
// string if not. With further columns it is an object of them all.
func (t *table) meta() json.RawMessage {
	b := []byte{}
	if t.extra {
		b = append(b, '{')
	}
	for i, s := range t.scan.fields {
		name := t.columns[i]
		if isColumn(name) && (name != "meta" || s == "") {
			continue
		}
		if t.extra {
			if len(b) > 1 {
				b = append(b, ',')
			}
			b = append(appendString(b, name), ':')
		}
		if name == "meta" && utf8.ValidString(s) && json.Valid([]byte(s)) {
			b = append(b, s...)
		} else {
			b = appendString(b, s)
		}
		if !t.extra {
			break
		}
	}
	if t.extra {
		b = append(b, '}')
	}
	if len(b) == 0 {
		return nil
	}
	return b
}

// appendString appends s as JSON.
func appendString(b []byte, s string) []byte {
	text, err := marshal(s)
	if err != nil {
		panic("list: a string cannot be written as JSON: " + err.Error())
	}
	return append(b, text...)
}
