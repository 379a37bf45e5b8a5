package list

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"slices"
)

// ErrUTF16 is wrapped by the error for a list that is written in UTF-16, as
// some editors do.
var ErrUTF16 = errors.New("is in UTF-16: save it as UTF-8")

// headSize is how much of a list may be looked at to find out its format.
const headSize = 64 << 10

// Source is a list that was opened.
type Source struct {
	// Decoder for the list; it also serves to come back to entries, where the
	// list is not Compressed and its format is Enterable.
	Decoder *Decoder
	// Compressed is "gzip", "zstd" or "".
	Compressed string

	r    io.Reader
	free func()
}

// Open begins to read a list: it looks through compression, finds out the
// format if cfg leaves that open (by cfg.Name, then by content), and notes the
// columns of a table. It reads no more than it needs for that, one line of most
// lists, so that a list can be worked on while it is still being written.
//
// The caller closes the source, and afterwards r.
func Open(r io.Reader, cfg Config) (*Source, error) {
	raw, err := inflate(r)
	if err != nil {
		return nil, &Error{List: cfg.Name, Err: err}
	}
	s := &Source{Compressed: raw.method, free: raw.free}
	if err := s.look(raw.r, cfg); err != nil {
		s.Close()
		return nil, &Error{List: cfg.Name, Line: 1, Err: err}
	}
	return s, nil
}

// look reads the head of the list and makes the decoder that it needs.
func (s *Source) look(r io.Reader, cfg Config) error {
	head, err := readHead(r, func(head []byte) bool { return len(head) > 0 && hasLine(head) })
	if err != nil && err != io.EOF {
		return err
	}
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return ErrUTF16
	}
	if cfg.Format == Auto || cfg.Format == "" {
		cfg.Format = Detect(cfg.Name, head)
	}
	if (cfg.Format == CSV || cfg.Format == TSV) && cfg.Columns == nil {
		if row, whole := firstRow(head); whole || err == io.EOF {
			cfg.Columns = row
		}
	}
	s.Decoder = NewDecoder(cfg)
	s.r = io.MultiReader(bytes.NewReader(head), r)
	return nil
}

// hasLine reports whether head has all of a line that tells the format.
func hasLine(head []byte) bool {
	end := bytes.LastIndexByte(head, '\n')
	return end >= 0 && firstLine(head[:end]) != nil
}

// firstRow is the first line that is not blank, the one with the columns, and
// whether its end was seen.
func firstRow(head []byte) ([]byte, bool) {
	for rest := bytes.TrimPrefix(head, bom); len(rest) > 0; {
		text, after, whole := bytes.Cut(rest, []byte("\n"))
		if !isBlank(text) {
			return text, whole
		}
		rest = after
	}
	return nil, false
}

// readHead reads until enough says so, for headSize bytes at most. It takes what
// each Read gives and waits for no more.
func readHead(r io.Reader, enough func([]byte) bool) ([]byte, error) {
	var head []byte
	for idle := 0; len(head) < headSize && !enough(head); {
		head = slices.Grow(head, 4<<10)
		n, err := r.Read(head[len(head):min(cap(head), headSize)])
		head = head[:len(head)+n]
		switch {
		case errors.Is(err, ErrPause):
			idle = 0
			continue
		case err != nil:
			return head, err
		}
		if n > 0 {
			idle = 0
		} else if idle++; idle > 100 {
			return head, io.ErrNoProgress
		}
	}
	return head, nil
}

// Requests returns the entries of the list. It can be run through once.
func (s *Source) Requests() iter.Seq2[Entry, error] { return s.Decoder.Requests(s.r, 1) }

// Close releases what decompression holds. A second Close does nothing.
func (s *Source) Close() {
	if s.free != nil {
		s.free()
		s.free = nil
	}
}
