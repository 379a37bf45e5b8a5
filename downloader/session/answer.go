package session

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Answer is a judged answer, whose body is read with Read. The fields are not
// to be changed. It serves one goroutine, except that Close may be called from
// any.
type Answer struct {
	// Verdict says what the body is. Empty and NotModified have none.
	Verdict Verdict
	Status  int
	// URL as asked and FinalURL as answered, after redirects. Both may hold
	// secrets; Redact shows them.
	URL, FinalURL *url.URL
	Header        http.Header

	// Off and End are the positions in the file of the body's first byte and of
	// the byte behind its last; End is -1 if the server did not say it.
	Off, End int64
	// Version that the body belongs to.
	Version Version
	// Changed is set on a Whole answer that is not, or cannot be shown to be,
	// the version of SetVersion.
	Changed bool
	// Ranges says that the server takes ranges of this file.
	Ranges bool

	ContentType string
	// Encoding is the Content-Encoding (RFC 9110 section 8.4). None was asked
	// for; the body is handed over as it was sent.
	Encoding string
	// Disposition is the field Content-Disposition as sent (RFC 6266).
	Disposition string
	// Digests that the server declares of the whole file.
	Digests []Digest

	// Reused says that the connection had served a request before.
	Reused bool
	// Protocol of the answer, as "HTTP/1.1".
	Protocol string

	c       *Conn
	x       *exchange
	off     int64 // position of the next byte
	surplus bool
	slow    slowness
	budget  budget
	err     error // what every further Read returns
}

// judge makes an answer of resp, or the error that it is. x.busy is held.
func (r *Request) judge(x *exchange, u *url.URL, resp *http.Response, seen *observed) (*Answer, error) {
	s := r.c.s
	length := resp.ContentLength
	if resp.Body == http.NoBody {
		length = 0
	}
	j, fail := judge(&r.ask, resp.StatusCode, resp.Header, length, time.Now())
	if fail != nil {
		fail.URL = Redact(u)
		x.endTrip(s.hosts, fail)
		drain(x)
		return nil, fail
	}
	limit := x.trip.h.rate
	s.hosts.answered(x.trip)
	a := &Answer{
		Verdict: j.verdict, Status: resp.StatusCode, URL: r.url, FinalURL: u, Header: resp.Header,
		Off: j.off, End: j.end, Version: j.version, Changed: j.changed, Ranges: j.ranges,
		ContentType: resp.Header.Get("Content-Type"), Encoding: encodingOf(resp.Header),
		Disposition: resp.Header.Get("Content-Disposition"), Digests: digestsOf(j.verdict, j.off == 0 && j.end == j.version.Size, resp.Header),
		Reused: seen.wasReused(), Protocol: resp.Proto,
		c: r.c, x: x, off: j.off, surplus: j.surplus,
		slow:   slowness{limit: s.cfg.LowestSpeed, over: s.cfg.Timeout},
		budget: newBudget(s.overall, limit),
	}
	if a.Verdict == Empty || a.Verdict == NotModified {
		drain(x)
		x.endTrip(s.hosts, nil)
		a.err = io.EOF
	}
	return a, nil
}

// Read reads on into p. It returns io.EOF only when all that was promised has
// come, and an *Error when that does not happen. With a large p the bytes go
// from the connection straight into it.
func (a *Answer) Read(p []byte) (int, error) {
	a.x.busy.Lock()
	defer a.x.busy.Unlock()
	if a.err != nil || len(p) == 0 {
		return 0, a.err
	}
	if a.x.body == nil {
		a.err = a.failure(ErrClosed)
		return 0, a.err
	}
	if a.End >= 0 {
		p = p[:min(int64(len(p)), a.End-a.off)]
	}
	if len(p) == 0 {
		a.err = a.end()
		return 0, a.err
	}
	n, err := a.read(p)
	if err != nil {
		a.err = a.conclude(err)
	}
	if n > 0 && a.err != io.EOF {
		return n, a.err
	}
	if n > 0 {
		return n, nil // the end is said by the next call
	}
	return 0, a.err
}

// read takes some bytes off the connection, within the bounds on speed.
func (a *Answer) read(p []byte) (int, error) {
	p, err := a.budget.take(a.x.ctx, p)
	if err != nil {
		return 0, err
	}
	a.x.enter(PhaseBody, a.c.s.cfg.Timeout)
	began := time.Now()
	n, err := a.x.body.Read(p)
	took := time.Since(began)
	a.x.pause()
	a.off += int64(n)
	a.budget.spend(n)
	if err == nil {
		err = a.slow.check(n, took)
	}
	return n, err
}

// conclude says what it means that the body ended with err.
func (a *Answer) conclude(err error) error {
	if err != io.EOF {
		return a.failure(err)
	}
	if a.End >= 0 && a.off < a.End {
		return a.failure(io.ErrUnexpectedEOF)
	}
	return a.succeed()
}

// end is reached when all bytes that were promised are read, and the body has
// not ended by itself. What follows must be its end.
func (a *Answer) end() error {
	if a.surplus {
		return a.succeed() // known to be longer; Close gives the connection up
	}
	var p [1]byte
	a.x.enter(PhaseBody, a.c.s.cfg.Timeout)
	n, err := a.x.body.Read(p[:])
	a.x.pause()
	switch {
	case n > 0:
		return a.failure(&Error{Kind: KindRange, Err: fmt.Errorf("the body goes on behind byte %d, where it said to end", a.End)})
	case err == nil || err == io.EOF:
		return a.succeed()
	}
	return a.failure(err)
}

func (a *Answer) succeed() error {
	a.x.endTrip(a.c.s.hosts, nil)
	return io.EOF
}

// failure makes an *Error of what went wrong in the body.
func (a *Answer) failure(err error) *Error {
	fail := a.c.s.failure(a.x, a.FinalURL, err)
	fail.Phase, fail.Status = PhaseBody, a.Status
	if errors.Is(err, io.ErrUnexpectedEOF) && fail.Kind == KindReset {
		fail.Kind = KindTruncated
	}
	a.x.endTrip(a.c.s.hosts, fail)
	return fail
}

// Close ends the answer; its connection is kept if the body was read to the
// end. Afterwards the Conn can open another request. A second Close does
// nothing.
func (a *Answer) Close() error {
	a.x.abort(ErrClosed)
	a.x.close(a.c.s.hosts)
	a.c.finish(a.x)
	return nil
}
