package session

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Cookie is one that a session begins with.
type Cookie struct {
	Domain   string // without leading dot
	HostOnly bool   // not sent to subdomains
	Path     string
	Secure   bool // sent over https alone
	Expires  time.Time
	Name     string
	Value    string
}

// ErrCookies is wrapped by every error of ParseCookies.
var ErrCookies = errors.New("bad cookie file")

// Bounds on a cookie file.
const (
	maxCookieLine  = 64 << 10
	maxFileCookies = 10_000
)

// ParseCookies reads a cookie file in Netscape's format: a cookie a line, in
// seven fields parted by tabs (domain, whether subdomains get it, path, whether
// it needs https, expiry in Unix seconds or 0, name, value). A line that begins
// with # is a comment, except that "#HttpOnly_" before a domain is part of what
// browsers export. Errors name the line and never show it.
func ParseCookies(r io.Reader) ([]*Cookie, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxCookieLine)
	var all []*Cookie
	for n := 1; lines.Scan(); n++ {
		c, err := parseCookie(strings.TrimSuffix(lines.Text(), "\r"))
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrCookies, n, err)
		}
		if c == nil {
			continue
		}
		if len(all) == maxFileCookies {
			return nil, fmt.Errorf("%w: more than %d cookies", ErrCookies, maxFileCookies)
		}
		all = append(all, c)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCookies, err)
	}
	return all, nil
}

var (
	errFields  = errors.New("not seven fields parted by tabs")
	errExpiry  = errors.New("expiry is no number")
	errOctet   = errors.New("a character that no cookie may hold")
	errNoValue = errors.New("no domain or no name")
)

// parseCookie reads one line; a comment or an empty one is nil.
func parseCookie(line string) (*Cookie, error) {
	line = strings.TrimPrefix(line, "#HttpOnly_")
	if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
		return nil, nil
	}
	f := strings.Split(line, "\t")
	if len(f) == 6 {
		f = append(f, "") // some writers leave an empty value's tab out
	}
	if len(f) != 7 {
		return nil, errFields
	}
	seconds, _, _ := strings.Cut(f[4], ".") // some write fractions
	expiry, ok := digits(seconds)
	if !ok {
		return nil, errExpiry
	}
	c := &Cookie{
		Domain:   strings.ToLower(strings.TrimPrefix(f[0], ".")),
		HostOnly: !strings.EqualFold(f[1], "TRUE"),
		Path:     f[2],
		Secure:   strings.EqualFold(f[3], "TRUE"),
		Name:     f[5],
		Value:    f[6],
	}
	if expiry > 0 {
		c.Expires = time.Unix(min(expiry, 253402300799), 0) // the last second of year 9999
	}
	return c, c.check()
}

// check refuses what RFC 6265 section 4.1.1 does not allow in a cookie, and what
// would not come through a header field unharmed.
func (c *Cookie) check() error {
	if c.Domain == "" || c.Name == "" {
		return errNoValue
	}
	if !isToken(c.Name) {
		return errOctet
	}
	for _, b := range []byte(c.Value) {
		if b < ' ' || b == 0x7f || b == ';' {
			return errOctet
		}
	}
	return nil
}
