package name

import (
	"testing"
	"unicode/utf8"
)

func TestFromDisposition(t *testing.T) {
	tests := []struct{ why, header, want string }{
		{"token", `attachment; filename=foo.html`, "foo.html"},
		{"quoted", `attachment; filename="foo bar.html"`, "foo bar.html"},
		{"any type", `inline; filename="foo.html"`, "foo.html"},
		{"names in any case", `ATTACHMENT; FILENAME="foo.html"`, "foo.html"},
		{"space around", `attachment ;  filename = "foo.html" ; x=y`, "foo.html"},
		{"tabs around", "attachment;\tfilename\t=\tfoo.html", "foo.html"},
		{"quoted pair", `attachment; filename="a \"b\" \\c.html"`, "c.html"},
		{"semicolon in quotes", `attachment; filename="a;b=c.html"; x=y`, "a;b=c.html"},
		{"filename in another value", `attachment; x="filename=bad"; filename=foo`, "foo"},
		{"longer parameter names", `attachment; xfilename=bad; filenamex=bad`, ""},
		{"extended", `attachment; filename*=UTF-8''%e2%82%ac%20rates.txt`, "€ rates.txt"},
		{"extended with language", `attachment; filename*=utf-8'en'a%27b`, "a'b"},
		{"extended in Latin-1", `attachment; filename*=iso-8859-1''%a3%20rates`, "£ rates"},
		{"extended outranks plain", `attachment; filename="EURO.txt"; filename*=utf-8''%e2%82%ac.txt`, "€.txt"},
		{"extended outranks plain in any order", `attachment; filename*=utf-8''%e2%82%ac.txt; filename="EURO.txt"`, "€.txt"},
		{"extended in quotes", `attachment; filename*="UTF-8''a%20b"`, "a b"},
		{"extended in an unknown charset", `attachment; filename*=koi8-r''%c1; filename=foo`, "foo"},
		{"extended without charset", `attachment; filename*=a%20b; filename=foo`, "foo"},
		{"extended with one quote", `attachment; filename*=UTF-8'a; filename=foo`, "foo"},
		{"extended with a broken escape", `attachment; filename*=UTF-8''a%zz; filename=foo`, "foo"},
		{"extended that is not UTF-8", `attachment; filename*=UTF-8''%ff; filename=foo`, "foo"},
		{"first of two", `attachment; filename="a"; filename="b"`, "a"},
		{"first of two extended", `attachment; filename*=UTF-8''a; filename*=UTF-8''b`, "a"},
		{"no type", `filename="foo.html"`, "foo.html"},
		{"empty type", `; filename="foo.html"`, "foo.html"},
		{"unquoted with spaces", `attachment; filename=foo bar baz.pdf; x=y`, "foo bar baz.pdf"},
		{"unquoted with an equals sign", `attachment; filename=a=b.txt`, "a=b.txt"},
		{"quotes that never end", `attachment; filename="foo bar`, "foo bar"},
		{"text after the quotes", `attachment; filename="foo"bar; x=y`, "foo"},
		{"raw UTF-8", `attachment; filename="世界.txt"`, "世界.txt"},
		{"raw Latin-1", "attachment; filename=\"\xe4.txt\"", "ä.txt"},
		{"percent-encoded", `attachment; filename="%E4%B8%96%20a.txt"`, "世 a.txt"},
		{"percent that is none", `attachment; filename="100%.txt"`, "100%.txt"},
		{"percent-encoded Latin-1 stays", `attachment; filename="%e4.txt"`, "%e4.txt"},
		{"encoded word", `attachment; filename="=?UTF-8?B?5LiW55WMLnR4dA==?="`, "世界.txt"},
		{"encoded word, quoted-printable", `attachment; filename="=?iso-8859-1?Q?a_=E4.txt?="`, "a ä.txt"},
		{"encoded word in an unknown charset", `attachment; filename="=?x?B?AAAA?="`, "=?x?B?AAAA?="},
		{"path", `attachment; filename="../../etc/passwd"`, "passwd"},
		{"path of Windows", `attachment; filename="C:\temp\new.txt"`, "new.txt"},
		{"path of Windows, quoted", `attachment; filename="C:\\temp\\new.txt"`, "new.txt"},
		{"encoded path", `attachment; filename*=UTF-8''..%2f..%2Fx`, "x"},
		{"path that ends in a slash", `attachment; filename="a/"`, ""},
		{"dots come through", `attachment; filename=".."`, ".."},
		{"empty value", `attachment; filename=""; filename="b"`, "b"},
		{"no name", `attachment`, ""},
		{"no name but an equals sign", `attachment=filename`, ""},
		{"empty", ``, ""},
	}
	for _, tt := range tests {
		got, ok := FromDisposition(tt.header)
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("%s: FromDisposition(%q) = %q, %v; want %q", tt.why, tt.header, got, ok, tt.want)
		}
	}
}

func FuzzFromDisposition(f *testing.F) {
	f.Add(`attachment; filename="a\"b"; filename*=UTF-8''%e2%82%ac`)
	f.Add(`attachment; filename==?UTF-8?B?5LiW?=`)
	f.Add("filename=\xff/..")
	f.Fuzz(func(t *testing.T, header string) {
		s, ok := FromDisposition(header)
		if ok != (s != "") {
			t.Fatalf("FromDisposition(%q) = %q, %v", header, s, ok)
		}
		if !utf8.ValidString(s) {
			t.Fatalf("FromDisposition(%q) = %q, which is not UTF-8", header, s)
		}
		if c, err := Clean(s); err == nil {
			checkClean(t, s, c)
		}
	})
}
