package downloader

import (
	"errors"
	"maps"
	"net/url"
	"time"

	"github.com/seed-9a1263fe/haul/downloader/session"
	"github.com/seed-9a1263fe/haul/store"
)

// tally counts how jobs ended. It is guarded by the engine's lock.
type tally struct {
	since                     time.Time
	complete, skipped, failed int64
	retries                   int64
	bytes, resumed            int64
	failures                  map[Kind]int64
}

// finished counts a result and hands it out.
func (e *Engine) finished(r Result) {
	e.mu.Lock()
	switch r.Status {
	case Complete:
		e.tally.complete++
		e.tally.bytes += r.Bytes
		e.tally.resumed += r.ResumedBytes
	case Skipped:
		e.tally.skipped++
	case Failed:
		e.tally.failed++
		e.tally.failures[r.Failure.Kind]++
	}
	e.mu.Unlock()
	e.cfg.Observe(Finished{r})
}

// announce tells, once, that a file's size and name are known.
func (e *Engine) announce(t *task) {
	if t.announced {
		return
	}
	t.announced = true
	e.cfg.Observe(Started{ID: t.id, URL: t.text, Key: t.key, Size: t.identity.Size, Resumed: t.resumed})
}

// Snapshot returns the state of the run. It may be called at any time from any
// goroutine; it waits for no network or disk.
func (e *Engine) Snapshot() Snapshot {
	e.mu.Lock()
	t := e.tally
	failures := maps.Clone(t.failures)
	sess := e.sess
	e.mu.Unlock()
	s := Snapshot{
		Complete: t.complete, Skipped: t.skipped, Failed: t.failed, Failures: failures,
		Retries: t.retries, Bytes: t.bytes, Resumed: t.resumed, Since: t.since,
	}
	e.sched.describe(&s)
	if sess != nil {
		s.Hosts = sess.Hosts()
	}
	return s
}

// asFailure makes of any error what a result tells.
func asFailure(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	return &Failure{kindOf(err), err.Error()}
}

// urlText is the URL that is asked, fit for messages.
func (t *task) urlText() string {
	if t.url != nil {
		return session.Redact(t.url)
	}
	return t.listURL()
}

// listURL is the first URL as the list gave it, without a password.
func (t *task) listURL() string {
	if len(t.req.URLs) == 0 {
		return ""
	}
	u, err := url.Parse(t.req.URLs[0])
	if err != nil || u.User == nil {
		return t.req.URLs[0]
	}
	u.User = nil
	return u.String()
}

// describe fills in what the scheduler knows.
func (s *scheduler) describe(out *Snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out.Waiting, out.Active = s.queued, len(s.begun)
	out.Fetched = s.fetched
	out.Retries += s.retries
	out.Files = make([]FileProgress, 0, len(s.begun))
	for _, t := range s.begun {
		size := t.plan.size
		if size < 0 {
			size = store.UnknownSize
		}
		out.Ranges += len(t.plan.flying)
		out.Files = append(out.Files, FileProgress{
			ID: t.id, URL: t.text, Key: t.key, Size: size, Present: t.present,
			Ranges: len(t.plan.flying), Started: t.began,
		})
	}
}
