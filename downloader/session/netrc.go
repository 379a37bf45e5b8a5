package session

import "net/url"

// Netrc holds logins by host name.
type Netrc struct{}

// Login returns the login for host, or nil. A nil Netrc has none.
func (n *Netrc) Login(host string) *url.Userinfo { return nil }
