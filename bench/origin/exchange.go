package origin

import (
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"time"
)

// errBroken ends an answer where a Break wanted it to end.
var errBroken = errors.New("origin: answer broken off on purpose")

// exchange is one request and its answer, owned by the goroutine that serves it.
type exchange struct {
	o       *Origin
	w       http.ResponseWriter
	r       *http.Request
	conn    *conn    // nil on a foreign server
	raw     net.Conn // once taken over from net/http
	seen    *Request // in the log; the origin's lock guards it
	arrived *Request // a copy, as it was at arrival
	entry   *entry
	host    *counters
	version *version
	fault   Fault
	taken   bool // it counts for the limit of requests
	left    bool // no longer in flight
}

// begin counts a request and decides its answer.
func (o *Origin) begin(w http.ResponseWriter, r *http.Request) *exchange {
	x := &exchange{o: o, w: w, r: r, conn: connOf(r.Context())}
	x.seen = &Request{
		At: time.Now(), Host: r.Host, Server: r.Host, Method: r.Method, Path: r.URL.Path,
		Query: r.URL.RawQuery, Proto: r.Proto, Range: r.Header.Get("Range"), Header: r.Header,
	}
	if o.cfg.Keep > 0 {
		x.seen.Header = r.Header.Clone()
	}
	if x.conn != nil {
		x.seen.Conn, x.seen.Server = x.conn.id, x.conn.srv.addr
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.total.arrive()
	x.host = o.host(x.seen.Server)
	x.host.arrive()
	x.entry = o.lookup(x.seen.Path)
	if x.entry != nil {
		x.entry.seen++
		x.seen.N = x.entry.seen
	}
	o.remember(x.seen)
	o.pick(x, x.entry)
	c := *x.seen
	x.arrived = &c
	return x
}

// end counts a request out, whatever happened to it.
func (x *exchange) end() { x.leave() }

// leave takes the request out of flight, once.
func (x *exchange) leave() {
	if x.left {
		return
	}
	x.left = true
	x.o.mu.Lock()
	defer x.o.mu.Unlock()
	if x.taken {
		x.o.taken--
	}
	x.o.total.InFlight--
	x.host.InFlight--
}

// count adds n bytes of body, which may be negative when fewer were written
// than were counted.
func (x *exchange) count(n int) {
	x.o.mu.Lock()
	defer x.o.mu.Unlock()
	x.o.total.BodyBytes += int64(n)
	x.host.BodyBytes += int64(n)
	x.seen.Sent += int64(n)
	if x.entry != nil {
		x.entry.sent += int64(n)
	}
}

// run answers. It panics with http.ErrAbortHandler, as net/http wants it, to
// break an answer off.
func (x *exchange) run() {
	if !wait(x.r.Context(), x.fault.Delay) {
		panic(http.ErrAbortHandler)
	}
	if x.fault.Break.after == BeforeHeader {
		if err := x.breakOff(func() error { return nil }); err != nil {
			panic(http.ErrAbortHandler)
		}
	}
	a := answerTo(x.r, x.version, &x.fault, time.Now())
	x.o.mu.Lock()
	x.seen.Status = a.status
	x.o.mu.Unlock()
	var err error
	switch {
	case !x.needsWire():
		err = x.send(a)
	case x.r.ProtoMajor == 1:
		err = x.sendRaw(a)
	default:
		x.fault.Break = CutAfter(max(0, a.length/2))
		x.fault.Framing = FrameLength
		err = x.send(a)
	}
	if err != nil {
		panic(http.ErrAbortHandler)
	}
}

// needsWire reports whether net/http would refuse to send what is asked for.
func (x *exchange) needsWire() bool {
	switch x.fault.Framing {
	case FrameLength, FrameChunked, LengthLong:
		return x.fault.HeaderRate > 0 && x.r.ProtoMajor == 1
	}
	return true
}

// send answers through net/http.
func (x *exchange) send(a answer) error {
	h := x.w.Header()
	maps.Copy(h, a.header)
	for _, code := range x.fault.Early {
		x.w.WriteHeader(code)
	}
	if a.body != nil && a.length >= 0 && x.fault.Framing != FrameChunked {
		n := a.length
		if x.fault.Framing == LengthLong {
			n += longer
		}
		h.Set("Content-Length", strconv.FormatInt(n, 10))
	}
	x.w.WriteHeader(a.status)
	flush := http.NewResponseController(x.w).Flush
	if x.fault.Framing == FrameChunked && x.r.Method != http.MethodHead {
		if err := flush(); err != nil {
			return err
		}
	}
	if err := x.pump(x.w, flush, a); err != nil {
		return err
	}
	if x.fault.Framing != LengthLong {
		return nil
	}
	// An aborted answer loses what net/http still holds of it.
	if err := flush(); err != nil {
		return err
	}
	return errBroken
}

// longer is by how much LengthLong lies.
const longer = 10

// breakOff does what the Break says. It returns nil when the answer goes on.
func (x *exchange) breakOff(flush func() error) error {
	if err := flush(); err != nil {
		return err
	}
	switch x.fault.Break.kind {
	case breakPause:
		if !wait(x.r.Context(), x.fault.Break.pause) {
			return x.r.Context().Err()
		}
		return nil
	case breakStall:
		x.hold()
	case breakReset:
		if x.conn != nil {
			x.conn.reset()
		}
	}
	return errBroken
}

// hold waits until the client has gone or the server is closed.
func (x *exchange) hold() {
	if x.raw == nil {
		<-x.r.Context().Done()
		return
	}
	// net/http no longer watches a connection that was taken over.
	_, _ = io.Copy(io.Discard, x.raw)
}

// wait lets d pass; false says that ctx ended before.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
