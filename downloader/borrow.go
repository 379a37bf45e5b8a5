package downloader

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/seed-9a1263fe/haul/downloader/session"
	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/store"
)

// borrow takes jobs from the queue while there is room for them, in the order
// in which the queue lends them, and gives them to the scheduler. It returns
// when there is nothing left to do at all, with errNothingLeft, which ends the
// run.
func (e *Engine) borrow(ctx context.Context) error {
	wait, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan struct{})
	defer func() { stop(); <-ended }()
	go func() {
		defer close(ended)
		select {
		case <-e.drain:
			stop()
		case <-wait.Done():
		}
	}()
	keeper := keeper{e: e}
	defer keeper.end()

	for {
		if err := e.sched.awaitRoom(wait, e.cfg.Lookahead); err != nil {
			return e.endOfBorrowing(ctx)
		}
		lease, err := e.queue.Next(wait)
		switch {
		case errors.Is(err, queue.ErrDrained):
			return errNothingLeft
		case wait.Err() != nil:
			if err == nil {
				err = lease.Return(context.WithoutCancel(ctx))
				e.logIf(err, "give back a job")
			}
			return e.endOfBorrowing(ctx)
		case err != nil:
			return fmt.Errorf("queue: %w", err)
		}
		if err := e.admit(ctx, lease); err != nil {
			return err
		}
		keeper.watch(ctx, lease)
	}
}

// endOfBorrowing gives back what was not begun and, if the run was only asked
// to drain, waits for what was.
func (e *Engine) endOfBorrowing(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	e.letGo(ctx, e.sched.drain())
	if err := e.sched.awaitEmpty(ctx); err != nil {
		return err
	}
	return errNothingLeft
}

// admit makes a task of a lease, or settles it at once.
func (e *Engine) admit(ctx context.Context, lease queue.Lease) error {
	job := lease.Job()
	t := &task{lease: lease, id: job.ID, began: time.Now()}
	t.plan = plan{size: store.UnknownSize, minSplit: e.cfg.MinSplit, split: e.cfg.Split}
	t.tries = job.Attempt
	e.recall(t)
	if err := t.req.UnmarshalBinary(job.Body); err != nil {
		return e.drop(ctx, t, err)
	}
	if t.req.Defect != nil {
		return e.drop(ctx, t, t.req.Defect)
	}
	if err := t.setURL(); err != nil {
		return e.drop(ctx, t, err)
	}
	return e.admitGood(ctx, t)
}

// admitGood admits a task whose request can be made: one that is complete is
// settled, one that was begun goes on under the name that it has, and a new one
// claims its name, which must happen in list order.
func (e *Engine) admitGood(ctx context.Context, t *task) error {
	info, err := e.store.Stat(ctx, store.Owner(t.id))
	switch {
	case err == nil && info.State == store.Published && !e.cfg.Conditional:
		return e.skip(ctx, t, info)
	case err == nil && info.State == store.Published:
		t.standing, t.key, t.want = &info, info.Key, info.Key
		e.names.reserve(t.id, t.key)
	case err == nil:
		t.unfinished, t.key, t.want = true, info.Key, info.Key
		t.present, t.mark = info.Present, max(t.mark, info.Present)
		if t.attempts == 0 {
			t.resumed = info.Present
		}
		e.names.reserve(t.id, t.key)
	case errors.Is(err, store.ErrNotFound):
		if t.want, err = wanted(&t.req, t.url); err != nil {
			return e.drop(ctx, t, err)
		}
		if t.key, err = e.names.claim(ctx, t.id, t.want); err != nil {
			return e.drop(ctx, t, err)
		}
	default:
		return e.drop(ctx, t, err)
	}
	t.text = t.urlText()
	e.sched.admit(t, session.Origin(t.url))
	return nil
}

// recall takes up what is remembered of a job that has been here before.
func (e *Engine) recall(t *task) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if h, ok := e.histories[t.id]; ok {
		t.recall(h)
		delete(e.histories, t.id)
	}
}

// setURL parses the URL that the task is to ask.
func (t *task) setURL() error {
	if len(t.req.URLs) == 0 {
		return &Failure{session.KindInvalidURL, "no URL"}
	}
	u, err := url.Parse(t.req.URLs[min(t.mirror, len(t.req.URLs)-1)])
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err // without the URL, which may hold a password
		}
		return &Failure{session.KindInvalidURL, err.Error()}
	}
	switch u.Scheme {
	case "http", "https":
	case "":
		return &Failure{session.KindInvalidURL, "no scheme: http:// or https:// is missing"}
	default:
		return &Failure{session.KindUnsupportedScheme, fmt.Sprintf("scheme %q, only http and https are spoken", u.Scheme)}
	}
	if u.Hostname() == "" {
		return &Failure{session.KindInvalidURL, "no host"}
	}
	t.url = u
	return nil
}
