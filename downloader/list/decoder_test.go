package list

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// seeds are lists of each format that have something of everything.
var seeds = map[Format][]string{
	Plain:    {"\xef\xbb\xbf# c\n\nhttp://h/a\thttp://m/a\r\n  out=x\n\n # c\n dir=y\nftp://h/b\n \thttp://h/c\n\nhttp://h/d", " out=x\nhttp://h/a\n\n"},
	JSONL:    {"{\"url\":\"http://h/a\",\"headers\":{\"A\":[\"b\"]}}\n\n{\"urls\":[]}\r\n{\n", "\n"},
	CSV:      {"\xef\xbb\xbf\nurl,out\n\"http://h/a\",\"x\ny\"\n\nhttp://h/b,\"z\nhttp://h/c,\"\"\n", "url\n\"\n\"\n\"a\"b\n"},
	TSV:      {"url\tx\nhttp://h/a\t\"x\ny\"\n\nhttp://h/b\tz"},
	Sums:     {strings.Repeat("0a", 32) + "  a\nSHA256 (a) = " + strings.Repeat("0a", 32) + "\n# c\nx\n"},
	Results:  {someResults + "\n{\n{\"status\":\"failed\",\"error\":{}}\n{"},
	Metalink: {metalink4, metalink3},
}

// snapshot is an entry with where it began.
type snapshot struct {
	entry    Entry
	off, row int64
}

// entries decodes input from off on, as far as it goes.
func entries(cfg Config, input string, off, row int64) ([]snapshot, error) {
	var all []snapshot
	for e, err := range NewDecoder(cfg).Requests(strings.NewReader(input[off:]), row) {
		if err != nil {
			return all, err
		}
		all = append(all, snapshot{e, off, row})
		off, row = off+e.Size, row+e.Lines
	}
	return all, nil
}

// checkEntries checks what holds for every list: sizes and lines add up to the
// input, requests are either fit or defective, and to begin at any entry gives
// the same rest.
func checkEntries(t interface{ Fatalf(string, ...any) }, cfg Config, input string) {
	all, err := entries(cfg, input, 0, 1)
	for _, s := range all {
		checkRequest(t, input, s.entry)
	}
	if err != nil || len(all) == 0 {
		return
	}
	last := all[len(all)-1]
	if end := last.off + last.entry.Size; end != int64(len(input)) {
		t.Fatalf("%q: entries take %d bytes of %d", input, end, len(input))
	}
	if !cfg.Format.Enterable() {
		return
	}
	rows := int64(strings.Count(input, "\n")) + 1
	if strings.HasSuffix(input, "\n") {
		rows--
	}
	if end := last.row + last.entry.Lines - 1; end != rows {
		t.Fatalf("%q: entries take %d lines of %d", input, end, rows)
	}
	cfg.Columns = columnsOf(cfg, input)
	for i, s := range all[1:] {
		rest, err := entries(cfg, input, s.off, s.row)
		if err != nil || !reflect.DeepEqual(rest, all[i+1:]) {
			t.Fatalf("%q from byte %d on:\ngot  %+v, %v\nwant %+v", input, s.off, rest, err, all[i+1:])
		}
	}
}

// columnsOf is what Open would note for the list.
func columnsOf(cfg Config, input string) []byte {
	if cfg.Format != CSV && cfg.Format != TSV {
		return nil
	}
	row, _ := firstRow([]byte(input))
	return row
}

func checkRequest(t interface{ Fatalf(string, ...any) }, input string, e Entry) {
	r := e.Request
	if r.Defect != nil {
		if r.Defect.Kind == "" || r.Defect.Message == "" {
			t.Fatalf("%q: defect says nothing: %+v", input, r.Defect)
		}
		return
	}
	if len(r.URLs) == 0 || r.Size < 0 {
		t.Fatalf("%q: request is not fit: %+v", input, r)
	}
	for _, u := range r.URLs {
		if clean, err := CleanURL(u); err != nil || clean != u {
			t.Fatalf("%q: URL %q is not clean: %v", input, u, err)
		}
	}
	for _, h := range r.Header {
		if !isToken(h.Name) || !isFieldValue(h.Value) {
			t.Fatalf("%q: header %q: %q cannot be sent", input, h.Name, h.Value)
		}
	}
}

