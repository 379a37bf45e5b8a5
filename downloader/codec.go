package downloader

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/seed-9a1263fe/haul/downloader/session"
	"github.com/seed-9a1263fe/haul/store"
)

// The body of a job is a request in a plain binary form: a version byte, then
// every field in order, numbers as uvarints, strings with their length before
// them, lists with their count. It is read back by this program's own later
// versions, so the version byte changes when the order does.
const requestVersion = 1

// errBody is wrapped by every error of UnmarshalBinary.
var errBody = errors.New("downloader: bad job body")

// AppendBinary appends the request's binary form to b.
func (r *Request) AppendBinary(b []byte) []byte {
	b = append(b, requestVersion)
	b = appendUvarint(b, uint64(len(r.URLs)))
	for _, u := range r.URLs {
		b = appendString(b, u)
	}
	b = appendString(b, r.Dir)
	b = appendString(b, r.Out)
	b = appendString(b, r.Checksum.Algorithm)
	b = appendString(b, r.Checksum.Sum)
	b = appendUvarint(b, uint64(max(r.Size, 0)))
	b = appendUvarint(b, uint64(len(r.Header)))
	for _, h := range r.Header {
		b = appendString(b, h.Name)
		b = appendString(b, h.Value)
	}
	b = appendString(b, r.Type)
	b = appendString(b, string(r.Meta))
	b = appendString(b, r.List)
	b = appendUvarint(b, uint64(max(r.Line, 0)))
	if r.Defect == nil {
		return append(b, 0)
	}
	b = append(b, 1)
	b = appendString(b, string(r.Defect.Kind))
	return appendString(b, r.Defect.Message)
}

// UnmarshalBinary reads what AppendBinary wrote.
func (r *Request) UnmarshalBinary(b []byte) error {
	d := decoder{b: b}
	if v := d.byte(); d.err == nil && v != requestVersion {
		return fmt.Errorf("%w: version %d, this program reads %d", errBody, v, requestVersion)
	}
	*r = Request{}
	for range d.count() {
		r.URLs = append(r.URLs, d.string())
	}
	r.Dir = d.string()
	r.Out = d.string()
	r.Checksum = store.Digest{Algorithm: d.string(), Sum: d.string()}
	r.Size = d.int64()
	for range d.count() {
		r.Header = append(r.Header, Field{d.string(), d.string()})
	}
	r.Type = d.string()
	if meta := d.string(); meta != "" {
		r.Meta = []byte(meta)
	}
	r.List = d.string()
	r.Line = d.int64()
	if d.byte() != 0 {
		r.Defect = &Failure{Kind: session.Kind(d.string()), Message: d.string()}
	}
	if d.err == nil && len(d.b) > 0 {
		d.err = fmt.Errorf("%w: %d bytes too many", errBody, len(d.b))
	}
	return d.err
}

func appendUvarint(b []byte, n uint64) []byte { return binary.AppendUvarint(b, n) }

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// decoder takes values from the front of b. After the first error it returns
// zero values.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) fail() {
	if d.err == nil {
		d.err = fmt.Errorf("%w: cut short or damaged", errBody)
	}
	d.b = nil
}

func (d *decoder) byte() byte {
	if len(d.b) == 0 {
		d.fail()
		return 0
	}
	v := d.b[0]
	d.b = d.b[1:]
	return v
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

// int64 reads a number that was not negative when it was written.
func (d *decoder) int64() int64 {
	n := d.uvarint()
	if n > math.MaxInt64 {
		d.fail()
		return 0
	}
	return int64(n)
}

// count reads how many things follow. Each takes a byte at least, so a number
// beyond what is left is a lie and is refused before anything is allocated.
func (d *decoder) count() int {
	n := d.uvarint()
	if n > uint64(len(d.b)) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *decoder) string() string {
	n := d.uvarint()
	if n > uint64(len(d.b)) {
		d.fail()
		return ""
	}
	s := string(d.b[:n])
	d.b = d.b[n:]
	return s
}
