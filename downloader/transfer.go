package downloader

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/seed-9a1263fe/haul/downloader/name"
	"github.com/seed-9a1263fe/haul/downloader/session"
	"github.com/seed-9a1263fe/haul/store"
)

// fillFor is how long a worker waits for its buffer to fill before it writes
// what it has, so that a slow connection loses little when the run is killed.
const fillFor = 250 * time.Millisecond

// errStepDown says that the server answered a range with the whole file though
// nothing changed: it does not understand the precondition that was sent.
var errStepDown = errors.New("downloader: server does not honour the precondition")

// errUnchanged says that a complete file is still what the server has.
var errUnchanged = errors.New("downloader: not modified")

// transfer does one assignment: ask, hold the answer against what is known of
// the file, and read the body into the store. Whatever arrived is committed,
// also when it returns an error.
func (e *Engine) transfer(ctx context.Context, a assignment, buf []byte) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	probe, ok := e.sched.start(a, cancel)
	if !ok {
		return nil // the task was stopped meanwhile
	}
	if probe {
		if whole, err := e.reopen(ctx, a); err != nil || whole {
			return err
		}
	}
	if probe && e.robots != nil {
		if err := e.robots.check(ctx, a.conn, a.task.url); err != nil {
			return err
		}
	}
	ans, err := e.ask(ctx, a)
	if err != nil {
		return err
	}
	switch {
	case ans.Verdict == session.NotModified:
		a.task.meta.note(ans)
		err = errUnchanged
	case probe:
		err = e.acceptProbe(ctx, a, ans)
	default:
		err = e.acceptRange(a, ans)
	}
	if err == nil && ans.Verdict != session.Empty {
		err = e.copyBody(ctx, a, ans, buf)
	}
	if cerr := ans.Close(); err == nil {
		err = cerr
	}
	return err
}

// reopen opens what an earlier run, or an earlier try, left of the file, and
// sets the segment to the first range that is missing. It reports whether none
// is.
func (e *Engine) reopen(ctx context.Context, a assignment) (whole bool, err error) {
	t := a.task
	if t.obj == nil && t.unfinished {
		if t.obj, err = e.store.Open(ctx, store.Owner(t.id), t.key); err != nil {
			return false, err
		}
		if id := t.obj.Identity(); resumable(id) {
			t.identity = id
		}
	}
	if t.identity.IsZero() || t.noRange {
		return false, nil // what is here will be given up for the answer
	}
	return e.sched.resume(a, t.identity.Size, t.obj.Extents()), nil
}

// resumable reports whether bytes of id may be completed in another run: only a
// strong entity tag, or a date, names the bytes of a version (RFC 9110 section
// 8.8.1).
func resumable(id store.Identity) bool {
	return id.Size >= 0 && (id.StrongETag() != "" || !id.LastModified.IsZero())
}

// ask sends the request for the assignment's segment.
func (e *Engine) ask(ctx context.Context, a assignment) (*session.Answer, error) {
	t := a.task
	off, end, how := e.sched.question(a)
	r, err := a.conn.OpenRequest(how.url)
	if err != nil {
		return nil, err
	}
	if !how.stray {
		if err := addFields(r, e.cfg.Header, t.req.Header); err != nil {
			return nil, err
		}
	}
	if t.standing != nil && t.identity.IsZero() {
		r.SetConditional(session.Version(t.standing.Identity))
	}
	if !how.noRange {
		r.SetRange(off, end)
		if !t.identity.IsZero() {
			r.SetVersion(session.Version(t.identity), how.how)
		}
	}
	return r.Send(ctx)
}

