package list

import "bytes"

// fieldScanner cuts a record of csv or tsv (RFC 4180) into fields, fed line by
// line. Beyond the RFC, a quote within an unquoted field stands for itself; one
// that is followed by text in a quoted field breaks the record.
type fieldScanner struct {
	comma  byte
	most   int // fields that are kept; more are only counted
	fields []string
	n      int
	buf    []byte // the field that is being read
	quoted bool   // it is in quotes that are still open
}

type recordState int

const (
	recordDone   recordState = iota
	recordOpen               // a quoted field goes on in the next line
	recordBroken             // text after a closing quote
)

// start feeds the first line of a record.
func (s *fieldScanner) start(text []byte) recordState {
	s.fields, s.n, s.buf, s.quoted = s.fields[:0], 0, s.buf[:0], false
	return s.scan(text)
}

// more feeds a further line of an open record.
func (s *fieldScanner) more(text []byte) recordState {
	s.buf = append(s.buf, '\n')
	return s.scan(text)
}

// scan reads fields up to the end of the line.
func (s *fieldScanner) scan(text []byte) recordState {
	for {
		if !s.quoted && len(text) > 0 && text[0] == '"' {
			s.quoted, text = true, text[1:]
		}
		i, state := s.field(text)
		if state != recordDone {
			return state
		}
		s.end()
		if i == len(text) {
			return recordDone
		}
		text = text[i+1:]
	}
}

// field reads the rest of one field and returns where it ends, if it does: at a
// comma, or with the line.
func (s *fieldScanner) field(text []byte) (int, recordState) {
	if s.quoted {
		return s.unquote(text)
	}
	i := bytes.IndexByte(text, s.comma)
	if i < 0 {
		i = len(text)
	}
	s.buf = append(s.buf, text[:i]...)
	return i, recordDone
}

// unquote is field within quotes.
func (s *fieldScanner) unquote(text []byte) (int, recordState) {
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] != '"':
			s.buf = append(s.buf, text[i])
		case i+1 == len(text) || text[i+1] == s.comma:
			return i + 1, recordDone
		case text[i+1] == '"':
			s.buf = append(s.buf, '"')
			i++
		default:
			return 0, recordBroken
		}
	}
	return 0, recordOpen
}

// end closes the field that is being read.
func (s *fieldScanner) end() {
	if s.n < s.most {
		s.fields = append(s.fields, string(s.buf))
	}
	s.n++
	s.buf, s.quoted = s.buf[:0], false
}
