package list

import (
	"bufio"
	"fmt"
	"io"
)

// xmlInput feeds an xml.Decoder byte by byte, so that the decoder reads no
// further than it has to, and bounds what one token can make it hold.
type xmlInput struct {
	in    *bufio.Reader
	most  int
	token int   // bytes of the present token
	used  int64 // bytes of the input that entries have been given
}

func newXMLInput(r io.Reader, most int) *xmlInput {
	return &xmlInput{in: bufio.NewReaderSize(r, readBuffer), most: most}
}

// mark says that the next token begins.
func (x *xmlInput) mark() { x.token = 0 }

// ReadByte makes xmlInput an io.ByteReader, which xml.Decoder takes as it is
// instead of putting its own buffer before it.
func (x *xmlInput) ReadByte() (byte, error) {
	if x.token >= x.most {
		return 0, fmt.Errorf("a tag or text is longer than %d bytes", x.most)
	}
	x.token++
	return x.in.ReadByte()
}

// Read is never called, but makes xmlInput an io.Reader.
func (x *xmlInput) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	b, err := x.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = b
	return 1, nil
}
