package session

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
)

// Netrc holds logins by host name, as a .netrc file has them.
type Netrc struct {
	logins   map[string]*url.Userinfo
	fallback *url.Userinfo // the entry "default"
}

// ErrNetrc is wrapped by every error of ParseNetrc.
var ErrNetrc = errors.New("bad netrc file")

const maxNetrc = 1 << 20

// ParseNetrc reads entries "machine NAME login NAME password SECRET" and
// "default login …", on one line or several. The first entry of a name counts.
// A word in double quotes may hold spaces. Macros are skipped. Errors name the
// line and never show it.
func ParseNetrc(r io.Reader) (*Netrc, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxNetrc+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNetrc, err)
	}
	if len(b) > maxNetrc {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrNetrc, maxNetrc)
	}
	p := netrcParser{words: netrcWords{text: string(b), line: 1}, out: &Netrc{logins: map[string]*url.Userinfo{}}}
	if err := p.parse(); err != nil {
		return nil, fmt.Errorf("%w: line %d: %w", ErrNetrc, p.words.line, err)
	}
	return p.out, nil
}

// Login returns the login for a host, or nil. A nil Netrc has none.
func (n *Netrc) Login(host string) *url.Userinfo {
	if n == nil {
		return nil
	}
	if login := n.logins[strings.ToLower(host)]; login != nil {
		return login
	}
	return n.fallback
}

var (
	errNetrcWord = errors.New("unknown word, or one out of place")
	errNetrcEnd  = errors.New("a word is missing at the end")
)

type netrcParser struct {
	words netrcWords
	out   *Netrc

	open            bool // an entry has begun
	machine         string
	login, password string
}

func (p *netrcParser) parse() error {
	for {
		word, ok := p.words.next()
		if !ok {
			p.finish()
			return nil
		}
		if err := p.take(word); err != nil {
			return err
		}
	}
}

// take handles one word and what belongs to it.
func (p *netrcParser) take(word string) error {
	switch word {
	case "default":
		p.begin("")
		return nil
	case "macdef":
		p.words.skipMacro()
		return nil
	case "machine", "login", "password", "account":
	default:
		return errNetrcWord
	}
	value, ok := p.words.next()
	if !ok {
		return errNetrcEnd
	}
	if word == "machine" {
		p.begin(strings.ToLower(value))
		return nil
	}
	if !p.open {
		return errNetrcWord
	}
	switch word {
	case "login":
		p.login = value
	case "password":
		p.password = value
	}
	return nil
}

func (p *netrcParser) begin(machine string) {
	p.finish()
	p.open, p.machine, p.login, p.password = true, machine, "", ""
}

// finish keeps the entry that is open, unless it names nobody.
func (p *netrcParser) finish() {
	if !p.open || p.login == "" {
		return
	}
	who := url.UserPassword(p.login, p.password)
	switch {
	case p.machine == "" && p.out.fallback == nil:
		p.out.fallback = who
	case p.machine != "" && p.out.logins[p.machine] == nil:
		p.out.logins[p.machine] = who
	}
}

// netrcWords cuts the text into words.
type netrcWords struct {
	text string
	line int
}

// next returns the next word that is not in a comment.
func (w *netrcWords) next() (string, bool) {
	for {
		w.skipSpace()
		if !strings.HasPrefix(w.text, "#") {
			break
		}
		_, w.text, _ = strings.Cut(w.text, "\n")
		w.line++
	}
	switch {
	case w.text == "":
		return "", false
	case w.text[0] == '"':
		return w.quoted(), true
	}
	end := strings.IndexAny(w.text, " \t\r\n")
	if end < 0 {
		end = len(w.text)
	}
	word := w.text[:end]
	w.text = w.text[end:]
	return word, true
}

func (w *netrcWords) skipSpace() {
	for w.text != "" && strings.IndexByte(" \t\r\n", w.text[0]) >= 0 {
		if w.text[0] == '\n' {
			w.line++
		}
		w.text = w.text[1:]
	}
}

// quoted reads a word in quotes, in which a backslash lets the next character
// stand for itself.
func (w *netrcWords) quoted() string {
	var b strings.Builder
	i := 1
	for ; i < len(w.text) && w.text[i] != '"'; i++ {
		if w.text[i] == '\\' && i+1 < len(w.text) {
			i++
		}
		b.WriteByte(w.text[i])
	}
	w.text = w.text[min(i+1, len(w.text)):]
	return b.String()
}

// skipMacro skips to behind the empty line that ends a macro.
func (w *netrcWords) skipMacro() {
	macro, rest, _ := strings.Cut(w.text, "\n\n")
	w.line += strings.Count(macro, "\n") + 2
	w.text = rest
}
