package origin

import (
	"cmp"
	"net/http"
	"sync"
	"time"
)

// Config shapes an Origin. The zero value is a well-behaved one.
type Config struct {
	// Seed of the files that bring none.
	Seed uint64
	// Find makes the files that were not added, so that an origin of millions
	// costs nothing. It may be called from many goroutines at once. Nothing is
	// counted for such a file: the Skip and Times of its faults begin anew with
	// every request.
	Find func(path string) (File, bool)

	// Delay before every answer, and BodyRate of every body in bytes a second,
	// where a fault says nothing else.
	Delay    time.Duration
	BodyRate int64
	// Faults of all files and of paths without one.
	Faults []Fault

	// Conns limits the open connections of each server, Requests the requests
	// being answered at once by all of them.
	Conns    Limit
	Requests Limit

	// Keep is how many of the latest requests are remembered with their header;
	// zero is 10,000, negative none.
	Keep int
	// Observe is called when a request has arrived and been counted, before it
	// is answered, from the goroutine that will answer it.
	Observe func(Request)
}

// Origin is a set of files and the handler that serves them, on any number of
// servers. All methods may be called from any number of goroutines at once.
type Origin struct {
	cfg     Config
	buffers sync.Pool // of *[64 << 10]byte

	mu     sync.Mutex
	files  map[string]*entry
	faults []*armed
	signer signer
	total  counters
	hosts  map[string]*counters
	log    []*Request
	taken  int // requests being answered, without those turned away
}

// entry is a path: the version that stands there now, and its counts.
type entry struct {
	*version
	faults []*armed
	added  int   // versions so far
	seen   int   // requests so far
	since  int   // of them, since the last replacement
	sent   int64 // bytes of body
}

// New returns an origin without files.
func New(cfg Config) *Origin {
	if cfg.Keep == 0 {
		cfg.Keep = 10_000
	}
	return &Origin{
		cfg:     cfg,
		buffers: sync.Pool{New: func() any { return new([64 << 10]byte) }},
		files:   map[string]*entry{},
		faults:  arm(cfg.Faults),
		signer:  newSigner(cfg.Seed),
		hosts:   map[string]*counters{},
	}
}

// Add puts f at path, which begins with a slash and is not escaped. It returns
// f as it is served: with its seed and its validators. A file that stood there
// is replaced; answers under way keep its bytes, and the path keeps its counts.
func (o *Origin) Add(path string, f File) File {
	o.mu.Lock()
	defer o.mu.Unlock()
	e := o.files[path]
	if e == nil {
		e = &entry{}
		o.files[path] = e
	}
	return o.put(e, path, f)
}

// Remove takes path away, with its counts; it then answers 404.
func (o *Origin) Remove(path string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.files, path)
}

// File returns what stands at path now.
func (o *Origin) File(path string) (File, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	e := o.files[path]
	if e == nil {
		return File{}, false
	}
	return e.File, true
}

// put makes f the version of e. The caller holds the lock.
func (o *Origin) put(e *entry, path string, f File) File {
	for _, d := range f.Digests {
		d.mustExist()
	}
	e.version = newVersion(f.settled(o.cfg.Seed, path, e.added))
	e.faults = arm(f.Faults)
	e.added++
	e.since = 0
	return e.File
}

// lookup returns the entry of path, or nil. The caller holds the lock.
func (o *Origin) lookup(path string) *entry {
	if e := o.files[path]; e != nil || o.cfg.Find == nil {
		return e
	}
	f, ok := o.cfg.Find(path)
	if !ok {
		return nil
	}
	e := &entry{}
	o.put(e, path, f)
	return e
}

// pick decides what x is answered with. The caller holds the lock.
func (o *Origin) pick(x *exchange, e *entry) {
	x.fault = Fault{Delay: o.cfg.Delay, BodyRate: o.cfg.BodyRate}
	x.version = &version{}
	if e != nil {
		if e.Replacement != nil && e.since >= max(1, e.ReplaceAfter) {
			o.put(e, x.seen.Path, e.next())
		}
		e.since++
		x.version = e.version
	}
	switch {
	case x.conn != nil && x.conn.over:
		x.fault = o.cfg.Conns.fault()
		return
	case o.cfg.Requests.N > 0 && o.taken >= o.cfg.Requests.N:
		x.fault = o.cfg.Requests.fault()
		return
	}
	x.taken = true
	o.taken++
	if f := strike(*x.seen, o.faults, e); f != nil {
		x.fault = *f
		x.fault.Delay = cmp.Or(f.Delay, o.cfg.Delay)
		x.fault.BodyRate = cmp.Or(f.BodyRate, o.cfg.BodyRate)
	}
	o.admit(x, e)
}

// strike returns the first fault that harms r: all that match are counted, so
// that a later one does not depend on whether an earlier one struck.
func strike(r Request, general []*armed, e *entry) *Fault {
	var hit *Fault
	all := general
	if e != nil {
		all = append(all[:len(all):len(all)], e.faults...)
	}
	for _, a := range all {
		if a.strikes(r) && hit == nil {
			hit = &a.Fault
		}
	}
	return hit
}

// admit settles what depends on the origin's memory: the path, the signature of
// the URL, the tag of this request. The caller holds the lock.
func (o *Origin) admit(x *exchange, e *entry) {
	if x.fault.Status != 0 || x.fault.Location != "" {
		return
	}
	if e == nil {
		x.fault.Status = http.StatusNotFound
		return
	}
	if e.Signed && !o.signer.valid(x.r.URL, time.Now()) {
		x.fault.Status = cmp.Or(e.SignedStatus, http.StatusForbidden)
		return
	}
	if e.Sign != nil && e.Redirect != "" {
		v := *e.version
		v.Redirect = o.signer.sign(x.r.URL, e.Redirect, *e.Sign, time.Now())
		x.version = &v
	}
	if e.ETagPerRequest {
		x.version = x.version.tagged(x.seen.N)
	}
}

// ServeHTTP answers a request. An origin may also be mounted in a server of
// another's making; counts of connections, OverStatus for them and ResetAfter
// then have no effect.
func (o *Origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := o.begin(w, r)
	defer x.end()
	if o.cfg.Observe != nil {
		o.cfg.Observe(*x.arrived)
	}
	x.run()
}
