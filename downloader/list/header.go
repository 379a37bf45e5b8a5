package list

import (
	"fmt"
	"strings"

	"github.com/seed-9a1263fe/haul/downloader"
	"github.com/seed-9a1263fe/haul/downloader/session"
)

// setHeaderLine adds a header field given as "Name: value".
func setHeaderLine(r *downloader.Request, s string) {
	name, value, ok := strings.Cut(s, ":")
	if !ok {
		spoil(r, session.KindProtocol, "header is not \"Name: value\"")
		return
	}
	addHeader(r, name, value)
}

// addHeader adds a header field to r, or spoils r if the field could not be
// sent as it is (RFC 9110 sections 5.1 and 5.5). The value stands in no message,
// since it may be a secret.
func addHeader(r *downloader.Request, name, value string) {
	name, value = strings.Trim(name, " \t"), strings.Trim(value, " \t")
	switch {
	case !isToken(name):
		spoil(r, session.KindProtocol, fmt.Sprintf("header name %.100q is not a token", name))
	case !isFieldValue(value):
		spoil(r, session.KindProtocol, fmt.Sprintf("header %.100q has a control character in its value", name))
	default:
		r.Header = append(r.Header, downloader.Field{Name: name, Value: value})
	}
}

var tokenBytes = setOf(alphanumeric + "!#$%&'*+-.^_`|~")

// isToken follows RFC 9110 section 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		if !tokenBytes[s[i]] {
			return false
		}
	}
	return s != ""
}

// isFieldValue follows RFC 9110 section 5.5: no CR, LF, NUL, nor any other
// control character but the tab.
func isFieldValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x20 && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