func fuzzFormat(f *testing.F, format Format) {
	for _, s := range seeds[format] {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, input string) {
		if len(input) > 4<<10 {
			return
		}
		checkEntries(t, Config{Name: "l", Format: format, MaxEntry: 200, Base: "http://base/"}, input)
	})
}

func FuzzPlain(f *testing.F)    { fuzzFormat(f, Plain) }
func FuzzJSONL(f *testing.F)    { fuzzFormat(f, JSONL) }
func FuzzCSV(f *testing.F)      { fuzzFormat(f, CSV) }
func FuzzTSV(f *testing.F)      { fuzzFormat(f, TSV) }
func FuzzSums(f *testing.F)     { fuzzFormat(f, Sums) }
func FuzzResults(f *testing.F)  { fuzzFormat(f, Results) }
func FuzzMetalink(f *testing.F) { fuzzFormat(f, Metalink) }

func FuzzOpen(f *testing.F) {
	for _, all := range seeds {
		for _, s := range all {
			f.Add("-", s)
		}
	}
	f.Add("a.gz", gzipped(f, "http://h/a\n"))
	f.Add("a.zst", zstded(f, "http://h/a\n"))
	f.Fuzz(func(t *testing.T, name, input string) {
		s, err := Open(strings.NewReader(input), Config{Name: name, MaxEntry: 200})
		if err != nil {
			return
		}
		defer s.Close()
		for e, err := range s.Requests() {
			if err == nil {
				checkRequest(t, input, e)
			}
		}
	})
}

// TestEntriesAddUpAndCanBeEntered puts lists together from lines that mean
// something, which random bytes seldom do.
func TestEntriesAddUpAndCanBeEntered(t *testing.T) {
	for format, all := range seeds {
		if !format.Enterable() {
			continue
		}
		var lines []string
		for _, s := range all {
			lines = append(lines, strings.SplitAfter(strings.TrimPrefix(s, "\xef\xbb\xbf"), "\n")...)
		}
		lines = append(lines, "\n", "#\n", " \t\n", "\"", ",", strings.Repeat("x", 150), strings.Repeat("x", 250)+"\n", " "+strings.Repeat("y", 250)+"\n")
		t.Run(string(format), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				input := strings.Join(rapid.SliceOfN(rapid.SampledFrom(lines), 0, 20).Draw(t, "lines"), "")
				if format == CSV || format == TSV {
					input = "url,out\n" + input
				}
				checkEntries(t, Config{Name: "l", Format: format, MaxEntry: 200, Base: "http://base/"}, input)
			})
		})
	}
}

func TestEntriesDoNotDependOnHowInputArrives(t *testing.T) {
	for format, all := range seeds {
		for _, input := range all {
			cfg := Config{Format: format}
			want := decodeAll(t, cfg, input)
			var got []Entry
			for e, err := range NewDecoder(cfg).Requests(iotest.OneByteReader(strings.NewReader(input)), 1) {
				if err != nil {
					t.Fatalf("%s: %v", format, err)
				}
				got = append(got, e)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s, byte by byte:\ngot  %+v\nwant %+v", format, got, want)
			}
		}
	}
}

func TestReadingStopsWhenNobodyWantsMore(t *testing.T) {
	for format, all := range seeds {
		for range NewDecoder(Config{Format: format}).Requests(strings.NewReader(all[0]), 1) {
			break // a further call of yield would panic
		}
	}
}

func TestFailedReadEndsTheList(t *testing.T) {
	broken := errors.New("broken")
	for format, all := range seeds {
		for n := range len(all[0]) {
			in := io.MultiReader(strings.NewReader(all[0][:n]), iotest.ErrReader(broken))
			var err error
			for _, err = range NewDecoder(Config{Name: "l", Format: format}).Requests(in, 1) {
			}
			var e *Error
			if !errors.Is(err, broken) || !errors.As(err, &e) {
				t.Fatalf("%s, after %d bytes: got %v, want an *Error with %v", format, n, err, broken)
			}
		}
	}
}

