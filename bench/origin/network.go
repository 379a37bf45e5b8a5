package origin

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"syscall"
)

// Network is an internet in memory: names, addresses, listeners and the
// connections to them. It has no goroutine of its own. All methods may be
// called from any number of goroutines at once.
type Network struct {
	// Dialing, if set, is asked before every connection with its address
	// (numbers, not names). An error fails the dial; waiting for ctx makes a
	// black hole. It is set before the network is used.
	Dialing func(ctx context.Context, addr netip.AddrPort) error

	mu        sync.Mutex
	names     map[string][]netip.Addr
	listeners map[netip.AddrPort]*memListener
	hosts     uint32 // addresses given out
	port      uint16 // last port given out
	client    uint16 // last port of a client
}

// NewNetwork returns an empty network.
func NewNetwork() *Network {
	return &Network{
		names:     map[string][]netip.Addr{},
		listeners: map[netip.AddrPort]*memListener{},
		port:      20000,
		client:    40000,
	}
}

// SetHost gives a name its addresses, in the order they are tried.
func (n *Network) SetHost(name string, addrs ...netip.Addr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.names[name] = slices.Clone(addrs)
}

// LookupNetIP resolves as net.Resolver does.
func (n *Network) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	if err := ctx.Err(); err != nil {
		return nil, &net.DNSError{Err: err.Error(), Name: host, IsTimeout: true}
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip}, nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	var found []netip.Addr
	for _, a := range n.names[host] {
		if network == "ip" || network == "ip4" && a.Is4() || network == "ip6" && a.Is6() {
			found = append(found, a)
		}
	}
	if len(found) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return found, nil
}

// Listen listens at HOST:PORT. A name that is not known gets an address of its
// own; port 0 is chosen.
func (n *Network) Listen(addr string) (net.Listener, error) {
	host, port, err := splitAddr(addr)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	ips := n.addresses(host)
	if len(ips) == 0 {
		n.hosts++
		ips = []netip.Addr{netip.AddrFrom4([4]byte{10, byte(n.hosts >> 16), byte(n.hosts >> 8), byte(n.hosts)})}
		n.names[host] = ips
	}
	if port == 0 {
		n.port++
		port = n.port
	}
	l := &memListener{network: n, name: net.JoinHostPort(host, strconv.Itoa(int(port)))}
	l.arrived = sync.NewCond(&l.mu)
	for _, ip := range ips {
		at := netip.AddrPortFrom(ip, port)
		if n.listeners[at] != nil {
			return nil, &net.OpError{Op: "listen", Net: "tcp", Addr: net.TCPAddrFromAddrPort(at), Err: syscall.EADDRINUSE}
		}
		l.at = append(l.at, at)
	}
	for _, at := range l.at {
		n.listeners[at] = l
	}
	return l, nil
}

// DialContext connects to HOST:PORT, by name or by address. Where a name has
// several addresses they are tried in turn.
func (n *Network) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	host, port, err := splitAddr(addr)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	ips, err := n.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	var last error
	for _, ip := range ips {
		at := netip.AddrPortFrom(ip, port)
		c, err := n.dial(ctx, at)
		if err == nil {
			return c, nil
		}
		last = &net.OpError{Op: "dial", Net: network, Addr: net.TCPAddrFromAddrPort(at), Err: err}
	}
	return nil, last
}

func (n *Network) dial(ctx context.Context, at netip.AddrPort) (net.Conn, error) {
	if n.Dialing != nil {
		if err := n.Dialing(ctx, at); err != nil {
			return nil, err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	n.mu.Lock()
	l := n.listeners[at]
	n.client = max(n.client+1, 1024)
	from := &net.TCPAddr{IP: net.IPv4(10, 255, 255, 254), Port: int(n.client)}
	n.mu.Unlock()
	if l == nil {
		return nil, syscall.ECONNREFUSED
	}
	return l.connect(from, net.TCPAddrFromAddrPort(at))
}

// addresses are those of a name or of an address. The caller holds the lock.
func (n *Network) addresses(host string) []netip.Addr {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip}
	}
	return n.names[host]
}

func splitAddr(addr string) (host string, port uint16, err error) {
	host, p, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, err
	}
	v, err := strconv.ParseUint(p, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("address %s: %w", addr, err)
	}
	return host, uint16(v), nil
}

// backlog is how many connections wait for Accept; more are refused.
const backlog = 4096

// memListener is a listener on a Network.
type memListener struct {
	network *Network
	name    string
	at      []netip.AddrPort

	mu      sync.Mutex
	arrived *sync.Cond
	waiting []*pipeConn
	closed  bool
}

// connect makes a connection; Accept returns its other end.
func (l *memListener) connect(from, to net.Addr) (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(l.waiting) >= backlog {
		return nil, syscall.ECONNREFUSED
	}
	client, server := newPipe(from, to)
	l.waiting = append(l.waiting, server)
	l.arrived.Signal()
	return client, nil
}

// Accept waits for a connection or for Close.
func (l *memListener) Accept() (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.waiting) == 0 && !l.closed {
		l.arrived.Wait()
	}
	if l.closed {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.Addr(), Err: net.ErrClosed}
	}
	c := l.waiting[0]
	l.waiting = slices.Delete(l.waiting, 0, 1)
	return c, nil
}

// Close frees the address and resets the connections that nobody accepted.
func (l *memListener) Close() error {
	l.network.mu.Lock()
	for _, at := range l.at {
		if l.network.listeners[at] == l {
			delete(l.network.listeners, at)
		}
	}
	l.network.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for _, c := range l.waiting {
		c.reset()
	}
	l.waiting = nil
	l.arrived.Broadcast()
	return nil
}

// Addr is the host as it was named, with the port.
func (l *memListener) Addr() net.Addr { return memAddr(l.name) }

type memAddr string

func (memAddr) Network() string  { return "tcp" }
func (a memAddr) String() string { return string(a) }
