package report

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"
)

const goodLine = `{"url":"http://h/a","status":"complete","bytes":10,"fetched_bytes":10,"attempts":1,"started_at":"2026-01-02T12:00:00.000Z","duration_ms":100}`

func read(t testing.TB, text string) *Report {
	t.Helper()
	r := New()
	if err := r.Read(context.Background(), "r.jsonl", strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestBrokenLinesAreCountedAndNamed(t *testing.T) {
	r := read(t, strings.Join([]string{
		"\ufeff" + goodLine,
		"",
		"no json",
		`[1]`,
		`{"status":"complete","bytes":-1}`,
		`{"status":"complete","bytes":"ten"}`,
		`{"status":"odd"}`,
		`{}`,
		`{"status":"failed","duration_ms":9223372036854775807}`,
		goodLine + "\r",
		`{"status":"comp`,
	}, "\n"))
	if r.Records() != 2 || r.Broken() != 8 {
		t.Errorf("%d records and %d broken lines, want 2 and 8", r.Records(), r.Broken())
	}
	want := []BrokenLine{
		{"r.jsonl:3", "not JSON: invalid character 'o' in literal null (expecting 'u')"},
		{"r.jsonl:4", "is array, not an object"},
		{"r.jsonl:5", "bytes cannot be -1"},
		{"r.jsonl:6", "bytes cannot be string"},
		{"r.jsonl:7", `unknown status "odd"`},
		{"r.jsonl:8", "has no status"},
		{"r.jsonl:9", "duration_ms cannot be 9223372036854775807"},
		{"r.jsonl:11", "not JSON: unexpected end of JSON input"},
	}
	if got := r.BrokenLines(); !slices.Equal(got, want) {
		t.Errorf("broken lines:\n%v\nwant:\n%v", got, want)
	}
}

func TestOnlyTheFirstBrokenLinesAreKept(t *testing.T) {
	r := read(t, strings.Repeat("x\n", 1000))
	if r.Broken() != 1000 || len(r.BrokenLines()) != shownBroken {
		t.Errorf("%d broken lines of which %d are kept, want 1000 and %d", r.Broken(), len(r.BrokenLines()), shownBroken)
	}
}

func TestCompressedResultsAreReadAsTheyAre(t *testing.T) {
	text := strings.Repeat(goodLine+"\n", 1000)
	var gz, zst bytes.Buffer
	zw := gzip.NewWriter(&gz)
	io.WriteString(zw, text[:len(text)/2])
	zw.Close()
	zw.Reset(&gz) // a second member, as appending makes
	io.WriteString(zw, text[len(text)/2:])
	zw.Close()
	sw, err := zstd.NewWriter(&zst)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(sw, text)
	sw.Close()
	for name, data := range map[string][]byte{"plain": []byte(text), "gzip": gz.Bytes(), "zstd": zst.Bytes()} {
		r := New()
		if err := r.Read(t.Context(), name, iotest.HalfReader(bytes.NewReader(data))); err != nil || r.Records() != 1000 || r.Broken() != 0 {
			t.Errorf("%s: %d records, %d broken, error %v; want 1000, 0, nil", name, r.Records(), r.Broken(), err)
		}
	}
}

func TestWhatComesBeforeAReadErrorStaysInTheReport(t *testing.T) {
	var gz bytes.Buffer
	zw := gzip.NewWriter(&gz)
	io.WriteString(zw, goodLine+"\n")
	zw.Flush()
	cut := New()
	if err := cut.Read(t.Context(), "cut.gz", &gz); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v, want %v", err, io.ErrUnexpectedEOF)
	}
	bad := errors.New("disk gone")
	gone := New()
	in := io.MultiReader(strings.NewReader(goodLine+"\n"+goodLine[:20]), iotest.ErrReader(bad))
	if err := gone.Read(t.Context(), "gone", in); !errors.Is(err, bad) {
		t.Errorf("error %v, want %v", err, bad)
	}
	for name, r := range map[string]*Report{"cut.gz": cut, "gone": gone} {
		if r.Records() != 1 {
			t.Errorf("%s: %d records, want 1", name, r.Records())
		}
		if got := r.BrokenLines(); len(got) != 1 || got[0].Place != name+", after line 1" {
			t.Errorf("%s: broken lines %v, want one that says after which line", name, got)
		}
	}
}

func TestReadEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := New().Read(ctx, "r", strings.NewReader(goodLine+"\n"+goodLine)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}

func TestLongLinesAreReadUpToABound(t *testing.T) {
	long := func(n int) string {
		head := strings.TrimSuffix(goodLine, "}") + `,"meta":"`
		return head + strings.Repeat("m", n-len(head)-2) + `"}`
	}
	for name, tc := range map[string]struct {
		text            string
		records, broken int64
		place           string
	}{
		"fits":            {long(maxLine-1) + "\n" + goodLine, 2, 0, ""},
		"fits at the end": {goodLine + "\n" + long(maxLine), 2, 0, ""},
		"too long":        {goodLine + "\n" + long(maxLine+2) + "\n" + goodLine, 2, 1, "r.jsonl:2"},
		"far too long":    {long(5*maxLine) + "\n" + goodLine + "\nx", 1, 2, "r.jsonl:1"},
		"too long at end": {goodLine + "\n" + long(2*maxLine), 1, 1, "r.jsonl:2"},
	} {
		r := read(t, tc.text)
		if r.Records() != tc.records || r.Broken() != tc.broken {
			t.Errorf("%s: %d records and %d broken lines, want %d and %d", name, r.Records(), r.Broken(), tc.records, tc.broken)
		}
		if tc.place != "" && (len(r.BrokenLines()) == 0 || r.BrokenLines()[0].Place != tc.place) {
			t.Errorf("%s: broken lines %v, want the first at %s", name, r.BrokenLines(), tc.place)
		}
	}
}

// FuzzRead wants every line of any text to be blank, a record or broken, and
// whatever was read to make a page that shows no markup of the text.
func FuzzRead(f *testing.F) {
	f.Add([]byte(goodLine + "\nx\n\n" + goodLine))
	f.Add([]byte(`{"url":"http://u:p@h/<script>?token=t","status":"failed","error":{"kind":"<b>","message":"see http://a:b@c/"},"attempts":3,"started_at":"2026-01-02T12:00:00+02:00"}`))
	f.Add([]byte("\x1f\x8b\x08\x00"))
	f.Add([]byte("\x28\xb5\x2f\xfd\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := New()
		err := r.Read(context.Background(), "f", bytes.NewReader(data))
		var lines int64
		for line := range bytes.Lines(data) {
			if len(bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\ufeff")))) > 0 {
				lines++
			}
		}
		isPlain := !bytes.HasPrefix(data, []byte("\x1f\x8b")) && !bytes.HasPrefix(data, []byte("\x28\xb5\x2f\xfd"))
		if isPlain && (err != nil || r.Records()+r.Broken() > lines) {
			t.Fatalf("%d records and %d broken of %d lines, error %v", r.Records(), r.Broken(), lines, err)
		}
		if got := r.complete + r.skipped + r.failed; got != r.Records() {
			t.Fatalf("%d files ended, of %d records", got, r.Records())
		}
		var page bytes.Buffer
		if err := r.WriteHTML(&page); err != nil {
			t.Fatal(err)
		}
		checkPage(t, page.Bytes())
	})
}
