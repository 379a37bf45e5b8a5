package downloader

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/seed-9a1263fe/haul/downloader/session"
	"github.com/seed-9a1263fe/haul/store"
)

// slots gives out the right to use one more connection to an origin. The
// session does; tests may put something smaller in its place.
type slots interface {
	// TryConnect takes a slot if one is free. It never waits.
	TryConnect(origin string) (*session.Conn, bool)
}

// scheduler binds ranges to workers, at the last moment: when a worker is free.
// It holds every task that is in the engine's hands. All of its state, and the
// guarded fields of tasks and segments, are under one lock, which is never held
// while anything waits for network or disk.
//
// A worker gets, in this order,
//
//  1. the next range of a file that was begun and of which nothing is in flight,
//     so that what was begun is ended;
//  2. the first range of a new file, of the hosts in turn, while no more than
//     maxFiles are begun;
//  3. one more range of a file that was begun, which may halve another worker's.
//
// So many small files go out one to a connection, and the large ones among them
// are split as soon as connections would be idle otherwise.
type scheduler struct {
	slots    slots // set by Run
	maxFiles int
	spawn    func() // starts a worker; set by Run

	mu       sync.Mutex
	cond     sync.Cond
	closed   bool // workers end
	draining bool // nothing new is begun

	hosts  map[string]*host
	ring   []*host // with waiting tasks and not blocked, in turn
	begun  []*task // phases probing to closing, oldest first
	queued int     // tasks in phase waiting

	workers, maxWorkers int
	idle                int  // workers in cond.Wait
	calling             int  // of these, those that were signalled and have not woken
	returning           int  // workers that are about to take again
	slowly              bool // the last Publish took long
	timer               *time.Timer
	room                chan struct{} // has a token when queued or begun has fallen

	seq              uint64          // of the last task admitted
	outOfTurn        []chan struct{} // tasks that wait for earlier ones to be named
	fetched, retries int64
}

// host is the tasks of one origin.
type host struct {
	origin  string
	waiting []*task // in list order; head is the next
	tasks   int     // in the engine's hands
	conns   int     // slots held by workers
	blocked bool    // no slot was free when last asked; ready clears it
	inRing  bool

	// full is how many slots were held when last none was to be had, and fullAt
	// is when that was: a guess at the limit that spares wakening workers in
	// vain. It is forgotten after a while, since limits move.
	full   int
	fullAt time.Time
}

// guessFor is how long the guess at a host's limit holds.
const guessFor = 100 * time.Millisecond

// roomy reports whether another slot of h is likely to be had.
func (h *host) roomy(now time.Time) bool {
	return !h.blocked && (h.conns < h.full || now.Sub(h.fullAt) > guessFor)
}

// assignment is what a worker is to do: read seg of task over conn. When the
// task is probing, seg is its first request, and may turn out differently.
type assignment struct {
	task *task
	seg  *segment
	conn *session.Conn
}

func newScheduler(cfg *Config) *scheduler {
	sc := &scheduler{
		maxFiles: cfg.MaxFiles, maxWorkers: cfg.Workers,
		hosts: map[string]*host{}, room: make(chan struct{}, 1),
	}
	sc.cond.L = &sc.mu
	return sc
}

// admit puts a new task at the end of its host's line.
func (s *scheduler) admit(t *task, origin string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seq++
	t.seq = s.seq
	t.host = s.hostOf(origin)
	t.host.tasks++
	t.phase = waiting
	t.host.waiting = append(t.host.waiting, t)
	s.queued++
	s.enter(t.host)
	if len(s.begun) < s.maxFiles && s.returning == 0 && t.host.roomy(time.Now()) {
		s.wake()
	}
}

// hostOf returns the host of that origin.
func (s *scheduler) hostOf(origin string) *host {
	h := s.hosts[origin]
	if h == nil {
		h = &host{origin: origin}
		s.hosts[origin] = h
	}
	return h
}

// enter puts h into the ring if it has something to give.
func (s *scheduler) enter(h *host) {
	if !h.inRing && !h.blocked && len(h.waiting) > 0 {
		h.inRing = true
		s.ring = append(s.ring, h)
	}
}