func TestCutOffEntryIsNotGiven(t *testing.T) {
	// The option that makes the entry what it is could be in the part that is lost.
	in := io.MultiReader(strings.NewReader("http://h/a\nhttp://h/b\n out=x"), iotest.ErrReader(errors.New("broken")))
	var got []string
	for e, err := range NewDecoder(Config{}).Requests(in, 1) {
		if err == nil {
			got = append(got, brief(e.Request))
		}
	}
	if len(got) != 1 || got[0] != "http://h/a" {
		t.Errorf("got %q, want only http://h/a", got)
	}
}

func TestIgnoredIsToldOnce(t *testing.T) {
	var told []string
	cfg := Config{Ignored: func(line int64, what string) { told = append(told, fmt.Sprint(line, " ", what)) }}
	input := "http://h/a\tftp://h/a\n gid=1\n split=2\nhttp://h/b\tftp://h/b\n gid=2\nftp://h/c\n"
	for i := range 100 {
		input += fmt.Sprintf(" x%d=y\n", i)
	}
	decodeAll(t, cfg, input)
	want := []string{"1 mirror: unsupported_scheme", "2 option gid", "3 option split"}
	if len(told) != maxIgnored || !reflect.DeepEqual(told[:3], want) {
		t.Errorf("told %d times, first %q; want %d, first %q", len(told), told[:min(3, len(told))], maxIgnored, want)
	}
}

func TestErrorNamesListAndLine(t *testing.T) {
	cause := errors.New("cause")
	for want, e := range map[string]error{
		`list "l", line 7: cause`: &Error{List: "l", Line: 7, Err: cause},
		`list "l": cause`:         &Error{List: "l", Err: cause},
	} {
		if e.Error() != want || !errors.Is(e, cause) {
			t.Errorf("got %q, want %q", e, want)
		}
	}
}

func BenchmarkPlain(b *testing.B) {
	benchmark(b, Plain, func(i int) string { return fmt.Sprintf("https://files.example.com/data/part-%08d.bin?v=1\n", i) }, "")
}

func BenchmarkPlainWithOptions(b *testing.B) {
	benchmark(b, Plain, func(i int) string {
		return fmt.Sprintf("https://files.example.com/data/part-%08d.bin\n  out=a/%d.bin\n  checksum=sha-256=%064x\n", i, i, i)
	}, "")
}

func BenchmarkJSONL(b *testing.B) {
	benchmark(b, JSONL, func(i int) string {
		return fmt.Sprintf(`{"url":"https://files.example.com/data/part-%08d.bin","out":"a/%d.bin","meta":{"id":%d}}`+"\n", i, i, i)
	}, "")
}

func BenchmarkCSV(b *testing.B) {
	benchmark(b, CSV, func(i int) string {
		return fmt.Sprintf("https://files.example.com/data/part-%08d.bin,a/%d.bin,%d\n", i, i, i)
	}, "url,out,id\n")
}

// benchmark decodes b.N entries.
func benchmark(b *testing.B, format Format, entry func(int) string, head string) {
	const block = 1000
	var text strings.Builder
	for i := range block {
		text.WriteString(entry(i))
	}
	blocks := make([]io.Reader, 0, b.N/block+2)
	blocks = append(blocks, strings.NewReader(head))
	for n := 0; n < b.N; n += block {
		blocks = append(blocks, strings.NewReader(text.String()))
	}
	b.SetBytes(int64(text.Len() / block))
	b.ReportAllocs()
	b.ResetTimer()
	for e, err := range NewDecoder(Config{Format: format}).Requests(io.MultiReader(blocks...), 1) {
		if err != nil || e.Request.Defect != nil {
			b.Fatal(err, e.Request.Defect)
		}
	}
}
