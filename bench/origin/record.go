package origin

import (
	"maps"
	"net/http"
	"time"
)

// Request is a request as it was seen, and what became of it.
type Request struct {
	// N is its number among the requests for its path, from 1; 0 for a path
	// that was not added.
	N int
	// At is when its header had arrived.
	At time.Time
	// Conn is the number of its connection among those of all servers of the
	// origin, from 1; 0 if the server is not the origin's own.
	Conn int64
	// Server is the address of the server, as in Stats.Hosts.
	Server string
	// Host is what the client called it: the Host field, or :authority.
	Host   string
	Method string
	Path   string // not escaped
	Query  string
	Proto  string
	// Range is the Range field, also found in Header.
	Range  string
	Header http.Header

	// Status that was sent, and Sent bytes of body; they are zero in When and
	// Observe, and until they are known.
	Status int
	Sent   int64
}

// Stats are counts since the origin was made. Bytes are counted when they are
// handed to the connection, so a client that has read a body finds all of it
// counted. A request stops being in flight when the last bytes of its answer
// are handed over, so a client cannot seem to have asked for more at once than
// it did.
type Stats struct {
	Counts
	// Hosts has the same by server address (host:port, as in its URLs).
	Hosts map[string]Counts
}

// Counts are the counts of a server, or of all of them.
type Counts struct {
	Requests    int64
	BodyBytes   int64
	InFlight    int
	MaxInFlight int

	// Conns is how many connections were accepted, Refused how many of them
	// were turned away by a Limit. OpenConns are those open now and not turned
	// away; MaxOpenConns the most of them at once. Over TCP a connection is open until
	// the server has noticed its end, so a client that replaces one may be
	// counted with one more; on a Network either end counts at once.
	Conns        int64
	Refused      int64
	OpenConns    int
	MaxOpenConns int
}

// counters are Counts that change; the origin's lock guards them.
type counters struct{ Counts }

func (c *counters) arrive() {
	c.Requests++
	c.InFlight++
	c.MaxInFlight = max(c.MaxInFlight, c.InFlight)
}

func (c *counters) open(over bool) {
	c.Conns++
	if over {
		c.Refused++
		return
	}
	c.OpenConns++
	c.MaxOpenConns = max(c.MaxOpenConns, c.OpenConns)
}

// FileStats are the counts of one path.
type FileStats struct {
	Requests  int
	BodyBytes int64
}

// Stats returns the counts so far.
func (o *Origin) Stats() Stats {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := Stats{Counts: o.total.Counts, Hosts: make(map[string]Counts, len(o.hosts))}
	for name, c := range o.hosts {
		s.Hosts[name] = c.Counts
	}
	return s
}

// FileStats returns the counts of a path that was added.
func (o *Origin) FileStats(path string) FileStats {
	o.mu.Lock()
	defer o.mu.Unlock()
	e := o.files[path]
	if e == nil {
		return FileStats{}
	}
	return FileStats{Requests: e.seen, BodyBytes: e.sent}
}

// Requests returns the latest requests, the oldest first; Config.Keep bounds them.
func (o *Origin) Requests() []Request {
	o.mu.Lock()
	defer o.mu.Unlock()
	kept := o.log[max(0, len(o.log)-max(0, o.cfg.Keep)):]
	list := make([]Request, len(kept))
	for i, r := range kept {
		list[i] = *r
		list[i].Header = maps.Clone(r.Header)
	}
	return list
}

// remember appends to the log and forgets in batches. The caller holds the lock.
func (o *Origin) remember(r *Request) {
	if o.cfg.Keep < 0 {
		return
	}
	if len(o.log) >= 2*o.cfg.Keep {
		n := copy(o.log, o.log[len(o.log)-o.cfg.Keep:])
		clear(o.log[n:])
		o.log = o.log[:n]
	}
	o.log = append(o.log, r)
}

// host returns the counters of a server. The caller holds the lock.
func (o *Origin) host(name string) *counters {
	c := o.hosts[name]
	if c == nil {
		c = &counters{}
		o.hosts[name] = c
	}
	return c
}
