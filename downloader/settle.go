package downloader

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/seed-9a1263fe/haul/downloader/name"
	"github.com/seed-9a1263fe/haul/downloader/session"
	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/store"
)

// finish publishes a task whose bytes are all here and settles its job. Only an
// error that ends the run is returned.
func (e *Engine) finish(ctx context.Context, t *task) error {
	began := time.Now()
	info, err := e.publish(ctx, t)
	e.sched.published(time.Since(began))
	if err == nil {
		t.obj.Close()
		e.release(t)
		if err := t.lease.Ack(context.WithoutCancel(ctx)); err != nil && !errors.Is(err, queue.ErrLost) {
			return fmt.Errorf("queue: %w", err)
		}
		e.finished(t.result(Complete, info))
		return nil
	}
	e.sched.finishFailed(t, e.judgePublish(t, err))
	return e.conclude(ctx, t)
}

// publish makes the object visible. If its name was taken meanwhile by somebody
// else, it gets the next one.
func (e *Engine) publish(ctx context.Context, t *task) (store.Info, error) {
	want := store.Want{Digests: t.declared, SHA256: e.cfg.SHA256, Replace: e.cfg.Overwrite}
	if !t.req.Checksum.IsZero() {
		want.Digests = append(want.Digests[:len(want.Digests):len(want.Digests)], t.req.Checksum)
	}
	if e.cfg.RemoteTime {
		want.ModTime = t.identity.LastModified
	}
	for range maxSuffix {
		info, err := t.obj.Publish(ctx, want)
		if !errors.Is(err, store.ErrExists) || e.cfg.KeepNames {
			return info, err
		}
		if err := e.takeNextName(ctx, t); err != nil {
			return store.Info{}, err
		}
	}
	return store.Info{}, fmt.Errorf("%q: %w", t.want, store.ErrExists)
}

// takeNextName moves the object to a name that is free now.
func (e *Engine) takeNextName(ctx context.Context, t *task) error {
	for i := 1; i <= maxSuffix; i++ {
		key := name.Suffix(t.want, i)
		if !e.names.reserve(t.id, key) {
			continue
		}
		taken, err := e.store.Taken(ctx, store.Owner(t.id), key)
		if err == nil && !taken {
			err = t.obj.Rename(ctx, key)
		}
		if err == nil && !taken {
			e.names.release(t.id, t.key)
			e.sched.rename(t, key)
			return nil
		}
		e.names.release(t.id, key)
		if err != nil && !errors.Is(err, store.ErrExists) {
			return err
		}
	}
	return fmt.Errorf("%q: %w, with every suffix up to %d", t.want, store.ErrExists, maxSuffix)
}

// judgePublish says what a failed Publish leads to. Bytes that came together
// over several answers and do not match deserve to be fetched once more in one
// go; bytes that came in one go are what the server has.
func (e *Engine) judgePublish(t *task, err error) ending {
	pieced := t.resumed > 0 || t.attempts > 1 || t.identity.Size > 2*e.cfg.MinSplit
	switch {
	case errors.Is(err, context.Canceled):
		return ending{interrupted, err}
	case errors.Is(err, store.ErrNoSpace), errors.Is(err, store.ErrClosed):
		return ending{stopRun, err}
	case errors.Is(err, store.ErrMismatch) && pieced && t.restarts == 0,
		errors.Is(err, store.ErrPoisoned) && t.restarts == 0,
		errors.Is(err, store.ErrIncomplete) && t.restarts == 0:
		t.restarts++
		return ending{startAnew, err}
	}
	return ending{t.nextMirror(), err}
}

// conclude ends a task, of which nothing is in flight, as its ending says. Only
// an error that ends the run is returned.
func (e *Engine) conclude(ctx context.Context, t *task) error {
	over := ctx.Err() != nil
	switch v := t.end.verdict; {
	case v == unchanged:
		e.release(t)
		return e.skip(context.WithoutCancel(ctx), t, *t.standing)
	case v == giveUp, v == stopRun:
		return e.fail(ctx, t)
	case over || v == interrupted:
		e.letGo(context.WithoutCancel(ctx), []*task{t})
	case v == tryAgain:
		return e.giveBack(ctx, t)
	case v == askAfresh:
		return e.refresh(ctx, t)
	case v == startAnew:
		e.log.Info("begin anew", "url", t.urlText(), "err", t.end.err)
		t.identity = store.Identity{}
		e.sched.again(t, true)
	default:
		e.log.Info("ask in another way", "url", t.urlText(), "precondition", t.how.String())
		e.sched.again(t, false)
	}
	return nil
}

// refresh has the embedding program say where the file is now.
func (e *Engine) refresh(ctx context.Context, t *task) error {
	urls, err := e.cfg.Refresh(ctx, t.req, t.end.err)
	if err == nil && len(urls) == 0 {
		err = errors.New("no new URL")
	}
	if err == nil {
		old := t.req.URLs
		t.req.URLs, t.mirror = urls, 0
		if err = t.setURL(); err == nil {
			t.refreshed = true
			t.stray = !namesOrigin(old, t.url)
			t.step("the URL had expired: asked at a new one")
			t.req.URLs = old // what the list said is what results name
			e.sched.again(t, false)
			return nil
		}
		t.req.URLs = old
	}
	if ctx.Err() != nil {
		e.letGo(context.WithoutCancel(ctx), []*task{t})
		return nil
	}
	t.end = ending{giveUp, fmt.Errorf("%w (and no new URL: %w)", t.end.err, err)}
	return e.fail(ctx, t)
}

