package list

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/seed-9a1263fe/haul/downloader"
	"github.com/seed-9a1263fe/haul/downloader/session"
)

func TestCleanURL(t *testing.T) {
	for in, want := range map[string]string{
		"http://h":                           "http://h",
		"https://example.com/a/b.bin?x=1&y=": "https://example.com/a/b.bin?x=1&y=",
		" \thttp://h/a \t":                   "http://h/a",
		"HTTP://Host/A":                      "http://Host/A",
		"http://h/a b":                       "http://h/a%20b",
		"http://h/a?q=a b":                   "http://h/a?q=a%20b",
		"http://h/%41%2fb":                   "http://h/%41%2fb",
		"http://h/100%.zip":                  "http://h/100%25.zip",
		"http://h/a%":                        "http://h/a%25",
		"http://h/a%4":                       "http://h/a%254",
		"http://h/?p=100%":                   "http://h/?p=100%",
		"http://h/é/世界":                      "http://h/%C3%A9/%E4%B8%96%E7%95%8C",
		"http://h/\xff":                      "http://h/%FF",
		`http://h/<"\^` + "`" + `{|}>`:       "http://h/%3C%22%5C%5E%60%7B%7C%7D%3E",
		"http://h/a#part":                    "http://h/a",
		"http://h#part":                      "http://h",
		"http://h/a # the first":             "http://h/a",
		"http://h?q":                         "http://h?q",
		"http://h/a[1].txt":                  "http://h/a[1].txt",
		"http://u:p@h:81/a":                  "http://u:p@h:81/a",
		"http://[::1]:8080/a":                "http://[::1]:8080/a",
		"http://h:65535/":                    "http://h:65535/",
		"http://bücher.example/ü":            "http://bücher.example/%C3%BC",
		"http://h/a/../b":                    "http://h/a/../b",
	} {
		got, err := CleanURL(in)
		if err != nil || got != want {
			t.Errorf("CleanURL(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestCleanURLRefuses(t *testing.T) {
	tests := []struct {
		in   string
		kind session.Kind
		says string // part of the message
	}{
		{"", session.KindInvalidURL, "no URL"},
		{"   ", session.KindInvalidURL, "no URL"},
		{"www.example.com/x", session.KindInvalidURL, "put http://"},
		{"example.com:8080/x", session.KindInvalidURL, "put http://"},
		{"localhost:8080", session.KindInvalidURL, "put http://"},
		{"//h/a", session.KindInvalidURL, "put http://"},
		{"/a/b", session.KindInvalidURL, "put http://"},
		{"ftp://h/a", session.KindUnsupportedScheme, `"ftp"`},
		{"file:///etc/passwd", session.KindUnsupportedScheme, `"file"`},
		{"magnet:?xt=urn:btih:0", session.KindUnsupportedScheme, `"magnet"`},
		{"data:text/plain,hi", session.KindUnsupportedScheme, `"data"`},
		{"httpx://h/a", session.KindUnsupportedScheme, `"httpx"`},
		{"http:h/a", session.KindInvalidURL, "//"},
		{"http:/h/a", session.KindInvalidURL, "//"},
		{"http://", session.KindInvalidURL, "no host"},
		{"http:///a", session.KindInvalidURL, "no host"},
		{"http://:80/a", session.KindInvalidURL, "no host"},
		{"http://h:99999/a", session.KindInvalidURL, "port"},
		{"http://h:x/a", session.KindInvalidURL, "malformed"},
		{"http://a b/c", session.KindInvalidURL, "host"},
		{"http://a<b/c", session.KindInvalidURL, "host"},
		{"http://\xff/c", session.KindInvalidURL, "UTF-8"},
		{"http://h/a\rb", session.KindInvalidURL, "control"},
		{"http://h/a\x00", session.KindInvalidURL, "control"},
		{"http://h/a\x7f", session.KindInvalidURL, "control"},
	}
	for _, tt := range tests {
		got, err := CleanURL(tt.in)
		var f *downloader.Failure
		if !errors.As(err, &f) {
			t.Errorf("CleanURL(%q) = %q, %v; want a failure", tt.in, got, err)
			continue
		}
		if f.Kind != tt.kind || !strings.Contains(f.Message, tt.says) {
			t.Errorf("CleanURL(%q): got %v, want %s that says %q", tt.in, f, tt.kind, tt.says)
		}
	}
}

func TestMessagesShowNoCredentials(t *testing.T) {
	for _, in := range []string{
		"http://user:secret@h:99999/a?token=secret",
		"http://user:secret@/a",
		"http://user:secret@a b/",
		"http://user:se/secret@h:x/",
		"http://user:s?secret@h:x/",
		"http://h:x/?token=secret",
		"user:secret@h/a",
		"user.name:secret@h/a",
		"http:user:secret@h/a",
	} {
		_, err := CleanURL(in)
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("CleanURL(%q): %v; want an error without the password", in, err)
		}
	}
}

func TestBadURLsAreKeptWithoutLogin(t *testing.T) {
	for in, want := range map[string]string{
		"ftp://user:secret@h/a?b=c@d":  "ftp://h/a?b=c@d",
		"ftp://h/a@b":                  "ftp://h/a@b",
		"http://user:secret@a b/":      "http://...@a b/",
		"http://user:se/secret@h:x/":   "http://...@h:x/",
		"user:secret@h/a":              "...@h/a",
		"www.example.com/user@example": "...@example",
	} {
		r := one(t, Config{}, in)
		if r.Defect == nil || len(r.URLs) != 1 || r.URLs[0] != want {
			t.Errorf("%q: got %+v, want a defect with %q", in, r, want)
		}
	}
}

func FuzzCleanURL(f *testing.F) {
	f.Add("http://u:p@h:80/a b?c#d")
	f.Add("www.example.com:80")
	f.Add("https://[::1%25eth0]/%zz")
	f.Fuzz(func(t *testing.T, in string) {
		out, err := CleanURL(in)
		if err != nil {
			var f *downloader.Failure
			if !errors.As(err, &f) || !utf8.ValidString(f.Message) || len(f.Message) > 1000 {
				t.Fatalf("CleanURL(%q) fails with %q", in, err)
			}
			return
		}
		u, err := url.Parse(out)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.ContainsAny(out, " \t\r\n#") {
			t.Fatalf("CleanURL(%q) = %q, which is %+v, %v", in, out, u, err)
		}
		if again, err := CleanURL(out); err != nil || again != out {
			t.Fatalf("CleanURL(%q) = %q, and again %q, %v", in, out, again, err)
		}
		r := downloader.Request{URLs: []string{out}}
		if r.Origin() == "" {
			t.Fatalf("CleanURL(%q) = %q, which has no origin", in, out)
		}
	})
}
