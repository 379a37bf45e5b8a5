package list

import (
	"strings"
	"testing"

	"github.com/seed-9a1263fe/haul/downloader"
)

// decodeAll returns every entry of input, and fails on an error.
func decodeAll(t *testing.T, cfg Config, input string) []Entry {
	t.Helper()
	var all []Entry
	for e, err := range NewDecoder(cfg).Requests(strings.NewReader(input), 1) {
		if err != nil {
			t.Fatalf("after %d entries: %v", len(all), err)
		}
		all = append(all, e)
	}
	return all
}

// brief writes what matters of a request on one line, so that tables read well.
func brief(r downloader.Request) string {
	var b strings.Builder
	b.WriteString(strings.Join(r.URLs, " | "))
	for _, f := range []struct{ name, value string }{
		{"dir", r.Dir}, {"out", r.Out}, {"checksum", r.Checksum.String()}, {"meta", string(r.Meta)},
	} {
		if f.value != "" {
			b.WriteString(" " + f.name + "=" + f.value)
		}
	}
	for _, h := range r.Header {
		b.WriteString(" [" + h.Name + ": " + h.Value + "]")
	}
	if r.Defect != nil {
		b.WriteString(" !" + string(r.Defect.Kind))
	}
	return b.String()
}

func TestPlainLists(t *testing.T) {
	tests := []struct{ name, input, want string }{
		{"empty", "", ""},
		{"only comments", "# nothing\n\n  \n", ""},
		{"one a line", "http://h/a\nhttps://h/b\n", "1 http://h/a\n2 https://h/b\n"},
		{"no last newline", "http://h/a\nhttp://h/b", "1 http://h/a\n2 http://h/b\n"},
		{"CRLF", "http://h/a\r\n  out=x\r\nhttp://h/b\r\n", "1 http://h/a out=x\n3 http://h/b\n"},
		{"byte order mark", "\xef\xbb\xbfhttp://h/a\n", "1 http://h/a\n"},
		{"byte order mark before a comment", "\xef\xbb\xbf# c\nhttp://h/a\n", "2 http://h/a\n"},
		{"comments and blanks between", "# c\n\nhttp://h/a\n\n# d\n \nhttp://h/b\n#e\n", "3 http://h/a\n7 http://h/b\n"},
		{"mirrors", "http://h/a\thttps://m/a\n", "1 http://h/a | https://m/a\n"},
		{"mirrors with odd tabs", "http://h/a\t\t https://m/a \t\n", "1 http://h/a | https://m/a\n"},
		{"a mirror that cannot be used", "ftp://h/a\thttps://m/a\n", "1 https://m/a\n"},
		{"no mirror can be used", "ftp://h/a\tm/a\n", "1 ftp://h/a | m/a !unsupported_scheme\n"},
		{"options", "http://h/a\n dir=d\n\tout=sub/x y.bin\n  checksum=md5=00000000000000000000000000000000\n",
			"1 http://h/a dir=d out=sub/x y.bin checksum=md5=00000000000000000000000000000000\n"},
		{"headers", "http://h/a\n header=A: b: c\n header=D:e\n referer=http://r/\n user-agent=me/1\n",
			"1 http://h/a [A: b: c] [D: e] [Referer: http://r/] [User-Agent: me/1]\n"},
		{"option after a comment", "http://h/a\n# c\n\n  # d\n out=x\n", "1 http://h/a out=x\n"},
		{"the last of an option counts", "http://h/a\n out=x\n out=y\n", "1 http://h/a out=y\n"},
		{"unfit names are carried", "http://h/a\n out=../x\nhttp://h/b\n out=/etc/passwd\n",
			"1 http://h/a out=../x\n3 http://h/b out=/etc/passwd\n"},
		{"options without a meaning here", "http://h/a\n gid=0123\n split=5\n out=x\n", "1 http://h/a out=x\n"},
		{"bad scheme", "ftp://h/a\nhttp://h/b\n", "1 ftp://h/a !unsupported_scheme\n2 http://h/b\n"},
		{"no scheme", "www.example.com/x\nlocalhost:80/x\n", "1 www.example.com/x !invalid_url\n2 localhost:80/x !invalid_url\n"},
		{"bad checksum", "http://h/a\n checksum=md5=12\nhttp://h/b\n", "1 http://h/a !protocol\n3 http://h/b\n"},
		{"checksum without type", "http://h/a\n checksum=00000000000000000000000000000000\n", "1 http://h/a !protocol\n"},
		{"empty values", "http://h/a\n checksum=\n out=\n referer=\n", "1 http://h/a\n"},
		{"bad header", "http://h/a\n header=no colon\nhttp://h/b\n header=A: b\rSet: c\n", "1 http://h/a !protocol\n3 http://h/b !protocol\n"},
		{"indented URL", "http://h/a\n http://h/b?x=y\nhttp://h/c\n", "1 http://h/a !protocol\n3 http://h/c\n"},
		{"option without a URL", "  out=x\n  dir=y\nhttp://h/a\n", "1  dir=y out=x !invalid_url\n3 http://h/a\n"},
		{"long line", "http://h/" + strings.Repeat("a", 200) + "\nhttp://h/b\n", "1  !invalid_url\n2 http://h/b\n"},
		{"long option", "http://h/a\n out=" + strings.Repeat("a", 200) + "\nhttp://h/b\n", "1 http://h/a !protocol\n3 http://h/b\n"},
		{"long comment", "#" + strings.Repeat("a", 2000) + "\nhttp://h/b\n", "2 http://h/b\n"},
		{"long blank", strings.Repeat(" ", 2000) + "\nhttp://h/b\n", "1  !invalid_url\n2 http://h/b\n"},
		{"many options", "http://h/a\n" + strings.Repeat(" header=A: "+strings.Repeat("b", 30)+"\n", 5) + "http://h/b\n",
			"1 http://h/a" + strings.Repeat(" [A: "+strings.Repeat("b", 30)+"]", 2) + " !protocol\n7 http://h/b\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := Config{Name: "l.txt", MaxEntry: 100}
			checkList(t, cfg, tt.input, tt.want)
		})
	}
}
