package list

import (
	"io"
	"strings"
	"testing"
)

func TestLongLineIsNotHeld(t *testing.T) {
	const most, length = 1000, 10 << 20
	in := newLines(strings.NewReader(strings.Repeat("x", length)+"\nshort\r\n"), most)
	l, err := in.next()
	if err != nil || !l.long || l.size != length+1 {
		t.Errorf("got long %v, %d bytes, %v; want a long line of %d bytes", l.long, l.size, err, length+1)
	}
	if cap(in.spill) > 2*most {
		t.Errorf("holds %d bytes of a line that may have %d", cap(in.spill), most)
	}
	if l, err = in.next(); err != nil || l.long || string(l.text) != "short" || l.size != 7 {
		t.Errorf("then got %+v, %v; want the short line", l, err)
	}
	if _, err = in.next(); err != io.EOF {
		t.Errorf("then got %v, want %v", err, io.EOF)
	}
}

func TestLineMayBeAsLongAsAllowed(t *testing.T) {
	for _, most := range []int{1, 10, readBuffer - 2, readBuffer - 1, readBuffer, readBuffer + 1, 3 * readBuffer} {
		for _, end := range []string{"", "\n", "\r\n"} {
			for _, extra := range []int{0, 1} {
				text := strings.Repeat("x", most+extra)
				in := newLines(strings.NewReader(text+end), most)
				l, err := in.next()
				if err != nil || l.size != int64(len(text)+len(end)) || l.long != (extra > 0) {
					t.Errorf("%d bytes and %q, with %d allowed: got long %v, %d bytes, %v", len(text), end, most, l.long, l.size, err)
				}
				if !l.long && string(l.text) != text {
					t.Errorf("%d bytes and %q, with %d allowed: got %d bytes of text", len(text), end, most, len(l.text))
				}
			}
		}
	}
}
