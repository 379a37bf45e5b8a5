package downloader

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/seed-9a1263fe/haul/downloader/session"
	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/store"
)

// Engine closes the gap between a queue, which says what is owed, and a store,
// which says what is here, through one session. New makes it, Run works.
type Engine struct {
	queue queue.Queue
	store store.Store
	cfg   Config
	log   *slog.Logger
	names *names
	sched *scheduler

	buffers buffers
	robots  *robots // nil where they are not asked

	ran     atomic.Bool
	drain   chan struct{} // closed by Drain
	drained sync.Once

	mu        sync.Mutex
	sess      *session.Session // set by Run
	tally     tally
	histories map[queue.ID]history // of jobs that wait in the queue for their next try
}

// ErrRan is returned by a second Run.
var ErrRan = errors.New("downloader: an engine runs once")

// errNothingLeft ends a run that was drained.
var errNothingLeft = errors.New("downloader: nothing left to do")

// New makes an engine over a queue and a store, which stay the caller's: they
// are to be closed after Run has returned.
func New(q queue.Queue, s store.Store, cfg Config) (*Engine, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	e := &Engine{
		queue: q, store: s, cfg: cfg, log: cfg.Logger,
		names:     newNames(s, &cfg),
		buffers:   buffers{size: cfg.BufferSize},
		sched:     newScheduler(&cfg),
		drain:     make(chan struct{}),
		tally:     tally{failures: map[Kind]int64{}},
		histories: map[queue.ID]history{},
	}
	if cfg.Robots {
		e.robots = newRobots(or(cfg.Session.UserAgent, session.DefaultUserAgent))
	}
	return e, nil
}

// Run works until the queue is drained, and returns nil: each job that was owed
// has been settled and has had its Finished event, whether it failed or not.
//
// It returns early when ctx is done, with its cause; when Drain was called, with
// nil; and when queue or store cannot go on, with their error. What was begun
// is then committed and stays owed. Run owns every goroutine it starts and has
// ended them all when it returns. An engine runs once.
func (e *Engine) Run(ctx context.Context) error {
	if !e.ran.CompareAndSwap(false, true) {
		return ErrRan
	}
	if err := e.startSession(); err != nil {
		return err
	}
	defer e.sess.End()

	group, gctx := errgroup.WithContext(ctx)
	// Workers are hired by the scheduler, which does so only until it is closed.
	e.sched.spawn = func() { group.Go(func() error { return e.work(gctx) }) }
	group.Go(func() error {
		<-gctx.Done()
		e.sched.close()
		return nil
	})
	group.Go(func() error { return e.borrow(gctx) })
	err := group.Wait()

	e.letGo(context.WithoutCancel(ctx), e.sched.leftovers())
	switch {
	case errors.Is(err, errNothingLeft):
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return err
}

// startSession begins the session, whose free slots the scheduler hears of.
func (e *Engine) startSession() error {
	cfg := e.cfg.Session
	theirs := cfg.OnReady
	cfg.OnReady = func(origin string) {
		e.sched.ready(origin)
		if theirs != nil {
			theirs(origin)
		}
	}
	s, err := session.Start(cfg)
	if err != nil {
		return err
	}
	e.sched.slots = s
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sess = s
	e.tally.since = time.Now()
	return nil
}

// Drain begins nothing new: files in flight are ended, then Run returns nil. It
// returns at once, and may be called at any time, from anywhere, repeatedly.
func (e *Engine) Drain() { e.drained.Do(func() { close(e.drain) }) }

// work does assignments until there are none any more.
func (e *Engine) work(ctx context.Context) error {
	returning := false
	for {
		a, ok := e.sched.take(returning)
		if !ok {
			return nil
		}
		buf := e.buffers.get()
		err := e.transfer(ctx, a, buf)
		e.buffers.put(buf)
		var next landing
		next, returning = e.sched.land(a, err, &e.cfg)
		a.conn.Close()
		switch next {
		case publish:
			err = e.finish(ctx, a.task)
		case conclude:
			err = e.conclude(ctx, a.task)
		default:
			err = nil
		}
		if err != nil {
			return err
		}
	}
}
