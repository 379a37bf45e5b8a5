package list

import (
	"bufio"
	"bytes"
	"io"
)

// line is one line of input. Its text is good until the next one is read.
type line struct {
	text []byte // without the line's end; only its beginning if long
	size int64  // bytes it took, its end included
	long bool   // longer than may be; the rest of it was skipped
}

// lines cuts input into lines that end in LF or CRLF, or with the input.
type lines struct {
	in    *bufio.Reader
	most  int
	spill []byte // holds a line that does not fit in's buffer
	again []line // lines that were put back
}

// readBuffer is how much is read at once. Most lines are taken right from it.
const readBuffer = 64 << 10

func newLines(r io.Reader, most int) *lines {
	return &lines{in: bufio.NewReaderSize(r, readBuffer), most: most}
}

// next returns io.EOF after the last line. After any other error the line that
// was being read is lost.
func (l *lines) next() (line, error) {
	if len(l.again) > 0 {
		first := l.again[0]
		l.again = l.again[1:]
		return first, nil
	}
	text, err := l.in.ReadSlice('\n')
	if err == nil && len(text) <= l.most {
		return line{text: chomp(text), size: int64(len(text))}, nil
	}
	return l.assemble(text, err)
}

// assemble goes on with a line whose first part is text.
func (l *lines) assemble(text []byte, err error) (line, error) {
	l.spill = l.spill[:0]
	var size int64
	for {
		size += int64(len(text))
		if room := l.most + len("\r\n") - len(l.spill); room > 0 {
			l.spill = append(l.spill, text[:min(room, len(text))]...)
		}
		if err != bufio.ErrBufferFull && (err != ErrPause || size == 0) {
			break
		}
		text, err = l.in.ReadSlice('\n')
	}
	if err != nil && err != io.EOF || size == 0 {
		return line{}, err
	}
	out := line{text: chomp(l.spill), size: size}
	out.long = len(out.text) > l.most
	return out, nil
}

// putBack makes the next lines be these once more. The caller gives them away,
// text and all.
func (l *lines) putBack(ls []line) { l.again = append(ls, l.again...) }

func chomp(text []byte) []byte {
	text = bytes.TrimSuffix(text, []byte("\n"))
	return bytes.TrimSuffix(text, []byte("\r"))
}

// isBlank reports whether there is nothing but white space in text.
func isBlank(text []byte) bool { return len(bytes.TrimSpace(text)) == 0 }

// trimBlank removes spaces and tabs at both ends.
func trimBlank(text []byte) []byte { return bytes.Trim(text, " \t") }

// bom is the byte order mark that some editors put before UTF-8.
var bom = []byte("\xef\xbb\xbf")