// addFields adds header fields to a request.
func addFields(r *session.Request, all ...[]Field) error {
	for _, fields := range all {
		for _, f := range fields {
			if err := r.AddHeader(f.Name, f.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

// acceptProbe takes the first answer of a task. It opens the object if need be,
// settles whose bytes it holds, and lets the other workers know the size.
func (e *Engine) acceptProbe(ctx context.Context, a assignment, ans *session.Answer) error {
	t := a.task
	id := store.Identity(ans.Version)
	if ans.Verdict == session.Empty {
		id.Size = 0
	}
	if err := errors.Join(e.checkSize(t, id.Size), e.checkType(t, ans.ContentType)); err != nil {
		return err
	}
	if ans.Verdict == session.Whole && !ans.Changed && t.identity.Size > 0 && ans.Ranges && t.how < session.ByCheck {
		return errStepDown
	}
	if ans.Verdict == session.Part && id.Size < 0 {
		// A part of nobody knows how much: what comes behind it could only be
		// guessed at.
		return &session.Error{Kind: session.KindRange, URL: session.Redact(ans.URL), Status: ans.Status,
			Err: errors.New("the whole size is not said")}
	}
	t.meta.note(ans)
	t.declared = declared(ans.Digests)
	if err := e.openObject(ctx, t, ans); err != nil {
		return err
	}
	if ans.Verdict != session.Part || t.identity.IsZero() {
		if err := t.obj.Reset(ctx, id); err != nil {
			return err
		}
		t.identity = id
	}
	e.sched.opened(a, ans, t.identity.Size, t.obj.Extents())
	e.announce(t)
	return nil
}

// acceptRange takes an answer for one more range of an open task: anything but
// a part of the same version is an error.
func (e *Engine) acceptRange(a assignment, ans *session.Answer) error {
	switch {
	case ans.Verdict == session.Part:
		e.sched.capAt(a, ans.End)
		return nil
	case ans.Verdict == session.Whole && !ans.Changed:
		return errStepDown
	}
	return &session.Error{Kind: session.KindChanged, URL: session.Redact(ans.URL), Status: ans.Status}
}

// checkSize holds the size that the server says against what is allowed and
// what the list declares.
func (e *Engine) checkSize(t *task, size int64) error {
	if limit := e.cfg.MaxFileSize; limit > 0 && size > limit {
		return &Failure{session.KindTooLarge, fmt.Sprintf("the file has %d bytes, the limit is %d", size, limit)}
	}
	if t.req.Size > 0 && size >= 0 && size != t.req.Size {
		return &Failure{KindChecksum, fmt.Sprintf("the file has %d bytes, the list says %d", size, t.req.Size)}
	}
	return nil
}

// checkType holds the answer's Content-Type against what is expected.
func (e *Engine) checkType(t *task, got string) error {
	want := or(t.req.Type, e.cfg.ExpectType)
	m, err := ParseMediaType(want)
	switch {
	case err != nil:
		return &Failure{session.KindProtocol, err.Error()}
	case !m.Takes(got):
		return &Failure{session.KindProtocol, fmt.Sprintf("the server sends %q where %q is expected", got, want)}
	}
	return nil
}

// openObject opens the task's object under the name that the list, the answer
// or the URL gives, in this order.
func (e *Engine) openObject(ctx context.Context, t *task, ans *session.Answer) error {
	if t.obj != nil {
		return nil
	}
	if t.req.Out == "" && ans.Disposition != "" && t.standing == nil {
		if err := e.renameTo(ctx, t, ans.Disposition); err != nil {
			return err
		}
	}
	obj, err := e.store.Open(ctx, store.Owner(t.id), t.key)
	if err != nil {
		return err
	}
	t.obj = obj
	return nil
}

// renameTo gives the task the name that the answer's Content-Disposition says,
// if that is one.
func (e *Engine) renameTo(ctx context.Context, t *task, disposition string) error {
	want, err := name.Join(t.req.Dir, name.Of(disposition, t.url))
	if err != nil {
		return err
	}
	if want == t.want {
		return nil
	}
	e.sched.awaitTurn(ctx, t)
	key, err := e.names.claim(ctx, t.id, want)
	if err != nil {
		return err
	}
	e.names.release(t.id, t.key)
	e.sched.rename(t, key)
	t.want = want
	return nil
}

// copyBody reads the answer into the object until the segment ends. Another
// worker may move that end towards us at any time.
func (e *Engine) copyBody(ctx context.Context, a assignment, ans *session.Answer, buf []byte) error {
	var arrived store.Range // of the last round
	for {
		off, n := e.sched.claim(a, arrived, int64(len(buf)))
		if n == 0 {
			return nil
		}
		got, err := fill(ans, buf[:n])
		arrived = store.Range{Off: off, End: off + int64(got)}
		if werr := e.keep(ctx, a, buf[:got], off, err); werr != nil {
			e.sched.lost(a, off)
			return werr
		}
		if err == nil && int64(got) == n {
			continue
		}
		e.sched.partly(a, arrived)
		switch {
		case err == io.EOF:
			return e.bodyEnded(a, ans, arrived.End)
		case err != nil:
			return err
		}
		arrived = store.Range{}
	}
}

// keep writes p at off and vouches for it, unless p is the whole file: then
// Publish will.
func (e *Engine) keep(ctx context.Context, a assignment, p []byte, off int64, rerr error) error {
	t := a.task
	if len(p) == 0 {
		return nil
	}
	if limit := e.cfg.MaxFileSize; limit > 0 && off+int64(len(p)) > limit {
		return &Failure{session.KindTooLarge, fmt.Sprintf("the file has more than the %d bytes that are the limit", limit)}
	}
	if _, err := t.obj.WriteAt(p, off); err != nil {
		return err
	}
	if off == 0 && int64(len(p)) == t.identity.Size && (rerr == nil || rerr == io.EOF) {
		return nil
	}
	// What arrived counts also when the run is ending at this moment.
	return t.obj.Commit(context.WithoutCancel(ctx), store.Range{Off: off, End: off + int64(len(p))})
}

// bodyEnded handles the end of a body: fine where the answer did not say its
// length, and then the size is known now.
func (e *Engine) bodyEnded(a assignment, ans *session.Answer, end int64) error {
	if ans.End < 0 {
		if size := a.task.req.Size; size > 0 && end != size {
			return &Failure{KindChecksum, fmt.Sprintf("the file has %d bytes, the list says %d", end, size)}
		}
		e.sched.sizeKnown(a, end)
		return nil
	}
	if end < ans.End {
		return &session.Error{Kind: session.KindTruncated, URL: session.Redact(ans.URL), Temporary: true,
			Err: fmt.Errorf("%d of %d bytes", end-ans.Off, ans.End-ans.Off)}
	}
	return nil
}

// fill reads until p is full, the body ends or fails, or some time has passed
// with something read.
func fill(r io.Reader, p []byte) (n int, err error) {
	var began time.Time
	for n < len(p) {
		m, err := r.Read(p[n:])
		n += m
		if err != nil {
			return n, err
		}
		switch now := time.Now(); {
		case began.IsZero():
			began = now
		case now.Sub(began) > fillFor:
			return n, nil
		}
	}
	return n, nil
}

// note keeps what a result tells of an answer.
func (m *answerMeta) note(ans *session.Answer) {
	m.finalURL = session.Redact(ans.FinalURL)
	m.status = ans.Status
	m.contentType = ans.ContentType
	m.encoding = ans.Encoding
	m.modified = ans.Version.LastModified
}
