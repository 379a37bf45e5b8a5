package list

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"
)

func TestDetect(t *testing.T) {
	sum := strings.Repeat("0a", 32)
	tests := []struct {
		name, head string
		want       Format
	}{
		{"urls.txt", "http://h/a\n", Plain},
		{"", "", Plain},
		{"a.jsonl", "http://h/a\n", JSONL},
		{"a.NDJSON.GZ", "", JSONL},
		{"dir.csv/a.csv.zst", "", CSV},
		{"a.tsv", "", TSV},
		{"a.meta4", "", Metalink},
		{"a.metalink", "", Metalink},
		{"pub/SHA256SUMS", "", Sums},
		{"a.iso.sha256", "", Sums},
		{"dir.csv/a", "http://h/a", Plain},
		{"-", "\xef\xbb\xbf# c\n\n{\"url\":", JSONL},
		{"-", "  {\"url\":", JSONL},
		{"-", "<?xml version", Metalink},
		{"-", "id,URL,out\n", CSV},
		{"-", "\"url\";x\n", Plain},
		{"-", "\"id\",\"url\"\r\n", CSV},
		{"-", "url\n", CSV},
		{"-", "id\turls\n", TSV},
		{"-", sum + "  a\r\n", Sums},
		{"-", "SHA256 (a) = " + sum + "\n", Sums},
		{"-", "http://h/a?url,b\n", Plain},
		{"-", "http://h/a\thttp://m/a\n", Plain},
	}
	for _, tt := range tests {
		if got := Detect(tt.name, []byte(tt.head)); got != tt.want {
			t.Errorf("Detect(%q, %q) = %s, want %s", tt.name, tt.head, got, tt.want)
		}
	}
}

func TestParseFormat(t *testing.T) {
	for in, want := range map[string]Format{"": Auto, "auto": Auto, "PLAIN": Plain, "sums": Sums, "results": Results} {
		if got, err := ParseFormat(in); got != want || err != nil {
			t.Errorf("ParseFormat(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	if _, err := ParseFormat("html"); err == nil {
		t.Error("ParseFormat(html) succeeds")
	}
}

func gzipped(t testing.TB, s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, s)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zstded(t testing.TB, s string, opts ...zstd.EOption) string {
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b, opts...)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, s)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestOpenLooksThroughCompression(t *testing.T) {
	const list = "url,out\nhttp://h/a,x\nhttp://h/b,y\n"
	tests := []struct{ name, input, method string }{
		{"none", list, ""},
		{"gzip", gzipped(t, list), "gzip"},
		{"gzip in two members", gzipped(t, list[:12]) + gzipped(t, list[12:]), "gzip"},
		{"zstd", zstded(t, list), "zstd"},
		{"zstd in two frames", zstded(t, list[:12]) + zstded(t, list[12:]), "zstd"},
	}
	for _, tt := range tests {
		for how, reader := range map[string]io.Reader{
			"at once":      strings.NewReader(tt.input),
			"byte by byte": iotest.OneByteReader(strings.NewReader(tt.input)),
			"end at once":  iotest.DataErrReader(strings.NewReader(tt.input)),
		} {
			t.Run(tt.name+" "+how, func(t *testing.T) {
				s, err := Open(reader, Config{Name: "l"})
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				if s.Compressed != tt.method || s.Decoder.Format() != CSV {
					t.Errorf("got %q, %s; want %q, csv", s.Compressed, s.Decoder.Format(), tt.method)
				}
				var got []string
				for e, err := range s.Requests() {
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, brief(e.Request))
				}
				if strings.Join(got, "; ") != "http://h/a out=x; http://h/b out=y" {
					t.Errorf("got %q", got)
				}
			})
		}
	}
}