// ready is called by the session when a slot of the origin may be had again.
func (s *scheduler) ready(origin string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hosts[origin]
	if h == nil || !h.blocked {
		return
	}
	h.blocked = false
	s.enter(h)
	// A worker that is on its way back here will find the slot by itself. Waking
	// another for it would cost a switch for every small file.
	if s.returning == 0 {
		s.wake()
	}
}

// wake calls one idle worker, or has one more started, if there may be
// something to do.
func (s *scheduler) wake() {
	switch {
	case s.closed:
	case s.idle > s.calling:
		s.calling++
		s.cond.Signal()
	case s.workers < s.maxWorkers:
		s.workers++
		s.spawn()
	}
}

// take waits until there is something to do, and returns false when there
// will be nothing any more. returning says that land counted this worker among
// those that are on their way here.
func (s *scheduler) take(returning bool) (assignment, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if returning {
		s.returning--
	}
	for !s.closed {
		now := time.Now()
		a, ok := s.pick(now)
		if ok {
			if s.plenty(now) {
				s.wake()
			}
			return a, true
		}
		s.idle++
		s.cond.Wait()
		s.idle--
		s.calling = max(s.calling-1, 0)
	}
	return assignment{}, false
}

// plenty reports whether another worker is likely to find something. A wrong
// answer costs a wakened worker, or one that waits until the next event.
func (s *scheduler) plenty(now time.Time) bool {
	if s.returning > 0 || s.idle == s.calling && s.workers == s.maxWorkers {
		return false
	}
	if len(s.ring) > 0 && s.ring[0].roomy(now) && len(s.begun) < s.maxFiles && !s.draining {
		return true
	}
	for _, t := range s.begun {
		if t.phase == open && t.host.roomy(now) && t.plan.hasMore() && t.notBefore.IsZero() {
			return true
		}
	}
	return false
}

// pick finds the next assignment.
func (s *scheduler) pick(now time.Time) (assignment, bool) {
	var due time.Time
	usable := func(t *task) bool {
		if t.phase != open || t.host.blocked {
			return false
		}
		if now.Before(t.notBefore) {
			if due.IsZero() || t.notBefore.Before(due) {
				due = t.notBefore
			}
			return false
		}
		t.notBefore = time.Time{}
		return true
	}
	for _, t := range s.begun {
		if len(t.plan.flying) == 0 && t.plan.hasMore() && usable(t) {
			if a, ok := s.assignRange(t); ok {
				return a, true
			}
		}
	}
	if a, ok := s.pickNew(now); ok {
		return a, true
	}
	for _, t := range s.begun {
		if t.plan.hasMore() && usable(t) {
			if a, ok := s.assignRange(t); ok {
				return a, true
			}
		}
	}
	s.arm(now, due)
	return assignment{}, false
}

// pickNew begins the next file of the next host in turn.
func (s *scheduler) pickNew(now time.Time) (assignment, bool) {
	for !s.draining && len(s.begun) < s.maxFiles && len(s.ring) > 0 {
		h := s.ring[0]
		s.ring = s.ring[1:]
		h.inRing = false
		if h.blocked || len(h.waiting) == 0 {
			s.forget(h)
			continue
		}
		conn, ok := s.connect(h)
		if !ok {
			continue
		}
		t := h.waiting[0]
		h.waiting[0] = nil
		h.waiting = h.waiting[1:]
		s.queued--
		s.begun = append(s.begun, t)
		s.enter(h) // at the end: the others come first
		s.freed()
		t.phase = probing
		if t.attempts == 0 {
			t.began = now // it was only waiting until here
		}
		t.attempts++
		return assignment{t, t.plan.probe(t.noRange), conn}, true
	}
	return assignment{}, false
}

// assignRange takes a slot and a range for t, which must have more of them.
func (s *scheduler) assignRange(t *task) (assignment, bool) {
	conn, ok := s.connect(t.host)
	if !ok {
		return assignment{}, false
	}
	seg, ok := t.plan.next()
	if !ok {
		panic("downloader: internal error: a range that hasMore promised is not there")
	}
	return assignment{t, seg, conn}, true
}