// namesOrigin reports whether one of the URLs is at u's origin.
func namesOrigin(urls []string, u *url.URL) bool {
	return slices.ContainsFunc(urls, func(raw string) bool {
		named, err := url.Parse(raw)
		return err == nil && session.Origin(named) == session.Origin(u)
	})
}

// giveBack returns the job to the queue until it is time for its next try.
func (e *Engine) giveBack(ctx context.Context, t *task) error {
	after := retryDelay(&e.cfg, t.tries, t.end.err)
	err := t.end.err
	e.closeObject(t)
	e.release(t)
	e.mu.Lock()
	e.histories[t.id] = t.history()
	e.tally.retries++
	e.mu.Unlock()
	e.log.Debug("try again", "url", t.urlText(), "err", err, "after", after, "tries", t.tries)
	e.cfg.Observe(Retrying{ID: t.id, URL: t.urlText(), Err: err, After: after, Tries: t.tries})
	if err := t.lease.Retry(ctx, after); err != nil && !errors.Is(err, queue.ErrLost) {
		return fmt.Errorf("queue: %w", err)
	}
	return nil
}

// fail ends a begun task whose job has failed. What it has is kept if another
// run may go on from there.
func (e *Engine) fail(ctx context.Context, t *task) error {
	if t.obj != nil && forgets(t.end.err) {
		e.logIf(t.obj.Discard(context.WithoutCancel(ctx)), "discard a file")
	} else {
		e.closeObject(t)
	}
	e.release(t)
	err := e.drop(context.WithoutCancel(ctx), t, t.end.err)
	if t.end.verdict == stopRun && err == nil {
		err = t.end.err
	}
	return err
}

// forgets reports whether what is here of a file that failed with err is of no
// use to a later run.
func forgets(err error) bool {
	switch kindOf(err) {
	case KindChecksum, session.KindTooLarge, session.KindChanged, KindName:
		return true
	}
	return false
}

// drop settles a job that has failed for good.
func (e *Engine) drop(ctx context.Context, t *task, cause error) error {
	r := t.result(Failed, store.Info{})
	r.Err = cause
	r.Failure = asFailure(cause)
	var se *session.Error
	if errors.As(cause, &se) && se.Status != 0 {
		r.HTTPStatus = se.Status
	}
	err := t.lease.Drop(ctx, queue.Reason{Kind: string(r.Failure.Kind), Text: r.Failure.Message})
	if err != nil && !errors.Is(err, queue.ErrLost) {
		return fmt.Errorf("queue: %w", err)
	}
	e.finished(r)
	return nil
}

// skip settles a job that was complete before.
func (e *Engine) skip(ctx context.Context, t *task, info store.Info) error {
	if err := t.lease.Ack(ctx); err != nil && !errors.Is(err, queue.ErrLost) {
		return fmt.Errorf("queue: %w", err)
	}
	t.resumed = info.Identity.Size
	t.identity = info.Identity
	e.finished(t.result(Skipped, info))
	return nil
}

// letGo returns jobs, begun or not, to the queue as they are.
func (e *Engine) letGo(ctx context.Context, ts []*task) {
	for _, t := range ts {
		e.closeObject(t)
		e.release(t)
		if err := t.lease.Return(ctx); err != nil && !errors.Is(err, queue.ErrLost) {
			e.log.Warn("give back a job", "job", t.id.String(), "err", err)
		}
	}
}

// release takes the task out of the engine's hands: its name is free, and so is
// its place.
func (e *Engine) release(t *task) {
	e.names.release(t.id, t.key)
	e.sched.gone(t)
}

func (e *Engine) closeObject(t *task) {
	if t.obj != nil {
		e.logIf(t.obj.Close(), "close a file")
		t.obj = nil
	}
}

func (e *Engine) logIf(err error, what string) {
	if err != nil {
		e.log.Warn(what, "err", err)
	}
}

// result says how the task's job ended.
func (t *task) result(status Status, info store.Info) Result {
	r := Result{
		ID: t.id, URL: t.listURL(), FinalURL: t.meta.finalURL, Key: info.Key, Status: status,
		HTTPStatus: t.meta.status, Bytes: max(info.Identity.Size, 0),
		ResumedBytes: t.resumed, FetchedBytes: t.fetched, SHA256: info.SHA256,
		ETag: info.Identity.ETag, LastModified: info.Identity.LastModified, ContentType: t.meta.contentType, ContentEncoding: t.meta.encoding,
		Attempts: t.attempts, Started: t.began, Duration: time.Since(t.began),
		List: t.req.List, Line: t.req.Line, Meta: t.req.Meta, Request: &t.req, Steps: t.steps,
	}
	return r
}
