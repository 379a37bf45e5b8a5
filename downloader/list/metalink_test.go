package list

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

const metalink4 = `<?xml version="1.0" encoding="UTF-8"?>
<metalink xmlns="urn:ietf:params:xml:ns:metalink">
  <generator>g</generator>
  <file name="sub/a.bin">
    <identity>x</identity>
    <size>14</size>
    <hash type="sha-1">0000000000000000000000000000000000000000</hash>
    <hash type="md5">00000000000000000000000000000000</hash>
    <pieces length="7" type="sha-1"><hash>1111111111111111111111111111111111111111</hash></pieces>
    <url location="de">http://last/a</url>
    <url priority="2">
      http://second/a?x=1&amp;y=2
    </url>
    <url priority="1">ftp://first/a</url>
    <url priority="1">https://first/a</url>
    <metaurl mediatype="torrent">http://t/a.torrent</metaurl>
  </file>
  <file name="b"><url>http://h/b</url></file>
</metalink>
`

const metalink3 = `<metalink version="3.0" xmlns="http://www.metalinker.org/"><files>
<file name="a.bin"><size>14</size>
<verification><hash type="sha1">0000000000000000000000000000000000000000</hash>
<pieces length="7" type="sha1"><hash piece="0">11</hash></pieces></verification>
<resources maxconnections="2"><url type="http" preference="10">http://low/a</url><url type="http" preference="90">http://high/a</url>
<url type="bittorrent">http://h/a.torrent</url></resources></file>
</files></metalink>`

func TestMetalinks(t *testing.T) {
	sha1 := "checksum=sha-1=0000000000000000000000000000000000000000"
	tests := []struct{ name, input, want string }{
		{"version 4", metalink4, "4 https://first/a | http://second/a?x=1&y=2 | http://last/a out=sub/a.bin " + sha1 + "\n18 http://h/b out=b\n"},
		{"version 3", metalink3, "2 http://high/a | http://low/a out=a.bin " + sha1 + "\n"},
		{"no files", "<metalink/>", ""},
		{"byte order mark", "\xef\xbb\xbf<metalink><file name='a'><url>http://h/a</url></file></metalink>", "1 http://h/a out=a\n"},
		{"no URL", "<metalink><file name='a'/><file name='b'><url>http://h/b</url></file></metalink>", "1  out=a !invalid_url\n1 http://h/b out=b\n"},
		{"only other schemes", "<metalink><file name='a'><url>ftp://h/a</url></file></metalink>", "1 ftp://h/a out=a !unsupported_scheme\n"},
		{"bad hash", "<metalink><file name='a'><hash type='sha-256'>00</hash><url>http://h/a</url></file></metalink>", "1 http://h/a out=a !protocol\n"},
		{"unknown hash", "<metalink><file name='a'><hash type='sha3'>00</hash><url>http://h/a</url></file></metalink>", "1 http://h/a out=a\n"},
		{"bad size", "<metalink><file name='a'><size>x</size><url>http://h/a</url></file></metalink>", "1 http://h/a out=a !protocol\n"},
		{"files in other places", "<metalink><x><file name='a'><url>http://h/a</url></file></x><file name='b'><url>http://h/b</url></file></metalink>", "1 http://h/b out=b\n"},
		{"much between files", "<metalink>" + strings.Repeat("<!-- comment -->\n", 500) + "<file name='b'><url>http://h/b</url></file></metalink>", "501 http://h/b out=b\n"},
		{"name that leaves", "<metalink><file name='../a'><url>http://h/a</url></file></metalink>", "1 http://h/a out=../a\n"},
		{"too much in a file", "<metalink><file name='a'>" + strings.Repeat("<url>http://h/"+strings.Repeat("a", 90)+"</url>", 40) + "</file><file name='b'><url>http://h/b</url></file></metalink>",
			"1 http://h/" + strings.Repeat("a", 90) + strings.Repeat(" | http://h/"+strings.Repeat("a", 90), 29) + " out=a !protocol\n1 http://h/b out=b\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			checkList(t, Config{Name: "l.meta4", Format: Metalink, MaxEntry: 3000}, tt.input, tt.want)
		})
	}
}

func TestBrokenMetalinkEndsAfterTheFilesBefore(t *testing.T) {
	const file = "<metalink>\n<file name='a'><url>http://h/a</url></file>\n"
	tests := []struct {
		name, input string
		is          error
		line        int64
		files       int
	}{
		{"cut off", file + "<file name='b'>", nil, 3, 1},
		{"tags that do not match", file + "<file></metalink>", nil, 3, 1},
		{"another document", "<html></html>", ErrNotMetalink, 1, 0},
		{"empty", "", ErrNotMetalink, 1, 0},
		{"no XML", "http://h/a\n", ErrNotMetalink, 2, 0},
		{"huge tag", file + "<file name='" + strings.Repeat("b", 3000) + "'>", nil, 3, 1},
		{"deep", file + "<file>" + strings.Repeat("<a>", 100), errTooDeep, 3, 1},
		{"deep elsewhere", file + strings.Repeat("<files>", 100), errTooDeep, 3, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := 0
			var err error
			for _, err = range NewDecoder(Config{Name: "l.meta4", Format: Metalink, MaxEntry: 2000}).Requests(strings.NewReader(tt.input), 1) {
				if err == nil {
					files++
				}
			}
			var e *Error
			if !errors.As(err, &e) || e.Line != tt.line || tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("got %v, want an error at line %d (%v)", err, tt.line, tt.is)
			}
			if files != tt.files {
				t.Errorf("got %d files before it, want %d", files, tt.files)
			}
		})
	}
}

func TestMetalinkMemoryIsBounded(t *testing.T) {
	// An endless comment and an endless text must end the list, not fill memory.
	for _, endless := range []string{"<!--", "<file name='a'><url>", "<file name='a'", "&#"} {
		read := 0
		in := io.MultiReader(strings.NewReader("<metalink>"+endless), readerFunc(func(p []byte) (int, error) {
			read += len(p)
			if read > 1<<20 {
				return 0, fmt.Errorf("read %d bytes after %q", read, endless)
			}
			for i := range p {
				p[i] = '1'
			}
			return len(p), nil
		}))
		for _, err := range NewDecoder(Config{Format: Metalink, MaxEntry: 10000}).Requests(in, 1) {
			if err == nil || strings.Contains(err.Error(), "bytes after") {
				t.Errorf("got %v, want an error about a tag or text that is too long", err)
			}
		}
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
