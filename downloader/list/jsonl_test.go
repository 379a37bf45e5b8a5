package list

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-9a1263fe/haul/downloader"
	"github.com/seed-9a1263fe/haul/store"
)

func TestJSONLLists(t *testing.T) {
	tests := []struct{ name, input, want string }{
		{"empty", "", ""},
		{"one a line", `{"url":"http://h/a"}` + "\n\n" + `{"url":"http://h/b"}`, "1 http://h/a\n3 http://h/b\n"},
		{"CRLF and BOM", "\xef\xbb\xbf" + `{"url":"http://h/a"}` + "\r\n" + `{"url":"http://h/b"}` + "\r\n", "1 http://h/a\n2 http://h/b\n"},
		{"mirrors", `{"urls":["http://h/a","ftp://h/a","http://m/a"]}`, "1 http://h/a | http://m/a\n"},
		{"url and urls", `{"url":"http://h/a","urls":["http://h/a","http://m/a"]}`, "1 http://h/a | http://m/a\n"},
		{"all keys", `{"url":"http://h/a","dir":"d","out":"o","checksum":"adler32=0a0b0c0d","headers":{"B":"1","A":["2","3"]},"meta":{"k":[1, 2]},"size":7,"other":{"x":1}}`,
			`1 http://h/a dir=d out=o checksum=adler32=0a0b0c0d meta={"k":[1, 2]} [B: 1] [A: 2] [A: 3]` + "\n"},
		{"no url", `{"out":"x"}`, "1  out=x !invalid_url\n"},
		{"bad scheme", `{"url":"ftp://h/a"}`, "1 ftp://h/a !unsupported_scheme\n"},
		{"broken", `{"url":"http://h/a"` + "\n" + `{"url":"http://h/b"}`, "1  !protocol\n2 http://h/b\n"},
		{"not an object", "[1]\n\"x\"\n7\n" + `{"url":"http://h/b"}`, "1  !protocol\n2  !protocol\n3  !protocol\n4 http://h/b\n"},
		{"wrong types", `{"url":7}` + "\n" + `{"url":"http://h/a","size":"7"}` + "\n" + `{"url":"http://h/a","headers":{"A":7}}` + "\n" + `{"url":"http://h/a","headers":[]}`,
			"1  !protocol\n2  !protocol\n3  !protocol\n4  !protocol\n"},
		{"negative size", `{"url":"http://h/a","size":-1}`, "1 http://h/a !protocol\n"},
		{"nulls", `{"url":"http://h/a","out":null,"headers":null,"urls":null,"size":null}`, "1 http://h/a\n"},
		{"bad header", `{"url":"http://h/a","headers":{"A":"b\r\nC: d"}}`, "1 http://h/a !protocol\n"},
		{"bad checksum", `{"url":"http://h/a","checksum":"md5=xx"}`, "1 http://h/a !protocol\n"},
		{"not UTF-8", "{\"url\":\"http://h/\xff\"}", "1  !protocol\n"},
		{"long", `{"url":"http://h/` + strings.Repeat("a", 500) + `"}` + "\n" + `{"url":"http://h/b"}`, "1  !protocol\n2 http://h/b\n"},
		{"line's end in a URL", `{"url":"http://h/a\nb"}`, "1 http://h/a\nb !invalid_url\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			checkList(t, Config{Name: "l.jsonl", Format: JSONL, MaxEntry: 300}, tt.input, tt.want)
		})
	}
}

func TestSizeIsKept(t *testing.T) {
	for _, format := range []struct {
		f     Format
		input string
	}{
		{JSONL, `{"url":"http://h/a","size":123456789012}`},
		{CSV, "url,size\nhttp://h/a,123456789012\n"},
		{Metalink, `<metalink><file name="a"><size>123456789012</size><url>http://h/a</url></file></metalink>`},
	} {
		e := decodeAll(t, Config{Format: format.f}, format.input)
		if len(e) != 1 || e[0].Request.Size != 123456789012 {
			t.Errorf("%s: got %+v, want one request of 123456789012 bytes", format.f, e)
		}
	}
}

