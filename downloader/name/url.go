package name

import (
	"net/url"
	"strings"
)

// FromURL is the last segment of u's path, percent-decoded (RFC 3986 section
// 2.1), or Fallback if that is empty. The path is cut before it is decoded, so
// an encoded slash stays within the segment, for Clean to deal with.
func FromURL(u *url.URL) string {
	p := u.EscapedPath()
	last := p[strings.LastIndexByte(p, '/')+1:]
	s, err := url.PathUnescape(last)
	if err != nil {
		s = last
	}
	if s == "" {
		return Fallback
	}
	return s
}

// Of is the name that an answer gives its file: the one of its
// Content-Disposition header, else that of the URL, else Fallback. It is clean.
func Of(disposition string, u *url.URL) string {
	if s, ok := FromDisposition(disposition); ok {
		if s, err := Clean(s); err == nil {
			return s
		}
	}
	if s, err := Clean(FromURL(u)); err == nil {
		return s
	}
	return Fallback
}
