package list

import (
	"strings"

	"github.com/seed-9a1263fe/haul/downloader"
	"github.com/seed-9a1263fe/haul/downloader/session"
)

// setURLs gives r the URLs of raw that can be asked for. A mirror that cannot be
// used is left out as long as another can; if none can, r keeps them as they
// are but for logins, for its result, and is spoiled by the first one's reason.
// It takes raw over.
func (d *Decoder) setURLs(r *downloader.Request, line int64, raw []string) {
	var first *downloader.Failure
	good := raw[:0] // raw stays whole as long as nothing is good
	for _, s := range raw {
		u, f := cleanURL(s)
		if f == nil {
			good = append(good, u)
		} else if first == nil {
			first = f
		}
	}
	switch {
	case len(good) > 0:
		r.URLs = good
		if first != nil {
			d.ignore(line, "mirror: "+string(first.Kind))
		}
	case first != nil:
		for _, s := range raw {
			r.URLs = append(r.URLs, strings.ToValidUTF8(hideLogin(strings.TrimSpace(s)), "\ufffd"))
		}
		spoil(r, first.Kind, first.Message)
	default:
		spoil(r, session.KindInvalidURL, "no URL")
	}
}
