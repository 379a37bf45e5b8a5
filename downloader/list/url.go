package list

import (
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/seed-9a1263fe/haul/downloader"
	"github.com/seed-9a1263fe/haul/downloader/session"
)

// CleanURL makes a URL that can be asked for of what a list or a command line
// says. Space around it goes; what a URL must not hold (spaces, non-ASCII, and
// the characters that RFC 3986 appendix A leaves out) is percent-encoded, also a
// '%' in the path that begins no escape; the fragment goes, since no server ever
// sees it (RFC 9110 section 7.1). A host in other letters stays for the session
// to encode.
//
// Anything but http and https with a host is refused, with a
// *downloader.Failure whose message shows no credentials.
func CleanURL(raw string) (string, error) {
	s, f := cleanURL(raw)
	if f != nil {
		return "", f
	}
	return s, nil
}

func cleanURL(raw string) (string, *downloader.Failure) {
	s := strings.Trim(raw, " \t")
	if isPlainURL(s) {
		return s, nil
	}
	if f := badScheme(s); f != nil {
		return "", f
	}
	return encodeURL(s)
}

// isPlainURL is the fast way for nearly every URL: it may say no to a good one,
// but says yes only to what needs no change and that url.Parse takes.
func isPlainURL(s string) bool {
	rest, ok := strings.CutPrefix(s, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(s, "http://")
	}
	i := 0
	for i < len(rest) && isHostByte[rest[i]] {
		i++
	}
	if !ok || i == 0 || i < len(rest) && rest[i] != '/' {
		return false
	}
	for ; i < len(rest); i++ {
		c := rest[i]
		if keptBytes[c] {
			continue
		}
		if c != '%' || i+2 >= len(rest) || !isHex(rest[i+1]) || !isHex(rest[i+2]) {
			return false
		}
	}
	return true
}

// byteSet says for each byte whether it is in.
type byteSet [256]bool

func setOf(chars string) (b byteSet) {
	for i := range len(chars) {
		b[chars[i]] = true
	}
	return b
}

const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

var (
	isHostByte = setOf(alphanumeric + "-.")
	// keptBytes are those of RFC 3986 that stand for themselves after the host.
	// '%' and '#' are seen to on their own.
	keptBytes = setOf(alphanumeric + "-._~:/?[]@!$&'()*+,;=")
)

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

// badScheme says why s is not a URL of http or https.
func badScheme(s string) *downloader.Failure {
	if s == "" {
		return &downloader.Failure{Kind: session.KindInvalidURL, Message: "no URL"}
	}
	scheme, rest, ok := strings.Cut(s, ":")
	switch {
	case !ok || !isScheme(scheme) || looksLikePort(rest) && !strings.HasPrefix(rest, "//"):
		return &downloader.Failure{Kind: session.KindInvalidURL,
			Message: fmt.Sprintf("%q has no scheme: put http:// or https:// before it", show(s))}
	case !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https"):
		return &downloader.Failure{Kind: session.KindUnsupportedScheme,
			Message: fmt.Sprintf("scheme %q is not supported, only http and https are", show(scheme))}
	case !strings.HasPrefix(rest, "//"):
		return &downloader.Failure{Kind: session.KindInvalidURL,
			Message: fmt.Sprintf("%q has no host: // is missing after the scheme", show(s))}
	}
	return nil
}

// isScheme follows RFC 3986 section 3.1, but for the dot, which is far likelier
// to belong to a host without a scheme before it.
func isScheme(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789+-", rune(c))) {
			return false
		}
	}
	return s != ""
}

// looksLikePort reports whether what follows a colon begins with a number that
// ends there or before a path, as in localhost:8080/x.
func looksLikePort(s string) bool {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n > 0 && (n == len(s) || s[n] == '/')
}

// encodeURL encodes what must be, in a URL of a good scheme.
func encodeURL(s string) (string, *downloader.Failure) {
	refuse := func(why string) (string, *downloader.Failure) {
		return "", &downloader.Failure{Kind: session.KindInvalidURL, Message: fmt.Sprintf("URL %q %s", show(s), why)}
	}
	for i := range len(s) {
		if s[i] < 0x20 || s[i] == 0x7f {
			return refuse("has a control character")
		}
	}
	s, _, _ = strings.Cut(s, "#")
	s = strings.TrimRight(s, " ") // of a comment behind the URL
	scheme, rest, _ := strings.Cut(s, "://")
	end := strings.IndexAny(rest, `/?`)
	if end < 0 {
		end = len(rest)
	}
	authority := rest[:end]
	if !utf8.ValidString(authority) {
		return refuse("has a host that is not valid UTF-8")
	}
	out := strings.ToLower(scheme) + "://" + authority + encodeRest(rest[end:])
	u, err := url.Parse(out)
	switch {
	case err != nil:
		return refuse("cannot be read: " + parseCause(err))
	case u.Hostname() == "":
		return refuse("has no host")
	case strings.ContainsAny(u.Host, `"<>`):
		return refuse("has an invalid character in the host")
	case !isPort(u.Port()):
		return refuse("has a port beyond 65535")
	}
	return out, nil
}

// encodeRest encodes path and query. A '%' that begins no escape is an error
// in a path, but stands for itself in a query, where browsers leave it too.
func encodeRest(s string) string {
	var b strings.Builder
	query := false
	for i := range len(s) {
		c := s[i]
		query = query || c == '?'
		escape := i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2])
		if keptBytes[c] || c == '%' && (query || escape) {
			b.WriteByte(c)
			continue
		}
		const digits = "0123456789ABCDEF"
		b.Write([]byte{'%', digits[c>>4], digits[c&15]})
	}
	return b.String()
}

// isPort reports whether s is a port number, or empty. url.Parse has seen to
// its digits.
func isPort(s string) bool {
	s = strings.TrimLeft(s, "0")
	return len(s) < 5 || len(s) == 5 && s <= "65535"
}

// parseCause is err without the URL that url.Parse repeats, credentials and all.
func parseCause(err error) string {
	if e, ok := err.(*url.Error); ok {
		err = e.Err
	}
	if _, ok := err.(url.InvalidHostError); ok {
		return "invalid character in the host"
	}
	return "host, port or escape is malformed"
}

// show is s for a message: short, valid UTF-8, without login and query.
func show(s string) string {
	s, _, _ = strings.Cut(hideLogin(s), "?")
	const most = 100
	if len(s) > most {
		s = s[:most] + "..."
	}
	return strings.ToValidUTF8(s, "?")
}

// hideLogin removes user and password from s, which may be anything. Where it
// is not clear what is what, all that stands before the last '@' goes: a
// password with a raw slash in it would otherwise pass for a path.
func hideLogin(s string) string {
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return s
	}
	if u, err := url.Parse(s); err == nil && u.Host != "" {
		if u.User == nil {
			return s
		}
		u.User = nil
		return u.String()
	}
	head := ""
	if i := strings.Index(s[:at], "//"); i >= 0 {
		head = s[:i+2]
	}
	return head + "..." + s[at:]
}
