package name

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seed-9a1263fe/haul/store"
)

// Join makes a key of a directory below the output directory and a name in it,
// as the user's list gives them; both may hold slashes, and dir may be empty.
// "." segments and doubled slashes mean nothing in a path and go; anything that
// would have to be changed is refused with an *Error instead. The key that it
// returns is valid.
func Join(dir, out string) (store.Key, error) {
	if out == "" {
		return "", &Error{out, "is empty"}
	}
	parts := make([]string, 0, 4)
	for _, s := range []string{dir, out} {
		if why := refuse(s); why != "" {
			return "", &Error{s, why}
		}
		for part := range strings.SplitSeq(s, "/") {
			if part == "" || part == "." {
				continue
			}
			if why := refusePart(part); why != "" {
				return "", &Error{s, why}
			}
			parts = append(parts, part)
		}
	}
	if strings.HasSuffix(out, "/") {
		return "", &Error{out, "ends in a slash and names no file"}
	}
	if last := out[strings.LastIndexByte(out, '/')+1:]; last == "." {
		return "", &Error{out, "names no file"}
	} else if len(last) > MaxName {
		return "", &Error{out, fmt.Sprintf("is longer than %d bytes", MaxName)}
	}
	key := strings.Join(parts, "/")
	if len(key) > MaxPath {
		return "", &Error{key, fmt.Sprintf("is a path of more than %d bytes", MaxPath)}
	}
	if strings.EqualFold(parts[0], store.StateDir) {
		return "", &Error{key, "lies in the state directory"}
	}
	return store.Key(key), nil
}

// refuse says what is wrong with a path as a whole, or "".
func refuse(s string) string {
	switch {
	case strings.HasPrefix(s, "/"), hasDrive(s):
		return "is absolute"
	case !utf8.ValidString(s):
		return "is not valid UTF-8"
	case strings.ContainsRune(s, '\\'):
		return "has a backslash"
	case strings.ContainsFunc(s, unicode.IsControl):
		return "has a control character"
	}
	return ""
}

// refusePart says what is wrong with one segment of a path, or "".
func refusePart(s string) string {
	switch {
	case s == "..":
		return `leaves the directory with ".."`
	case isDevice(s):
		return fmt.Sprintf("has the device name %q", s)
	case len(s) > store.MaxSegment:
		return fmt.Sprintf("has a part of more than %d bytes", store.MaxSegment)
	}
	return ""
}

// hasDrive reports a path like C:/data, which is absolute where drives are.
func hasDrive(s string) bool {
	if len(s) < 2 || s[1] != ':' || len(s) > 2 && s[2] != '/' {
		return false
	}
	c := s[0] | 0x20
	return 'a' <= c && c <= 'z'
}