// connect takes a slot of h, and notes when there are no more.
func (s *scheduler) connect(h *host) (*session.Conn, bool) {
	conn, ok := s.slots.TryConnect(h.origin)
	if ok {
		h.conns++
		return conn, true
	}
	h.blocked = true
	h.full, h.fullAt = h.conns, time.Now()
	return nil, false
}

// arm has a worker called when the first task that waits is due.
func (s *scheduler) arm(now, due time.Time) {
	if due.IsZero() {
		return
	}
	if s.timer == nil {
		s.timer = time.AfterFunc(due.Sub(now), func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.wake()
		})
		return
	}
	s.timer.Reset(due.Sub(now))
}

// gone takes a task out of the engine's hands.
func (s *scheduler) gone(t *task) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.host == nil {
		return
	}
	s.unbegin(t)
	t.host.tasks--
	s.forget(t.host)
	t.host = nil
	s.freed()
}

// forget drops a host that has nothing to do.
func (s *scheduler) forget(h *host) {
	if h.tasks == 0 && !h.inRing {
		delete(s.hosts, h.origin)
	}
}

func (s *scheduler) unbegin(t *task) {
	for i, b := range s.begun {
		if b == t {
			s.begun = append(s.begun[:i], s.begun[i+1:]...)
			return
		}
	}
}

// freed tells the borrower that there is room.
func (s *scheduler) freed() {
	select {
	case s.room <- struct{}{}:
	default:
	}
}

// close ends the workers as they come back.
func (s *scheduler) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.cond.Broadcast()
	if s.timer != nil {
		s.timer.Stop()
	}
}

// leftovers returns every task that is still in the engine's hands after the
// workers have ended.
func (s *scheduler) leftovers() []*task {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append(s.takeWaiting(), s.begun...)
}

// tasks returns every task that is in the engine's hands.
func (s *scheduler) tasks() []*task {
	s.mu.Lock()
	defer s.mu.Unlock()
	ts := append([]*task(nil), s.begun...)
	for _, h := range s.hosts {
		ts = append(ts, h.waiting...)
	}
	return ts
}

// forsake ends a begun task whose lease was lost.
func (s *scheduler) forsake(t *task, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.phase == probing || t.phase == open && len(t.plan.flying) > 0 {
		s.shut(t, ending{interrupted, err})
	}
}

// again puts a task that closed back at the head of its host's line. anew says
// that none of its bytes count.
func (s *scheduler) again(t *task, anew bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unbegin(t)
	t.plan.size, t.plan.rest = store.UnknownSize, store.Extents{}
	if anew {
		t.present, t.mark = 0, 0
	}
	if origin := session.Origin(t.url); origin != t.host.origin {
		t.host.tasks--
		s.forget(t.host)
		t.host = s.hostOf(origin)
		t.host.tasks++
	}
	t.phase = waiting
	t.host.waiting = slices.Insert(t.host.waiting, 0, t)
	s.queued++
	s.enter(t.host)
	s.wake()
}

// awaitRoom waits until fewer than limit tasks wait.
func (s *scheduler) awaitRoom(ctx context.Context, limit int) error {
	return s.await(ctx, func() bool { return s.queued < limit })
}

// awaitEmpty waits until no task is in the engine's hands.
func (s *scheduler) awaitEmpty(ctx context.Context) error {
	return s.await(ctx, func() bool { return s.queued == 0 && len(s.begun) == 0 })
}

func (s *scheduler) await(ctx context.Context, ok func() bool) error {
	for {
		s.mu.Lock()
		now := ok()
		s.mu.Unlock()
		if now {
			return ctx.Err()
		}
		select {
		case <-s.room:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// drain begins nothing new, and returns the tasks that were not begun.
func (s *scheduler) drain() []*task {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draining = true
	s.freed()
	return s.takeWaiting()
}

func (s *scheduler) takeWaiting() []*task {
	var ts []*task
	for _, h := range s.hosts {
		ts = append(ts, h.waiting...)
		s.queued -= len(h.waiting)
		h.waiting = nil
	}
	s.freed()
	return ts
}
