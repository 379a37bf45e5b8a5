package session

import (
	"errors"
	"fmt"
	"strings"
)

// ErrHeader is wrapped by the errors about header fields that cannot be sent.
var ErrHeader = errors.New("bad header field")

// checkField refuses what RFC 9110 sections 5.1 and 5.5 do not allow: a line
// break in a value would begin a field, or a request, of somebody else's making.
func checkField(name, value string) error {
	if !isToken(name) {
		return fmt.Errorf("%w: name %.80q", ErrHeader, name)
	}
	for _, b := range []byte(value) {
		if b < ' ' && b != '\t' || b == 0x7f {
			return fmt.Errorf("%w: value of %s holds a control character", ErrHeader, name)
		}
	}
	return nil
}

// isToken is RFC 9110 section 5.6.2.
func isToken(s string) bool {
	for _, b := range []byte(s) {
		alnum := 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9'
		if !alnum && strings.IndexByte("!#$%&'*+-.^_`|~", b) < 0 {
			return false
		}
	}
	return s != ""
}