func TestFormatIsToldByTheFirstLineThatSaysSomething(t *testing.T) {
	for input, want := range map[string]Format{
		"\n \n{\"url\":\"http://h/a\"}\n":                       JSONL,
		"# c\n\n" + strings.Repeat("0a", 32) + "  http://h/a\n": Sums,
		"\xef\xbb\xbf\r\nurl\n":                                 CSV,
		"{":                                                     JSONL,
	} {
		s, err := Open(iotest.OneByteReader(strings.NewReader(input)), Config{Name: "-"})
		if err != nil {
			t.Errorf("%q: %v", input, err)
			continue
		}
		if got := s.Decoder.Format(); got != want {
			t.Errorf("%q is taken for %s, want %s", input, got, want)
		}
		s.Close()
	}
}

func TestOpenedTableCanBeEntered(t *testing.T) {
	const head, rest = "\xef\xbb\xbf\nurl,out\r\n", "http://h/b,y\n"
	s, err := Open(strings.NewReader(head+"http://h/a,x\n"+rest), Config{Name: "l"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for e, err := range s.Decoder.Requests(strings.NewReader(rest), 4) {
		if err != nil || brief(e.Request) != "http://h/b out=y" {
			t.Errorf("got %q, %v", brief(e.Request), err)
		}
	}
}

func TestOpenWaitsForOneLineOnly(t *testing.T) {
	// A reader that would block forever fails the test instead.
	for _, first := range []string{"# c\nhttp://h/a\n", "{\"url\":\"http://h/a\"}\n", "(\n"} {
		block := readerFunc(func([]byte) (int, error) {
			t.Errorf("read on after %q", first)
			return 0, io.EOF
		})
		s, err := Open(io.MultiReader(strings.NewReader(first), block), Config{Name: "-"})
		if err != nil {
			t.Errorf("%q: %v", first, err)
			continue
		}
		s.Close()
	}
}

func TestOpenRefuses(t *testing.T) {
	broken := errors.New("broken pipe")
	tests := []struct {
		name  string
		input io.Reader
		want  error
	}{
		{"UTF-16", strings.NewReader("\xff\xfeh\x00t\x00"), ErrUTF16},
		{"a failing reader", iotest.ErrReader(broken), broken},
		{"a reader that gives nothing", readerFunc(func([]byte) (int, error) { return 0, nil }), io.ErrNoProgress},
		{"gzip that is none", strings.NewReader("\x1f\x8bxxxxxxxxxxxx"), gzip.ErrHeader},
		{"gzip cut off", strings.NewReader("\x1f\x8b"), io.ErrUnexpectedEOF},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Open(tt.input, Config{Name: "l"})
			var e *Error
			if !errors.Is(err, tt.want) || !errors.As(err, &e) || e.List != "l" {
				t.Errorf("got %v, want %v for l", err, tt.want)
			}
		})
	}
}

func TestBrokenCompressionEndsTheList(t *testing.T) {
	list := strings.Repeat("http://h/a\n", 100000)
	for name, input := range map[string]string{"gzip": gzipped(t, list), "zstd": zstded(t, list)} {
		t.Run(name, func(t *testing.T) {
			s, err := Open(strings.NewReader(input[:len(input)-6]), Config{Name: "l"})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			err = nil
			for _, err = range s.Requests() {
			}
			if err == nil {
				t.Error("a list that was cut off ended without an error")
			}
		})
	}
}

func TestLargeZstdWindowIsRefused(t *testing.T) {
	// The content must be longer than the window, or the frame needs none.
	list := strings.Repeat("http://h/a\n", (maxWindow+1<<20)/11)
	input := zstded(t, list, zstd.WithWindowSize(4*maxWindow), zstd.WithSingleSegment(false))
	s, err := Open(strings.NewReader(input), Config{Name: "l"})
	if err == nil {
		defer s.Close()
		for _, err = range s.Requests() {
			if err != nil {
				break
			}
		}
	}
	if !errors.Is(err, zstd.ErrWindowSizeExceeded) {
		t.Errorf("got %v, want %v", err, zstd.ErrWindowSizeExceeded)
	}
}

func TestCloseTwice(t *testing.T) {
	s, err := Open(strings.NewReader(zstded(t, "http://h/a\n")), Config{})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	s.Close()
}
