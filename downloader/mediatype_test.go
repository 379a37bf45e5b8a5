package downloader

import (
	"testing"

	"github.com/seed-9a1263fe/haul/bench/origin"
	"github.com/seed-9a1263fe/haul/downloader/session"
)

func TestMediaTypesAreTakenAsAsked(t *testing.T) {
	for _, c := range []struct {
		patterns, got string
		want          bool
	}{
		{"", "text/html", true},
		{"", "", true},
		{"image/*", "image/png", true},
		{"image/*", "IMAGE/PNG; q=1", true},
		{"image/*", "text/html; charset=utf-8", false},
		{"image/*", "", false},
		{"!text/html", "text/html; charset=utf-8", false},
		{"!text/html", "application/pdf", true},
		{"!text/html", "", true},
		{"application/pdf, image/*, !image/gif", "image/gif", false},
		{"application/pdf, image/*, !image/gif", "application/pdf", true},
		{"application/pdf", "application/pdfx", false},
		{"application/pdf", ";;;", false},
	} {
		m, err := ParseMediaType(c.patterns)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Takes(c.got); got != c.want {
			t.Errorf("%q takes %q: %v, want %v", c.patterns, c.got, got, c.want)
		}
	}
	for _, bad := range []string{"html", "/", "text/", "/html", "text/html;x", "!"} {
		if _, err := ParseMediaType(bad); err == nil {
			t.Errorf("%q was taken for a pattern", bad)
		}
	}
}

func TestWebPageWhereAFileWasExpectedIsNotKept(t *testing.T) {
	inLab(t, origin.Config{}, func(l *lab) {
		page := l.add("/login", origin.File{Data: []byte("<html>who are you?"), ContentType: "text/html"})
		pdf := l.add("/a.pdf", origin.File{Size: 100, ContentType: "application/pdf"})
		page.Type, pdf.Type = "application/pdf", "application/pdf"
		rs := l.run(page, pdf)
		l.failed(rs[0], session.KindProtocol)
		l.complete(rs[1], "/a.pdf")

		l.cfg.ExpectType = "!text/html"
		l.failed(l.run(l.add("/other", origin.File{Size: 1, ContentType: "text/html"}))[0], session.KindProtocol)
	})
}
