package list

import (
	"bufio"
	"fmt"
	"io"
)

// xmlInput feeds an xml.Decoder byte by byte, so that the decoder reads no
// further than it has to, and bounds what one token can make it hold. As an
// io.ByteReader it is taken as it is: the decoder puts no buffer of its own
// before it, and never calls Read.
type xmlInput struct {
	*bufio.Reader
	most  int
	token int   // bytes of the present token
	used  int64 // bytes of the input that entries have been given
}

func newXMLInput(r io.Reader, most int) *xmlInput {
	return &xmlInput{Reader: bufio.NewReaderSize(r, readBuffer), most: most}
}

// mark says that the next token begins.
func (x *xmlInput) mark() { x.token = 0 }

// ReadByte fails within a token that is longer than may be.
func (x *xmlInput) ReadByte() (byte, error) {
	if x.token >= x.most {
		return 0, fmt.Errorf("a tag or text is longer than %d bytes", x.most)
	}
	x.token++
	return x.Reader.ReadByte()
}
