package name

import (
	"mime"
	"net/url"
	"strings"
	"unicode/utf8"
)

// FromDisposition returns the file name that a Content-Disposition header
// proposes (RFC 6266), whatever its disposition type, and whether there is one.
// filename* outranks filename (section 4.3), the first of several counts, and
// of a path only the last segment is taken (section 4.3 too). The name is not
// clean: see Clean.
//
// What browsers put up with is understood too: a missing type, unquoted values
// with spaces, quotes that never end, raw UTF-8 and ISO-8859-1, and a filename
// that is percent-encoded or an encoded word of RFC 2047.
func FromDisposition(header string) (string, bool) {
	var plain, extended string
	for p := header; p != ""; {
		var key, value string
		key, value, p = nextParam(p)
		switch {
		case strings.EqualFold(key, "filename*") && extended == "":
			extended = lastSegment(decodeExtended(value))
		case strings.EqualFold(key, "filename") && plain == "":
			plain = lastSegment(decodePlain(value))
		}
	}
	if extended != "" {
		return extended, true
	}
	return plain, plain != ""
}

// nextParam takes one parameter, or the disposition type, from the front of s.
// A part without '=' has an empty value.
func nextParam(s string) (key, value, rest string) {
	i := strings.IndexAny(s, "=;")
	if i < 0 {
		return trimSpace(s), "", ""
	}
	key = trimSpace(s[:i])
	if s[i] == ';' {
		return key, "", s[i+1:]
	}
	s = strings.TrimLeft(s[i+1:], " \t")
	if strings.HasPrefix(s, `"`) {
		value, rest = quoted(s[1:])
		_, rest, _ = strings.Cut(rest, ";")
		return key, value, rest
	}
	value, rest, _ = strings.Cut(s, ";")
	return key, trimSpace(value), rest
}

// quoted reads a quoted-string (RFC 9110 section 5.6.4) whose first quote is
// gone. A backslash counts as a quoting one only before a quote or another
// backslash: servers that send Windows paths do not double it, and to drop it
// there would glue the path's segments together.
func quoted(s string) (value, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return b.String(), s[i+1:]
		case c == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}

// decodeExtended reads an ext-value (RFC 8187 section 3.2): charset, language
// and percent-encoded bytes, parted by single quotes. What breaks the rule is
// "", so that the plain filename beside it counts.
func decodeExtended(s string) string {
	charset, s, ok := strings.Cut(s, "'")
	if !ok {
		return ""
	}
	if _, s, ok = strings.Cut(s, "'"); !ok {
		return ""
	}
	raw, err := url.PathUnescape(s)
	if err != nil {
		return ""
	}
	switch strings.ToLower(charset) {
	case "utf-8":
		if utf8.ValidString(raw) {
			return raw
		}
	case "iso-8859-1", "us-ascii":
		return fromLatin1(raw)
	}
	return ""
}

// decodePlain reads the value of filename. The header's bytes are UTF-8 if they
// can be, else ISO-8859-1, which is what RFC 9110 section 5.5 inherits.
func decodePlain(s string) string {
	if !utf8.ValidString(s) {
		return fromLatin1(s)
	}
	if strings.Contains(s, "=?") {
		if word, err := new(mime.WordDecoder).DecodeHeader(s); err == nil {
			return word
		}
	}
	if raw, err := url.PathUnescape(s); err == nil && utf8.ValidString(raw) {
		return raw
	}
	return s
}

// fromLatin1 makes UTF-8 of ISO-8859-1, whose bytes are code points.
func fromLatin1(s string) string {
	rs := make([]rune, len(s))
	for i := range len(s) {
		rs[i] = rune(s[i])
	}
	return string(rs)
}

func lastSegment(s string) string {
	return trimSpace(s[strings.LastIndexAny(s, `/\`)+1:])
}

// trimSpace removes optional white space (RFC 9110 section 5.6.3).
func trimSpace(s string) string { return strings.Trim(s, " \t") }
