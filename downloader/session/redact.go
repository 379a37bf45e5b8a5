package session

import (
	"net/url"
	"strings"
)

// secretParams are parts of the names of query parameters that hold a
// credential: what S3, GCS, Azure, CloudFront, Akamai and plain habit call it.
var secretParams = []string{
	"signature", "token", "secret", "password", "passwd", "credential", "apikey", "api_key", "api-key", "access_key",
	"accesskey", "authorization", "oauth", "session", "hmac", "hdnea", "hdnts", "policy", "jwt",
}

// secretNames are short names that hold one only when they are the whole name.
var secretNames = map[string]bool{"sig": true, "key": true, "pwd": true, "pass": true, "auth": true, "hash": true, "code": true, "sid": true}

// hidden stands where a secret was.
const hidden = "xxxxx"

// Redact writes u without what should not be seen in messages, logs and
// records: its user and password, the values of query parameters that sign or
// authenticate, and its fragment. A nil u is "".
func Redact(u *url.URL) string {
	if u == nil {
		return ""
	}
	shown := *u
	shown.Fragment, shown.RawFragment = "", ""
	if u.User != nil {
		shown.User = url.User(hidden)
	}
	shown.RawQuery = redactQuery(u.RawQuery)
	return shown.String()
}

// RedactString is Redact of a URL that may not be one. Of what cannot be parsed
// it shows nothing behind the host's place.
func RedactString(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		scheme, _, ok := strings.Cut(s, "://")
		if !ok || len(scheme) > 16 {
			return hidden
		}
		return scheme + "://" + hidden
	}
	return Redact(u)
}

func redactQuery(query string) string {
	if query == "" {
		return ""
	}
	params := strings.Split(query, "&")
	for i, p := range params {
		name, value, ok := strings.Cut(p, "=")
		if ok && value != "" && isSecret(name) {
			params[i] = name + "=" + hidden
		}
	}
	return strings.Join(params, "&")
}

func isSecret(name string) bool {
	if plain, err := url.QueryUnescape(name); err == nil {
		name = plain
	}
	name = strings.ToLower(name)
	if secretNames[name] {
		return true
	}
	for _, part := range secretParams {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}
