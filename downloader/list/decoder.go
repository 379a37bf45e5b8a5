package list

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"

	"github.com/seed-9a1263fe/haul/downloader"
)

// Config says how a list is read. The zero value reads a plain list.
type Config struct {
	// Name of the list, for Request.List and messages.
	Name string
	// Format of the list. Decoders take Auto and "" for Plain; Open finds out.
	Format Format
	// MaxEntry is the most bytes that one line, and one entry, may take; 0 means
	// DefaultMaxEntry. A longer one becomes a defect.
	MaxEntry int
	// Columns is the line of a csv or tsv list that names the columns. It is
	// needed to enter the list past its first line.
	Columns []byte
	// Base is the URL of the directory that the names in a list of Sums are
	// relative to.
	Base string
	// Only selects the records of a list of Results by the kind of their error;
	// empty means all that failed.
	Only []downloader.Kind
	// Ignored, if not nil, is told once of each thing that is accepted but has
	// no effect, such as an option of aria2 that means nothing here. Calls do
	// not overlap.
	Ignored func(line int64, what string)
}

// Decoder cuts lists of one format into entries. It holds nothing of the input,
// and may decode any number of inputs at once.
type Decoder struct {
	cfg Config

	mu      sync.Mutex
	ignored map[string]bool
}

// NewDecoder returns a decoder for cfg.
func NewDecoder(cfg Config) *Decoder {
	if cfg.MaxEntry <= 0 {
		cfg.MaxEntry = DefaultMaxEntry
	}
	if cfg.Format == Auto || cfg.Format == "" {
		cfg.Format = Plain
	}
	cfg.Columns = bytes.TrimPrefix(bytes.Clone(cfg.Columns), bom)
	return &Decoder{cfg: cfg, ignored: make(map[string]bool)}
}

// Format of the lists that d decodes.
func (d *Decoder) Format() Format { return d.cfg.Format }

// Requests returns the entries of r, which begins with the given line: 1 for a
// whole list, or the line of an entry at whose first byte r stands, where the
// format is Enterable. r is read while the sequence is run through, which can be
// done once.
//
// An error ends the sequence, as an *Error. Input that holds no entry, such as
// comments alone, yields nothing.
func (d *Decoder) Requests(r io.Reader, line int64) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		c := &cutter{list: d.cfg.Name, yield: yield, line: line, most: d.cfg.MaxEntry}
		if err := d.decode(c, r); err != nil && err != errStop {
			c.fail(err)
			return
		}
		c.flush()
	}
}

// errStop is returned by what decodes when nobody wants more.
var errStop = errors.New("stop")

func (d *Decoder) decode(c *cutter, r io.Reader) error {
	switch d.cfg.Format {
	case Plain:
		return d.eachLine(c, r, (&plain{d: d, c: c}).line)
	case JSONL:
		return d.eachLine(c, r, func(l line) error { return d.jsonLine(c, l) })
	case Results:
		return d.eachLine(c, r, func(l line) error { return d.resultLine(c, l) })
	case Sums:
		return d.eachLine(c, r, func(l line) error { return d.sumLine(c, l) })
	case CSV:
		return d.table(c, steady{r}, ',')
	case TSV:
		return d.table(c, steady{r}, '\t')
	case Metalink:
		return d.metalink(c, steady{r})
	}
	return fmt.Errorf("unknown format %q", d.cfg.Format)
}

// eachLine calls do with every line, without a byte order mark before the first,
// and counts the line for the entry that is open when do returns.
func (d *Decoder) eachLine(c *cutter, r io.Reader, do func(line) error) error {
	in := newLines(r, d.cfg.MaxEntry)
	for {
		l, err := in.next()
		switch {
		case err == io.EOF:
			return nil
		case errors.Is(err, ErrPause):
			if !c.flush() {
				return errStop
			}
			continue
		case err != nil:
			return err
		}
		if c.line == 1 {
			l.text = bytes.TrimPrefix(l.text, bom)
		}
		if err := do(l); err != nil {
			return err
		}
		c.use(l.size)
	}
}

// tooLong is the message of a defect.
func (d *Decoder) tooLong(what string) string {
	return fmt.Sprintf("%s is longer than %d bytes", what, d.cfg.MaxEntry)
}

// maxIgnored bounds what is remembered of what has been told.
const maxIgnored = 64

// ignore tells of something that has no effect, once.
func (d *Decoder) ignore(line int64, what string) {
	if d.cfg.Ignored == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.ignored) >= maxIgnored || d.ignored[what] {
		return
	}
	d.ignored[what] = true
	d.cfg.Ignored(line, what)
}
