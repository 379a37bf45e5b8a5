package report

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/seed-9a1263fe/haul/downloader/session"
)

// How many characters of what comes from outside are kept.
const (
	maxKind    = 40
	maxName    = 300
	maxURL     = 500
	maxMessage = 400
)

// show returns at most n characters of s, with those replaced that would do more
// than be shown: controls, marks of writing direction, broken UTF-8.
func show(s string, n int) string {
	var b strings.Builder
	count := 0
	for _, c := range s {
		if count++; count > n {
			b.WriteRune('…')
			break
		}
		if c != ' ' && !unicode.IsPrint(c) {
			c = unicode.ReplacementChar
		}
		b.WriteRune(c)
	}
	return b.String()
}

// showURL is show of a URL, without its credentials.
func showURL(s string) string { return show(session.RedactString(s), maxURL) }

// showMessage is show of an error's message, without the credentials of URLs in
// it and without the file's own URL before it, which is told beside it.
func showMessage(s, url string) string {
	s = strings.TrimPrefix(s, url+": ")
	words := strings.Fields(s)
	for i, w := range words {
		words[i] = redactWord(w)
	}
	return show(strings.Join(words, " "), maxMessage)
}

// redactWord redacts a URL that stands in a word, between marks of punctuation.
func redactWord(w string) string {
	sep := strings.Index(w, "://")
	if sep < 0 {
		return w
	}
	begin := strings.LastIndexFunc(w[:sep], func(c rune) bool { return !isScheme(c) }) + 1
	for begin > 0 && begin < len(w) && w[begin]&0xC0 == 0x80 {
		begin++ // the rest of a character of several bytes
	}
	end := len(strings.TrimRight(w, `.,:;"'()<>[]`))
	if end <= sep {
		return w
	}
	return w[:begin] + session.RedactString(w[begin:end]) + w[end:]
}

// isScheme reports whether c can stand in the scheme of a URL (RFC 3986 section
// 3.1).
func isScheme(c rune) bool {
	return c < unicode.MaxASCII && (unicode.IsLetter(c) || unicode.IsDigit(c) || strings.ContainsRune("+-.", c))
}

// hostOf names the server of a record: the one that had the file, if a redirect
// led to it.
func hostOf(rec *record) string {
	for _, s := range []string{rec.FinalURL, rec.URL} {
		if u, err := url.Parse(s); err == nil && u.Host != "" {
			return show(strings.ToLower(u.Host), maxName)
		}
	}
	return "(no host)"
}

// formatSize writes n bytes in three or four digits and a unit.
func formatSize(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	f, unit := float64(n)/1024, 0
	for f >= 999.95 && unit < len(binaryUnits)-1 {
		f /= 1024
		unit++
	}
	return fmt.Sprintf("%.1f %ciB", f, binaryUnits[unit])
}

const binaryUnits = "KMGTPE"

// formatRate writes bytes a second.
func formatRate(f float64) string { return formatSize(int64(f+0.5)) + "/s" }

// formatDuration writes milliseconds in the one or two units that matter.
func formatDuration(ms int64) string {
	d := time.Duration(ms) * time.Millisecond
	switch s := (ms + 500) / 1000; {
	case ms < 1000:
		return fmt.Sprintf("%d ms", ms)
	case ms < 9950:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return pair(s, 60, "min", "s")
	case s < 48*3600:
		return pair(s/60, 60, "h", "min")
	default:
		return pair(s/3600, 24, "d", "h")
	}
}

// pair writes n of the small unit as the large one, and the small one if any is
// left.
func pair(n, size int64, large, small string) string {
	if n%size == 0 {
		return fmt.Sprintf("%d %s", n/size, large)
	}
	return fmt.Sprintf("%d %s %d %s", n/size, large, n%size, small)
}

// formatCount writes n with a narrow space between groups of three digits.
func formatCount(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}

// formatShare writes part of whole in per cent, so that little is not nothing and
// almost all is not all.
func formatShare(part, whole int64) string {
	if whole <= 0 {
		return "0%"
	}
	switch p := 100 * float64(part) / float64(whole); {
	case part > 0 && p < 0.1:
		return "<0.1%"
	case part < whole && p > 99.9:
		return ">99.9%"
	case part == whole || part == 0 || p >= 10 && p < 99:
		return fmt.Sprintf("%.0f%%", p)
	default:
		return fmt.Sprintf("%.1f%%", p)
	}
}
