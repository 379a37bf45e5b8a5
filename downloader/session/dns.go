package session

import (
	"cmp"
	"container/list"
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Resolver looks up the addresses of names; network is "ip", "ip4" or "ip6".
// *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

const (
	maxLookups = 32   // at once: a list of many hosts must not drown a resolver
	maxNames   = 4096 // kept
	maxAddrs   = 32   // of one name

	// The resolver of the operating system does not say how long an answer
	// holds, so these stand for it.
	nameTTL     = time.Minute
	notFoundTTL = 30 * time.Second
	troubleTTL  = 2 * time.Second

	// An address that could not be connected to comes last for badFor.
	badFor = time.Minute
	maxBad = 4096
)

// names is the session's memory of the resolver's answers: each name is looked
// up once at a time, failures are remembered for a while too, and the many
// addresses of a name take turns.
type names struct {
	resolver Resolver
	network  string
	fixed    map[string][]netip.Addr
	guarded  bool
	timeout  time.Duration
	slots    chan struct{} // lookups under way

	mu    sync.Mutex
	known map[string]*name
	order list.List // of *name, the latest used first
	bad   map[netip.Addr]time.Time
}

// name is one answer, or the lookup for it that is under way.
type name struct {
	host    string
	done    chan struct{} // closed when what is below is known
	addrs   []netip.Addr
	err     error
	until   time.Time
	turn    int
	element *list.Element
}

func newNames(cfg *Config) *names {
	n := &names{
		resolver: cfg.Resolver,
		network:  "ip",
		fixed:    cfg.Resolve,
		guarded:  cfg.BlockPrivate,
		timeout:  cfg.ConnectTimeout,
		slots:    make(chan struct{}, maxLookups),
		known:    map[string]*name{},
		bad:      map[netip.Addr]time.Time{},
	}
	if n.resolver == nil {
		n.resolver = net.DefaultResolver
	}
	local := cfg.LocalAddr.Unmap()
	switch {
	case cfg.Family == IPv4Only, local.Is4():
		n.network = "ip4"
	case cfg.Family == IPv6Only, local.Is6():
		n.network = "ip6"
	}
	return n
}

// lookup returns the addresses of host in the order to try them. d owns the
// goroutine that a lookup needs, since that is shared by all who wait for it.
func (n *names) lookup(ctx context.Context, d *dialer, host, port string) ([]netip.AddrPort, error) {
	p, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, &net.AddrError{Err: "invalid port", Addr: port}
	}
	host = strings.ToLower(host)
	addrs, err := n.addrs(ctx, d, host, port)
	if err != nil {
		return nil, err
	}
	if addrs, err = n.fit(host, addrs); err != nil {
		return nil, err
	}
	to := make([]netip.AddrPort, len(addrs))
	for i, a := range addrs {
		to[i] = netip.AddrPortFrom(a, uint16(p))
	}
	return to, nil
}

