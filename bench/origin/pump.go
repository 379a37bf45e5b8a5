package origin

import (
	"io"
	"net/http"
	"time"
)

// ticks is how many pieces a paced body or header is sent in each second.
const ticks = 20

// pump writes a body at its rate, up to its break.
type pump struct {
	x      *exchange
	dst    io.Writer
	flush  func() error
	brk    Break // still ahead
	off    int64 // written so far
	length int64 // -1: not known
}

// pump sends the body of a to dst. The break comes also where there is no body,
// if it comes after no bytes.
func (x *exchange) pump(dst io.Writer, flush func() error, a answer) error {
	if a.body == nil || x.r.Method == http.MethodHead {
		a.body, a.length = http.NoBody, 0
	}
	p := pump{x: x, dst: dst, flush: flush, brk: x.fault.Break, length: a.length}
	buf := x.o.buffers.Get().(*[64 << 10]byte)
	defer x.o.buffers.Put(buf)
	step := int64(len(buf))
	if rate := x.fault.BodyRate; rate > 0 {
		step = min(step, max(1, rate/ticks))
	}
	for {
		n, end := a.body.Read(buf[:step])
		if err := p.push(buf[:n], end != nil); err != nil {
			return err
		}
		if end == io.EOF {
			return nil
		}
		if end != nil {
			return end
		}
		if err := p.pace(n); err != nil {
			return err
		}
	}
}

// push writes b, and breaks off where the break lies in it.
func (p *pump) push(b []byte, last bool) error {
	last = last || p.length >= 0 && p.off+int64(len(b)) >= p.length
	if before, reached := p.brk.at(p.off, int64(len(b))); reached {
		if err := p.write(b[:before], p.brk.final()); err != nil {
			return err
		}
		if err := p.x.breakOff(p.flush); err != nil {
			return err
		}
		p.brk, b = Break{}, b[before:]
	}
	return p.write(b, last)
}

// write counts b, and then writes it: the client that has read it shall find it
// counted. What a broken connection did not take is taken back.
func (p *pump) write(b []byte, last bool) error {
	if last {
		p.x.leave()
	}
	if len(b) == 0 {
		return nil
	}
	p.x.count(len(b))
	n, err := p.dst.Write(b)
	if n < len(b) {
		p.x.count(n - len(b))
	}
	p.off += int64(n)
	return err
}

// pace lets the time pass that n bytes take.
func (p *pump) pace(n int) error {
	rate := p.x.fault.BodyRate
	if rate <= 0 {
		return nil
	}
	if err := p.flush(); err != nil {
		return err
	}
	ctx := p.x.r.Context()
	if !wait(ctx, time.Duration(float64(n)/float64(rate)*float64(time.Second))) {
		return ctx.Err()
	}
	return nil
}