// drawRequest draws a request such as a list can hold.
func drawRequest(t *rapid.T) downloader.Request {
	name := rapid.StringMatching(`[A-Za-z0-9!#$%&'*+.^_|~-]{1,12}`)
	value := rapid.StringMatching(`([!-~]([ -~]{0,20}[!-~])?)?`)
	text := rapid.StringMatching(`([a-zé世&<>"/._=-]([a-zé世 &<>"/._=-]{0,20}[a-zé世&<>"/._=-])?)?`)
	r := downloader.Request{
		URLs: rapid.SliceOfN(rapid.StringMatching(`https?://[a-z]{1,8}(:[1-9][0-9]{0,3})?/[a-z0-9/?&=;,+%]{0,20}`).Filter(func(s string) bool {
			u, err := CleanURL(s)
			return err == nil && u == s
		}), 1, 3).Draw(t, "urls"),
		Dir:  text.Draw(t, "dir"),
		Out:  text.Draw(t, "out"),
		Type: rapid.SampledFrom([]string{"", "image/*", "!text/html, application/*"}).Draw(t, "type"),
	}
	if rapid.Bool().Draw(t, "checked") {
		sum := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "sum")
		r.Checksum = store.Digest{Algorithm: "sha-256", Sum: string(sum)}
	}
	used := map[string]bool{}
	for range rapid.IntRange(0, 3).Draw(t, "headers") {
		if n := name.Draw(t, "name"); !used[n] {
			used[n] = true
			r.Header = append(r.Header, downloader.Field{Name: n, Value: value.Draw(t, "value")})
		}
	}
	return r
}

func TestAppendJSONIsReadBackTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawRequest(t)
		want.Size = rapid.Int64Min(0).Draw(t, "size")
		if rapid.Bool().Draw(t, "has meta") {
			meta, err := json.Marshal(rapid.MapOf(rapid.String(), rapid.Int()).Draw(t, "meta"))
			if err != nil {
				t.Fatal(err)
			}
			want.Meta = meta
		}
		b, err := AppendJSON(nil, want)
		if err != nil {
			t.Fatal(err)
		}
		got := one(t, Config{Format: JSONL}, string(b))
		if a, b := mustMarshal(t, got.Meta), mustMarshal(t, want.Meta); a != b {
			t.Fatalf("meta: got %s, want %s", a, b)
		}
		got.Meta, want.Meta, want.Line = nil, nil, 1
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("via %s:\ngot  %+v\nwant %+v", b, got, want)
		}
	})
}

// mustMarshal is meta in a form that can be compared.
func mustMarshal(t *rapid.T, meta json.RawMessage) string {
	if meta == nil {
		return ""
	}
	var v any
	if err := json.Unmarshal(meta, &v); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// one decodes a list of exactly one entry.
func one(t interface{ Fatalf(string, ...any) }, cfg Config, input string) downloader.Request {
	var rs []downloader.Request
	for e, err := range NewDecoder(cfg).Requests(strings.NewReader(input), 1) {
		if err != nil {
			t.Fatalf("%q: %v", input, err)
		}
		rs = append(rs, e.Request)
	}
	if len(rs) != 1 {
		t.Fatalf("%q: got %d entries, want 1", input, len(rs))
	}
	return rs[0]
}

func TestWritePlainIsReadBackTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawRequest(t)
		value := rapid.SampledFrom([]string{"", "a/1", "a b"})
		want.Header = append(want.Header, downloader.Field{Name: "Referer", Value: "http://r/"}, downloader.Field{Name: "User-Agent", Value: value.Draw(t, "agent")})
		var b strings.Builder
		if err := WritePlain(&b, want); err != nil {
			t.Fatal(err)
		}
		got := one(t, Config{}, b.String())
		want.Line = 1
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("via %q:\ngot  %+v\nwant %+v", b.String(), got, want)
		}
	})
}

func TestWritePlainRefusesWhatWouldNotBeReadBack(t *testing.T) {
	ok := func() downloader.Request { return downloader.Request{URLs: []string{"http://h/a"}} }
	tests := map[string]func(*downloader.Request){
		"no URL":            func(r *downloader.Request) { r.URLs = nil },
		"URL with a tab":    func(r *downloader.Request) { r.URLs[0] = "http://h/a\tb" },
		"URL of no scheme":  func(r *downloader.Request) { r.URLs[0] = "h/a" },
		"name with a LF":    func(r *downloader.Request) { r.Out = "a\n header=X: y" },
		"dir with a CR":     func(r *downloader.Request) { r.Dir = "a\r" },
		"name with spaces":  func(r *downloader.Request) { r.Out = " a" },
		"header with space": func(r *downloader.Request) { r.Header = []downloader.Field{{Name: "A", Value: " b"}} },
		"header no token":   func(r *downloader.Request) { r.Header = []downloader.Field{{Name: "A:", Value: "b"}} },
		"header with a LF":  func(r *downloader.Request) { r.Header = []downloader.Field{{Name: "A", Value: "b\nout=x"}} },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			r := ok()
			spoil(&r)
			var b strings.Builder
			if err := WritePlain(&b, r); err == nil || b.Len() > 0 {
				t.Errorf("wrote %q, err %v; want nothing and an error", b.String(), err)
			}
		})
	}
}