// addrs finds host's addresses: those that are configured, the literal one, or
// what the resolver says, in turns.
func (n *names) addrs(ctx context.Context, d *dialer, host, port string) ([]netip.Addr, error) {
	if addrs := n.fixed[net.JoinHostPort(host, port)]; len(addrs) > 0 {
		return addrs, nil
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	e, err := n.entry(d, host)
	if err != nil {
		return nil, err
	}
	select {
	case <-e.done:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if e.err != nil {
		return nil, e.err
	}
	return n.inTurn(e), nil
}

// entry returns host's answer, known or being looked up.
func (n *names) entry(d *dialer, host string) (*name, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if e := n.known[host]; e != nil {
		if e.until.IsZero() || time.Now().Before(e.until) {
			n.order.MoveToFront(e.element)
			return e, nil
		}
		n.drop(e)
	}
	if !d.enter() {
		return nil, ErrEnded
	}
	e := &name{host: host, done: make(chan struct{})}
	n.known[host] = e
	e.element = n.order.PushFront(e)
	if n.order.Len() > maxNames {
		n.drop(n.order.Back().Value.(*name))
	}
	go func() {
		defer d.work.Done()
		n.ask(d.ctx, e)
	}()
	return e, nil
}

// drop forgets e; those who wait for it still get its answer.
func (n *names) drop(e *name) {
	if n.known[e.host] == e {
		delete(n.known, e.host)
	}
	n.order.Remove(e.element)
}

// ask fills e in.
func (n *names) ask(ctx context.Context, e *name) {
	defer close(e.done)
	select {
	case n.slots <- struct{}{}:
		defer func() { <-n.slots }()
	case <-ctx.Done():
		n.learn(e, nil, context.Cause(ctx))
		return
	}
	ctx, cancel := context.WithTimeoutCause(ctx, n.timeout, &lateError{PhaseResolve, n.timeout})
	defer cancel()
	addrs, err := n.resolver.LookupNetIP(ctx, n.network, e.host)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	n.learn(e, addrs, err)
}

func (n *names) learn(e *name, addrs []netip.Addr, err error) {
	if err == nil && len(addrs) == 0 {
		err = &net.DNSError{Err: "no suitable address", Name: e.host, IsNotFound: true}
	}
	ttl := nameTTL
	if err != nil {
		ttl = troubleTTL
		var dns *net.DNSError
		switch {
		case errors.As(err, &dns) && dns.IsNotFound:
			ttl = notFoundTTL
		case !errors.As(err, &dns):
			err = &dnsError{host: e.host, err: err}
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	e.addrs, e.err = addrs[:min(len(addrs), maxAddrs)], err
	e.until = time.Now().Add(ttl)
}

// dnsError is a failed lookup whose resolver gave no *net.DNSError.
type dnsError struct {
	host string
	err  error
}

func (e *dnsError) Error() string { return "lookup " + e.host + ": " + e.err.Error() }
func (e *dnsError) Unwrap() error { return e.err }

// inTurn orders e's addresses: from another one on each time, the families
// taking turns (RFC 8305 section 4), and those that failed lately last.
func (n *names) inTurn(e *name) []netip.Addr {
	n.mu.Lock()
	defer n.mu.Unlock()
	var six, four []netip.Addr
	for i := range e.addrs {
		a := e.addrs[(e.turn+i)%len(e.addrs)].Unmap()
		if a.Is4() {
			four = append(four, a)
		} else {
			six = append(six, a)
		}
	}
	e.turn++
	mixed := make([]netip.Addr, 0, len(e.addrs))
	for i := range max(len(six), len(four)) {
		if i < len(six) {
			mixed = append(mixed, six[i])
		}
		if i < len(four) {
			mixed = append(mixed, four[i])
		}
	}
	now := time.Now()
	rank := func(a netip.Addr) int {
		if now.Before(n.bad[a]) {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(mixed, func(a, b netip.Addr) int { return cmp.Compare(rank(a), rank(b)) })
	return mixed
}

// failed notes that a could not be connected to.
func (n *names) failed(a netip.Addr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.bad) >= maxBad {
		clear(n.bad) // it only orders; forgetting costs a slow first try
	}
	n.bad[a] = time.Now().Add(badFor)
}

// fit leaves out addresses of the wrong family and, if guarded, those that are
// not public. That is done with the very addresses that are connected to, so a
// name that resolves otherwise the next time gains nothing.
func (n *names) fit(host string, addrs []netip.Addr) ([]netip.Addr, error) {
	var fits []netip.Addr
	blocked := false
	for _, a := range addrs {
		a = a.Unmap()
		switch {
		case n.network == "ip4" && !a.Is4(), n.network == "ip6" && !a.Is6():
		case n.guarded && !isPublic(a):
			blocked = true
		default:
			fits = append(fits, a)
		}
	}
	switch {
	case len(fits) > 0:
		return fits, nil
	case blocked:
		return nil, &Error{Kind: KindBlocked, Phase: PhaseResolve, Err: errNotPublic}
	}
	return nil, &net.DNSError{Err: "no suitable address", Name: host, IsNotFound: true}
}
