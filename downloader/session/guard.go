package session

import (
	"errors"
	"net/netip"
)

var errNotPublic = errors.New("address is not on the public internet")

// reserved are the blocks of the IANA special-purpose registries (RFC 6890)
// that are not reachable by everyone, beyond those that netip knows.
var reserved = prefixes(
	"0.0.0.0/8",       // this network
	"100.64.0.0/10",   // carriers' translation (RFC 6598)
	"192.0.0.0/24",    // protocol assignments
	"192.0.2.0/24",    // documentation
	"192.88.99.0/24",  // 6to4 relays, withdrawn
	"198.18.0.0/15",   // benchmarks
	"198.51.100.0/24", // documentation
	"203.0.113.0/24",  // documentation
	"240.0.0.0/4",     // reserved, and broadcast
	"2001::/23",       // protocol assignments, Teredo among them
	"2001:db8::/32",   // documentation
	"3fff::/20",       // documentation
)

// Blocks whose addresses hold one of IPv4, and where in the 16 bytes.
var embedding = []struct {
	prefix netip.Prefix
	at     int
}{
	{netip.MustParsePrefix("64:ff9b::/96"), 12}, // NAT64 (RFC 6052)
	{netip.MustParsePrefix("2002::/16"), 2},     // 6to4 (RFC 3056)
}

func prefixes(blocks ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(blocks))
	for i, b := range blocks {
		all[i] = netip.MustParsePrefix(b)
	}
	return all
}

// globalUnicast is all that IANA has given out of IPv6.
var globalUnicast = netip.MustParsePrefix("2000::/3")

// isPublic reports whether a is an address that anybody's packets may reach.
// One that stands for another, by mapping or translation, is as public as that.
func isPublic(a netip.Addr) bool {
	a = a.Unmap()
	if a.Zone() != "" || !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, e := range embedding {
		if e.prefix.Contains(a) {
			all := a.As16()
			return isPublic(netip.AddrFrom4([4]byte(all[e.at : e.at+4])))
		}
	}
	for _, p := range reserved {
		if p.Contains(a) {
			return false
		}
	}
	return a.Is4() || globalUnicast.Contains(a)
}
