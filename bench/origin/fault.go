package origin

import (
	"net/http"
	"time"
)

// Fault is a way to answer some requests other than well. Which ones: those
// that When accepts, less the first Skip of them, and then only Times of them.
// The other fields combine freely.
type Fault struct {
	// When picks the requests; nil picks all. It is called with a lock held, so
	// it must not call back into the Origin.
	When func(Request) bool
	// Skip is how many of the picked requests pass unharmed first.
	Skip int
	// Times is how many are harmed then; zero is all.
	Times int

	// Delay before the first byte of the answer.
	Delay time.Duration
	// HeaderRate drips the header at so many bytes a second (HTTP/1 only).
	HeaderRate int64
	// BodyRate sends the body at so many bytes a second.
	BodyRate int64
	// Break ends or halts the answer at some point.
	Break Break

	// Early are interim answers (1xx) sent first, RFC 9110 section 15.2.
	Early []int
	// Status answers with this instead of the file; Body is then the body.
	Status int
	// Body of a Status; nil is the status text, where the status has a body.
	Body []byte
	// RetryAfter is sent in seconds; RetryDate sends it as a date.
	RetryAfter time.Duration
	RetryDate  bool
	// Location makes the answer a redirect; Status then is 302 unless set.
	Location string

	// Range misanswers ranges.
	Range RangeFault
	// Framing misdelimits the body.
	Framing Framing
	// Gzip sends the whole file with Content-Encoding: gzip, asked or not.
	Gzip bool
	// HeaderPad adds so many bytes of header fields.
	HeaderPad int
	// Header overwrites fields of the answer; a nil value removes the field.
	// Connection: close ends the connection with the answer. The length is the
	// affair of Framing.
	Header http.Header
}

// RangeFault is a wrong answer to a range.
type RangeFault int

// Ways to misanswer a range. But for RangeIgnored and RangeUnasked they show
// only in answers to a single range that could have been satisfied.
const (
	RangeWell        RangeFault = iota
	RangeIgnored                // 200 and the whole file
	RangeFromZero               // 206 with as many bytes, from the start of the file, labelled so
	RangeShifted                // 206 that begins one byte later, labelled so
	RangeShorter                // 206 with the first half of what was asked, labelled so: it is allowed
	RangeToEnd                  // 206 that goes on to the end of the file, labelled so
	RangeOtherTotal             // 206 whose total is one more
	RangeStarTotal              // 206 with an unknown total: it is allowed
	RangeUnlabelled             // 206 without Content-Range
	RangeGarbled                // 206 with a Content-Range that cannot be read
	RangeMultipart              // 206 with one part of multipart/byteranges
	RangeWrongBytes             // 206 labelled as asked, with the bytes of another range
	RangeRefused                // 416 with the total
	RangeRefusedBare            // 416 without Content-Range
	RangeRefusedZero            // 416 that says the file is empty
	RangeUnasked                // 206 with the first half of the file to a request without range
)

// Framing says how the end of the body is told (RFC 9112 section 6). All but
// FrameChunked and LengthLong are told only over HTTP/1; over HTTP/2, where
// they cannot exist, the stream is reset after half of the body.
type Framing int

// Ways to delimit a body, well and badly.
const (
	FrameLength      Framing = iota // Content-Length: well
	FrameChunked                    // chunked, no length: well
	FrameClose                      // no length, ends with the connection: well, and a cut cannot be seen
	LengthLong                      // Content-Length is 10 more than is sent
	LengthShort                     // Content-Length is half of what is sent
	LengthTwice                     // two fields that differ
	LengthNegative                  // Content-Length: -1
	LengthGarbled                   // Content-Length: 12x
	LengthAndChunked                // both, RFC 9112 section 6.3
	ChunkUnended                    // chunked without the last chunk
	ChunkGarbled                    // chunked with a size that is no number after half of the body
)

// BeforeHeader is the place of a Break that comes before any byte of the answer.
const BeforeHeader = -1

// Break is a place in the body and what happens there. The zero value is none.
type Break struct {
	kind  breakKind
	after int64
	pause time.Duration
}

type breakKind int

const (
	breakNone breakKind = iota
	breakCut
	breakReset
	breakStall
	breakPause
)

// CutAfter closes the connection in good order after n bytes of body (over
// HTTP/2 it resets the stream).
func CutAfter(n int64) Break { return Break{kind: breakCut, after: n} }

// ResetAfter resets the whole connection after n bytes of body.
func ResetAfter(n int64) Break { return Break{kind: breakReset, after: n} }

// StallAfter sends n bytes of body and then nothing, until the client goes or
// the server is closed.
func StallAfter(n int64) Break { return Break{kind: breakStall, after: n} }

// PauseAfter stalls for d after n bytes of body and then goes on.
func PauseAfter(n int64, d time.Duration) Break {
	return Break{kind: breakPause, after: n, pause: d}
}

// at says how many of the next n bytes, from position off, come before the
// break, and whether it is then reached.
func (b Break) at(off, n int64) (before int64, reached bool) {
	if b.kind == breakNone || off > b.after || off+n < b.after {
		return n, false
	}
	return b.after - off, true
}

// final reports whether nothing can come after the break.
func (b Break) final() bool { return b.kind == breakCut || b.kind == breakReset }

// Ranged picks the requests that have a Range field.
func Ranged(r Request) bool { return r.Range != "" }

// Method returns a When that picks the requests of one method.
func Method(name string) func(Request) bool {
	return func(r Request) bool { return r.Method == name }
}

// armed is a Fault with its count.
type armed struct {
	Fault
	met int
}

func arm(faults []Fault) []*armed {
	a := make([]*armed, len(faults))
	for i, f := range faults {
		a[i] = &armed{Fault: f}
	}
	return a
}

// strikes counts r and says whether the fault harms it.
func (a *armed) strikes(r Request) bool {
	if a.When != nil && !a.When(r) {
		return false
	}
	a.met++
	return a.met > a.Skip && (a.Times == 0 || a.met <= a.Skip+a.Times)
}
