package list

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"

	"github.com/seed-9a1263fe/haul/downloader"
	"github.com/seed-9a1263fe/haul/downloader/session"
	"github.com/seed-9a1263fe/haul/store"
)

// sumLine makes an entry of a line as sha256sum and its like write it: the sum,
// a space, a space or '*', and the name; or, with --tag and on BSD, the
// algorithm, the name in parentheses, '=' and the sum. The name is below
// Config.Base, or a URL itself.
func (d *Decoder) sumLine(c *cutter, l line) error {
	if !l.long && isBlank(l.text) || bytes.HasPrefix(l.text, []byte("#")) {
		return nil
	}
	var r downloader.Request
	if l.long {
		spoil(&r, session.KindProtocol, d.tooLong("line"))
	} else {
		d.fillSum(&r, c.line, string(l.text))
	}
	if !c.begin(r) {
		return errStop
	}
	return nil
}

func (d *Decoder) fillSum(r *downloader.Request, line int64, s string) {
	digest, name, err := parseSum(s)
	if err != nil {
		spoil(r, session.KindProtocol, err.Error())
		return
	}
	r.Checksum = digest
	if strings.HasPrefix(name, "http://") || strings.HasPrefix(name, "https://") {
		d.setURLs(r, line, []string{name})
		return
	}
	name = strings.TrimPrefix(name, "./")
	r.Out = name
	if d.cfg.Base == "" {
		spoil(r, session.KindInvalidURL, fmt.Sprintf("%.100q is a name, and there is no base URL for it", name))
		return
	}
	d.setURLs(r, line, []string{below(d.cfg.Base, name)})
}

// parseSum takes one line apart.
func parseSum(s string) (store.Digest, string, error) {
	escaped := strings.HasPrefix(s, `\`)
	s = strings.TrimPrefix(s, `\`)
	algorithm, sum, name, ok := cutTagged(s)
	if !ok {
		sum, name, ok = strings.Cut(s, " ")
		if !ok || name == "" || name[0] != ' ' && name[0] != '*' || len(name) == 1 {
			return store.Digest{}, "", fmt.Errorf("line is not a checksum and a name")
		}
		algorithm, name = algorithmOf(len(sum)), name[1:]
	}
	if algorithm == "" {
		return store.Digest{}, "", fmt.Errorf("checksum of %d digits is of no known algorithm", len(sum))
	}
	digest, err := store.ParseDigest(algorithm, sum)
	if err != nil {
		return store.Digest{}, "", err
	}
	if escaped {
		// coreutils marks a line with a backslash when its name has one, or a
		// line's end.
		name = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\r`, "\r").Replace(name)
	}
	return digest, name, nil
}

// cutTagged takes "SHA256 (name) = sum" apart.
func cutTagged(s string) (algorithm, sum, name string, ok bool) {
	algorithm, rest, ok := strings.Cut(s, " (")
	if !ok || strings.Contains(algorithm, " ") {
		return "", "", "", false
	}
	i := strings.LastIndex(rest, ") = ")
	if i <= 0 {
		return "", "", "", false
	}
	return algorithm, rest[i+len(") = "):], rest[:i], true
}

// algorithmOf guesses the algorithm from the number of hexadecimal digits.
func algorithmOf(digits int) string {
	switch digits {
	case 32:
		return "md5"
	case 40:
		return "sha-1"
	case 56:
		return "sha-224"
	case 64:
		return "sha-256"
	case 96:
		return "sha-384"
	case 128:
		return "sha-512"
	}
	return ""
}

// below is the URL of a file below a base. Each part of the name stands for
// itself, so it is escaped; a query of the base is kept.
func below(base, name string) string {
	base, query, hasQuery := strings.Cut(base, "?")
	var b strings.Builder
	b.WriteString(strings.TrimSuffix(base, "/"))
	for part := range strings.SplitSeq(name, "/") {
		b.WriteString("/" + url.PathEscape(part))
	}
	if hasQuery {
		b.WriteString("?" + query)
	}
	return b.String()
}
