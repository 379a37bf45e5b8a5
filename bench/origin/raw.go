package origin

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// sendRaw takes the connection over from net/http and writes the answer itself,
// for what net/http rightly refuses to send. The connection ends with it.
func (x *exchange) sendRaw(a answer) error {
	c, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		return err
	}
	defer c.Close()
	x.raw = c
	if err := x.drip(c, x.head(a)); err != nil {
		return nil // the client has gone; there is nobody to tell
	}
	if a.body == nil || x.r.Method == http.MethodHead {
		return nil
	}
	_ = x.body(c, a) // nobody to tell, either
	return nil
}

// head is the status line and the header, with the framing that is wanted.
func (x *exchange) head(a answer) []byte {
	var b bytes.Buffer
	for _, code := range x.fault.Early {
		fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n\r\n", code, http.StatusText(code))
	}
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", a.status, http.StatusText(a.status))
	if _, ok := a.header["Date"]; !ok {
		a.header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	a.header.Set("Connection", "close")
	_ = a.header.Write(&b) // a bytes.Buffer takes everything
	length := func(s string) { fmt.Fprintf(&b, "Content-Length: %s\r\n", s) }
	n := a.length
	switch {
	case a.body == nil:
	case x.fault.Framing == FrameLength && n >= 0:
		length(strconv.FormatInt(n, 10))
	case x.fault.Framing == LengthLong:
		length(strconv.FormatInt(n+longer, 10))
	case x.fault.Framing == LengthShort:
		length(strconv.FormatInt(n/2, 10))
	case x.fault.Framing == LengthTwice:
		length(strconv.FormatInt(n, 10))
		length(strconv.FormatInt(n+longer, 10))
	case x.fault.Framing == LengthNegative:
		length("-1")
	case x.fault.Framing == LengthGarbled:
		length("12x")
	case x.fault.Framing == LengthAndChunked:
		length(strconv.FormatInt(n/2, 10))
	}
	if a.body != nil && x.chunked() {
		b.WriteString("Transfer-Encoding: chunked\r\n")
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

func (x *exchange) chunked() bool {
	switch x.fault.Framing {
	case FrameChunked, LengthAndChunked, ChunkUnended, ChunkGarbled:
		return true
	}
	return false
}

// drip writes the header, slowly if a rate is given.
func (x *exchange) drip(w io.Writer, p []byte) error {
	rate := x.fault.HeaderRate
	if rate <= 0 {
		_, err := w.Write(p)
		return err
	}
	for len(p) > 0 {
		n := min(int64(len(p)), max(1, rate/ticks))
		if _, err := w.Write(p[:n]); err != nil {
			return err
		}
		p = p[n:]
		if !wait(x.r.Context(), time.Duration(n)*time.Second/time.Duration(rate)) {
			return x.r.Context().Err()
		}
	}
	return nil
}

// body writes the body in its framing.
func (x *exchange) body(w io.Writer, a answer) error {
	flush := func() error { return nil }
	if !x.chunked() {
		return x.pump(w, flush, a)
	}
	cw := &chunker{w: w, garbleAt: -1}
	if x.fault.Framing == ChunkGarbled {
		cw.garbleAt = max(0, a.length/2)
	}
	if err := x.pump(cw, flush, a); err != nil {
		return err
	}
	if x.fault.Framing == ChunkUnended {
		return nil
	}
	_, err := io.WriteString(w, "0\r\n\r\n")
	return err
}

// chunker writes chunks (RFC 9112 section 7.1), the first one from garbleAt on
// with a size that is none.
type chunker struct {
	w        io.Writer
	off      int64
	garbleAt int64
}

// Write writes p as one chunk, or as two where it crosses garbleAt.
func (c *chunker) Write(p []byte) (int, error) {
	if c.garbleAt > c.off && c.garbleAt < c.off+int64(len(p)) {
		n, err := c.Write(p[:c.garbleAt-c.off])
		if err != nil {
			return n, err
		}
		m, err := c.Write(p[n:])
		return n + m, err
	}
	size := strconv.FormatInt(int64(len(p)), 16)
	if c.off == c.garbleAt {
		size = "0xZZ"
	}
	b := append([]byte(size+"\r\n"), p...)
	if _, err := c.w.Write(append(b, "\r\n"...)); err != nil {
		return 0, err
	}
	c.off += int64(len(p))
	return len(p), nil
}
