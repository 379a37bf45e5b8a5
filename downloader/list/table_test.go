package list

import (
	"errors"
	"strings"
	"testing"
)

func TestTables(t *testing.T) {
	tests := []struct{ name, input, want string }{
		{"empty", "", ""},
		{"only columns", "url\n", ""},
		{"one column", "url\nhttp://h/a\n\nhttp://h/b", "2 http://h/a\n4 http://h/b\n"},
		{"CRLF and BOM", "\xef\xbb\xbfurl,out\r\nhttp://h/a,x\r\n", "2 http://h/a out=x\n"},
		{"blank lines first", "\n\nurl\nhttp://h/a\n", "4 http://h/a\n"},
		{"all columns", "URL, dir ,out,checksum,headers,size,meta\n" + `http://h/a,d,"o ""1"", x",md5=00000000000000000000000000000000,"{""B"":""1"",""A"":""2""}",7,"{""k"":1}"` + "\n",
			`2 http://h/a dir=d out=o "1", x checksum=md5=00000000000000000000000000000000 meta={"k":1} [B: 1] [A: 2]` + "\n"},
		{"other columns", "id,url,Caption\n7,http://h/a,\"a \"\"b\"\"\n c\"\n", `2 http://h/a meta={"id":"7","Caption":"a \"b\"\n c"}` + "\n"},
		{"other columns and meta", "url,meta,id\nhttp://h/a,[1],x\nhttp://h/b,,y\n", `2 http://h/a meta={"meta":[1],"id":"x"}` + "\n" + `3 http://h/b meta={"id":"y"}` + "\n"},
		{"meta that is no JSON", "url,meta\nhttp://h/a,hello\n", `2 http://h/a meta="hello"` + "\n"},
		{"urls", "urls\nhttp://h/a http://m/a\n" + `"[""http://h/b"",""http://m/b""]"` + "\n", "2 http://h/a | http://m/a\n3 http://h/b | http://m/b\n"},
		{"record over lines", "url,out\n\"http://h/a\",\"x\r\ny\"\nhttp://h/b,z\n", "2 http://h/a out=x\ny\n4 http://h/b out=z\n"},
		{"too few fields", "url,out\nhttp://h/a\nhttp://h/b,x\n", "2 http://h/a !protocol\n3 http://h/b out=x\n"},
		{"too many fields", "url\nhttp://h/a,b,c\nhttp://h/b\n", "2 http://h/a !protocol\n3 http://h/b\n"},
		{"no URL", "url,out\n,x\nhttp://h/b,\n", "2  out=x !invalid_url\n3 http://h/b\n"},
		{"bare quotes", "url,out\nhttp://h/a\"b,x\"y\n", "2 http://h/a%22b out=x\"y\n"},
		{"text after a quote", "url,out\n\"http://h/a\"b,x\nhttp://h/b,y\n", "2  !protocol\n3 http://h/b out=y\n"},
		{"quotes that never end", "url,out\n\"http://h/a,x\nhttp://h/b,y\nhttp://h/c,z\n", "2  !protocol\n3 http://h/b out=y\n4 http://h/c out=z\n"},
		{"quotes that end too late", "url,out\n\"http://h/a,x\n" + strings.Repeat("http://h/b,y\n", 30) + "\"\n",
			"2  !protocol\n" + counted(3, 30, " http://h/b out=y\n") + "33  !protocol\n"},
		{"quotes broken later", "url,out\n\"http://h/a,x\nhttp://h/b,\"y\nhttp://h/c,z\n",
			"2  !protocol\n3  !protocol\n4 http://h/c out=z\n"},
		{"long line", "url\nhttp://h/" + strings.Repeat("a", 400) + "\nhttp://h/b\n", "2  !protocol\n3 http://h/b\n"},
		{"long line in quotes", "url,out\nhttp://h/a,\"\n" + strings.Repeat("a", 400) + "\nhttp://h/b,x\n", "2  !protocol\n3  !protocol\n4 http://h/b out=x\n"},
		{"bad size", "url,size\nhttp://h/a,-1\nhttp://h/b,x\nhttp://h/c,\n", "2 http://h/a !protocol\n3 http://h/b !protocol\n4 http://h/c\n"},
		{"bad headers", "url,headers\nhttp://h/a,x\nhttp://h/b,\"{\"\"A B\"\":\"\"c\"\"}\"\n", "2 http://h/a !protocol\n3 http://h/b !protocol\n"},
		{"bad urls", "urls\n[http://h/a\n", "2  !protocol\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			checkList(t, Config{Name: "l.csv", Format: CSV, MaxEntry: 300}, tt.input, tt.want)
		})
	}
}

// counted is n lines with their numbers from first on.
func counted(first, n int, text string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(itoa(first + i))
		b.WriteString(text)
	}
	return b.String()
}

func TestTSVIsPartedByTabs(t *testing.T) {
	checkList(t, Config{Format: TSV}, "url\tout\theaders\nhttp://h/a,b\tx y, z\t{\"A\":\"b\"}\n", "2 http://h/a,b out=x y, z [A: b]\n")
}

func TestTableWithoutURLColumnCannotBeUsed(t *testing.T) {
	for _, input := range []string{"a,b\nhttp://h/a,x\n", "http://h/a\n"} {
		var err error
		for _, err = range NewDecoder(Config{Name: "l.csv", Format: CSV}).Requests(strings.NewReader(input), 1) {
		}
		var e *Error
		if !errors.Is(err, ErrNoURLColumn) || !errors.As(err, &e) || e.List != "l.csv" || e.Line != 1 {
			t.Errorf("%q: got %v, want ErrNoURLColumn at line 1 of l.csv", input, err)
		}
	}
}

func TestTableIsEnteredWithItsColumns(t *testing.T) {
	const rest = "http://h/b,y\n"
	cfg := Config{Format: CSV, Columns: []byte("\xef\xbb\xbfurl,out\r\n")}
	for e, err := range NewDecoder(cfg).Requests(strings.NewReader(rest), 3) {
		if err != nil {
			t.Fatal(err)
		}
		if got, want := brief(e.Request), "http://h/b out=y"; got != want || e.Request.Line != 3 {
			t.Errorf("got %q at line %d, want %q at line 3", got, e.Request.Line, want)
		}
	}
	for _, err := range NewDecoder(Config{Format: CSV}).Requests(strings.NewReader(rest), 3) {
		if !errors.Is(err, errColumns) {
			t.Errorf("without columns: got %v, want %v", err, errColumns)
		}
	}
}

// The lines after a quote that never ends are read once more, when the buffer
// that they came from has long been used again.
func TestLinesAfterAnOpenQuoteAreReadAsTheyWere(t *testing.T) {
	var input strings.Builder
	input.WriteString("url\n\"http://h/open\n")
	const n = 20000
	for i := range n {
		input.WriteString("http://h/" + itoa(i) + "\n")
	}
	all := decodeAll(t, Config{Format: CSV}, input.String())
	if len(all) != n+1 || all[0].Request.Defect == nil {
		t.Fatalf("got %d entries, want %d with a defect first", len(all), n+1)
	}
	for i, e := range all[1:] {
		if got, want := brief(e.Request), "http://h/"+itoa(i); got != want || e.Request.Line != int64(i+3) {
			t.Fatalf("line %d: got %q, want %q", e.Request.Line, got, want)
		}
	}
}
