package name

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes one file name out of what a server proposed. The result is valid
// UTF-8 of at most MaxName bytes that stays one harmless name on every usual
// system: separators, control characters and marks that turn the direction of
// text become '_', as does a leading '.' (which hides) or '-' (which the next
// command takes for an option); spaces at the ends and dots at the end go; a
// device name gets a '_' before it; what is too long loses the end of its stem
// and keeps its extension. Clean of a clean name changes nothing.
//
// It fails with an *Error when nothing is left.
func Clean(segment string) (string, error) {
	s := strings.Map(harmless, strings.ToValidUTF8(segment, "_"))
	s = trimEnd(strings.TrimLeftFunc(s, unicode.IsSpace))
	if s == "" {
		return "", &Error{segment, "has nothing to name a file with"}
	}
	if s[0] == '.' || s[0] == '-' {
		s = "_" + s[1:]
	}
	s = shorten(s, MaxName)
	if isDevice(s) {
		s = "_" + shorten(s, MaxName-1)
	}
	return s, nil
}

// harmless maps a character that must not stand in a name to '_'.
func harmless(r rune) rune {
	switch {
	case r == '/', r == '\\', unicode.IsControl(r), r == '\u2028', r == '\u2029', turnsText(r):
		return '_'
	}
	return r
}

// turnsText reports the marks of Unicode's bidirectional algorithm (UAX 9), by
// which "gpj.exe" can be made to look like "exe.jpg".
func turnsText(r rune) bool {
	return unicode.Is(unicode.Bidi_Control, r)
}

// trimEnd removes what Windows would drop from the end of a name, so that two
// names do not become one there.
func trimEnd(s string) string {
	return strings.TrimRightFunc(s, func(r rune) bool { return r == '.' || unicode.IsSpace(r) })
}

// shorten cuts s to at most most bytes, between two characters. The extension
// stays, unless it is so long that it hardly is one.
func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	stem, ext := split(s)
	if ext == "" || len(ext) > most/4 {
		return trimEnd(cut(s, most))
	}
	return cut(stem, most-len(ext)) + ext
}

// cut returns the longest start of s that has at most most bytes and does not
// end within a character.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

// split parts a file name before its last dot. A dot in front makes no
// extension.
func split(s string) (stem, ext string) {
	if i := strings.LastIndexByte(s, '.'); i > 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// isDevice reports whether Windows takes s for a device, with any extension
// and any spaces before it.
func isDevice(s string) bool {
	base, _, _ := strings.Cut(s, ".")
	base = strings.ToUpper(strings.TrimRight(base, " "))
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$":
		return true
	}
	digit, ok := strings.CutPrefix(base, "COM")
	if !ok {
		digit, ok = strings.CutPrefix(base, "LPT")
	}
	if !ok {
		return false
	}
	r, n := utf8.DecodeRuneInString(digit)
	return n > 0 && n == len(digit) && strings.ContainsRune("0123456789¹²³", r)
}
