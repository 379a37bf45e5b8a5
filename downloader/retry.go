package downloader

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/seed-9a1263fe/haul/downloader/name"
	"github.com/seed-9a1263fe/haul/downloader/session"
	"github.com/seed-9a1263fe/haul/store"
)

// verdict is what a failed try of a file leads to.
type verdict uint8

const (
	tryAgain     verdict = iota // the same, after a wait
	askAnew                     // the same at once, in another way
	askAfresh                   // the same, at a URL that Config.Refresh gives
	startAnew                   // other bytes: forget what is here
	withoutRange                // the server cannot be trusted with ranges
	giveUp                      // the job has failed
	stopRun                     // the store cannot go on, and nobody could
	interrupted                 // the run is ending; the job is owed as it is
	unchanged                   // there is nothing to fetch
)

// maxRestarts bounds how often one file is begun anew because it changed under
// our hands, before it is asked for in one piece, and then how often that.
const maxRestarts = 3

// judgeFailure says what to do about err. tries counts the failures in a row
// without progress, this one included; maxTries < 0 is without limit.
func judgeFailure(err error, tries, maxTries int) verdict {
	var se *session.Error
	switch {
	case errors.As(err, &se):
		// First: what canceled it may be any error, of another file.
		return judgeSession(se, tries, maxTries)
	case errors.Is(err, store.ErrNoSpace), errors.Is(err, store.ErrClosed):
		return stopRun
	case errors.Is(err, context.Canceled):
		return interrupted
	}
	return giveUp
}

// judge says what to do about err, which came while t was worked on, and turns t
// to the next rung of the ladder where that is the answer: another precondition,
// no ranges, another mirror.
func (t *task) judge(err error, cfg *Config) verdict {
	switch {
	case errors.Is(err, errStepDown):
		return t.stepDown()
	case errors.Is(err, errUnchanged) && t.standing != nil:
		return unchanged
	case errors.Is(err, errAskAgain):
		return askAnew
	}
	switch v := judgeFailure(err, t.tries, cfg.MaxTries); v {
	case startAnew:
		t.step("the file changed: begun anew")
		t.restarts++
		t.noRange = t.noRange || t.restarts > maxRestarts
		if t.restarts > 2*maxRestarts {
			return giveUp
		}
		return v
	case withoutRange:
		if t.noRange {
			return t.nextMirror()
		}
		t.step("ranges are not answered well: asked for in one piece")
		t.noRange = true
		return startAnew
	case giveUp:
		if refreshes(cfg, err) && !t.refreshed {
			return askAfresh
		}
		return t.nextMirror()
	default:
		return v
	}
}

// refreshes reports whether err is what an expired URL gives, and somebody
// knows how to get a new one.
func refreshes(cfg *Config, err error) bool {
	if cfg.Refresh == nil {
		return false
	}
	switch session.KindOf(err) {
	case session.KindUnauthorized, session.KindForbidden, session.KindNotFound:
		return true
	}
	return false
}

// maxSteps bounds the steps that one result tells.
const maxSteps = 16

// step notes a rung of the ladder, for the result.
func (t *task) step(what string) {
	if len(t.steps) < maxSteps {
		t.steps = append(t.steps, what)
	}
}

// stepDown chooses the next weaker precondition.
func (t *task) stepDown() verdict {
	switch t.how {
	case session.Auto, session.ByETag:
		t.step("the entity tag in If-Range is not honoured: the date is sent")
		t.how = session.ByDate
		return askAnew
	case session.ByDate:
		t.step("the date in If-Range is not honoured: plain ranges, every answer checked")
		t.how = session.ByCheck
		return askAnew
	}
	t.step("ranges are not answered at all: asked for in one piece")
	t.noRange = true
	return startAnew
}

// nextMirror turns to the next URL of the list's entry, if there is one. Its
// bytes may be others, so the file begins anew.
func (t *task) nextMirror() verdict {
	for t.mirror+1 < len(t.req.URLs) {
		t.mirror++
		u, err := url.Parse(t.req.URLs[t.mirror])
		if err != nil {
			continue
		}
		t.url = u
		t.step("turned to the next mirror")
		t.tries, t.noRange, t.how, t.stray = 0, false, session.Auto, false
		return startAnew
	}
	return giveUp
}

func judgeSession(e *session.Error, tries, maxTries int) verdict {
	switch e.Kind {
	case session.KindCanceled:
		return interrupted
	case session.KindChanged:
		return startAnew
	case session.KindRange:
		return withoutRange
	}
	if !e.Temporary || maxTries >= 0 && tries >= maxTries {
		return giveUp
	}
	return tryAgain
}

// retryDelay is how long a file waits after its n-th failure in a row (n ≥ 1):
// exponential with full jitter, so that files that failed together do not come
// back together; and never less than the server asked for.
func retryDelay(cfg *Config, n int, err error) time.Duration {
	b := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(cfg.RetryWait),
		backoff.WithMultiplier(2),
		backoff.WithRandomizationFactor(1), // from 0 to twice the interval
		backoff.WithMaxInterval(cfg.RetryMax),
		backoff.WithMaxElapsedTime(0),
	)
	var d time.Duration
	for range min(n, 32) {
		d = b.NextBackOff()
	}
	var se *session.Error
	if errors.As(err, &se) {
		d = max(d, se.After)
	}
	return d
}

// kindOf classifies any error that can end a job.
func kindOf(err error) Kind {
	var f *Failure
	var ne *name.Error
	switch {
	case errors.As(err, &f):
		return f.Kind
	case errors.Is(err, store.ErrNoSpace):
		return KindDiskFull
	case errors.Is(err, store.ErrMismatch):
		return KindChecksum
	case errors.Is(err, store.ErrExists), errors.Is(err, store.ErrKey), errors.As(err, &ne):
		return KindName
	}
	if k := session.KindOf(err); k != "" {
		return k
	}
	if errors.Is(err, context.Canceled) {
		return session.KindCanceled
	}
	return KindIO
}
