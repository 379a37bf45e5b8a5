package session

import (
	"net"
	"net/url"
	"strings"
)

// Origin returns scheme://host:port of u in lower case, with the port always
// said (RFC 6454 section 4). Limits, and what may be told to a server, are
// counted by it.
func Origin(u *url.URL) string {
	scheme := strings.ToLower(u.Scheme)
	port := u.Port()
	if port == "" {
		switch scheme {
		case "http":
			port = "80"
		case "https":
			port = "443"
		}
	}
	return scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}
