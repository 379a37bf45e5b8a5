package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// known are the elements that a page is made of.
var known = strings.Fields(`html head meta title style body header main section div span p h1 h2 b br ul li
	details summary table thead tbody tr th td dl dt dd svg rect line path text`)

// checkPage wants a page that reaches for nothing outside itself, runs nothing,
// and holds only what the template has.
func checkPage(t testing.TB, page []byte) *html.Node {
	t.Helper()
	doc, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range doc.Descendants() {
		if n.Type == html.CommentNode {
			t.Errorf("page has the comment %q", n.Data)
		}
		if n.Type != html.ElementNode {
			continue
		}
		if !slices.Contains(known, n.Data) {
			t.Errorf("page has the element <%s>", n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || slices.Contains([]string{"href", "src", "style", "srcset", "action"}, a.Key) {
				t.Errorf("page has <%s %s=%q>", n.Data, a.Key, a.Val)
			}
		}
	}
	for _, bad := range []string{"ZgotmplZ", "NaN", "Inf", "url(", "@import", "%!"} {
		if bytes.Contains(page, []byte(bad)) && !strings.Contains(textOf(doc), bad) {
			t.Errorf("page has %q", bad)
		}
	}
	return doc
}

// textOf is the text that a reader of a part of the page sees, and what drawings
// tell about their parts, with single spaces.
func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode && d.Parent.Data != "style" {
			b.WriteString(d.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func section(t testing.TB, doc *html.Node, id string) *html.Node {
	t.Helper()
	for n := range doc.Descendants() {
		if slices.Contains(n.Attr, html.Attribute{Key: "id", Val: id}) {
			return n
		}
	}
	t.Fatalf("page has no part %q", id)
	return nil
}

func pageOf(t testing.TB, r *Report) *html.Node {
	t.Helper()
	var page bytes.Buffer
	if err := r.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	return checkPage(t, page.Bytes())
}

func wantText(t *testing.T, doc *html.Node, id string, want ...string) {
	t.Helper()
	got := textOf(section(t, doc, id))
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("part %q is\n%s\nand has no %q", id, got, w)
		}
	}
}

const run = `
{"url":"http://a/1","status":"complete","bytes":1048576,"fetched_bytes":1048576,"attempts":1,"started_at":"2026-01-02T12:00:00.000+01:00","duration_ms":1000,"list":"l.txt","line":1}
{"url":"http://a/2","status":"complete","bytes":3145728,"resumed_bytes":1048576,"fetched_bytes":2097152,"attempts":3,"started_at":"2026-01-02T12:00:01.000+01:00","duration_ms":1000,"list":"l.txt","line":2}
{"url":"http://b/3","final_url":"http://c/3","status":"complete","bytes":0,"fetched_bytes":0,"attempts":1,"started_at":"2026-01-02T12:00:02.000+01:00","duration_ms":0,"list":"l.txt","line":3}
{"url":"http://a/4","status":"skipped","bytes":4194304,"attempts":0,"started_at":"2026-01-02T12:00:02.000+01:00","duration_ms":1,"list":"l.txt","line":4}
{"url":"http://b/5","status":"failed","fetched_bytes":1024,"attempts":5,"started_at":"2026-01-02T12:00:02.000+01:00","duration_ms":2000,"list":"l.txt","line":5,"error":{"kind":"truncated","message":"http://b/5: body ended early"}}
{"url":"http://b/6","status":"failed","attempts":1,"started_at":"0001-01-01T00:00:00.000Z","list":"l.txt","line":6,"error":{"kind":"not_found","message":"http://b/6: status 404"}}
`

func TestPageTellsWhatTheRecordsSay(t *testing.T) {
	doc := pageOf(t, read(t, run))
	wantText(t, doc, "summary",
		"files 6 3 complete, 1 skipped, 2 failed",
		"fetched 3.0 MiB 1.0 KiB of it for files that failed, or again",
		"time 4.0 s from the first start to the last end",
		"mean rate 768.2 KiB/s",
		"peak rate 2.0 MiB/s",
		"tries again 6")
	wantText(t, doc, "outcomes", "3 complete 50%", "1 skipped, were complete already 17%", "2 failed 33%")
	wantText(t, doc, "origins", "3.0 MiB fetched 38%", "1.0 MiB resumed, were on disk from an earlier run 12%", "4.0 MiB of skipped files 50%")
	wantText(t, doc, "errors", "not_found 1 file 50% l.txt:6 http://b/6 status 404", "truncated 1 file 50% l.txt:5 http://b/5 body ended early")
	wantText(t, doc, "hosts", "a 3.0 MiB >99.9% 3 0 1.5 MiB/s", "b 1.0 KiB <0.1% 2 2 512 B/s", "c 0 B 0% 1 0 –")
	wantText(t, doc, "sizes", "empty: 1 file", "median 1.1 MiB", "mean 2.0 MiB", "most 4.0 MiB")
	wantText(t, doc, "durations", "< 1 ms: 1 file", "most 1.0 s")
	wantText(t, doc, "tries", "tries: 1: 3 files", "tries: 3: 1 file", "tries: 5: 1 file", "6 tries in all after a first try")
	wantText(t, doc, "slowest", "http://a/1 l.txt:1 1.0 MiB 1.0 s 1.0 MiB/s http://a/2 l.txt:2 3.0 MiB 1.0 s 2.0 MiB/s")
	wantText(t, doc, "largest", "http://a/4 l.txt:4 4.0 MiB – – http://a/2")
	wantText(t, doc, "source", "6 records of r.jsonl A file that several runs dealt with counts once in each. 1 of the records tell no time")
	if got := textOf(doc); !strings.Contains(got, "4 of 6 files complete, 2 failed 2026-01-02 12:00:00 to 12:00:04 UTC+01:00") {
		t.Errorf("the head of the page is %.200s", got)
	}
}

func TestFailureOfSeveralRunsIsShownOnce(t *testing.T) {
	doc := pageOf(t, read(t, strings.Repeat(run, 3)))
	wantText(t, doc, "errors", "not_found 3 files 50% l.txt:6 http://b/6 status 404 and 2 more")
}

func TestPageOfLittleHasNoEmptyDrawings(t *testing.T) {
	for name, tc := range map[string]struct {
		records string
		want    map[string]string
		absent  []string
	}{
		"one file": {goodLine, map[string]string{"rate": "100 B/s", "errors": "No file failed.", "summary": "files 1"}, []string{"broken"}},
		"all skipped": {
			`{"url":"http://h/a","status":"skipped","bytes":5,"started_at":"2026-01-02T12:00:00Z","duration_ms":0}`,
			map[string]string{"rate": "Nothing was fetched.", "summary": "mean rate – nothing was fetched", "origins": "5 B of skipped files 100%"},
			[]string{"durations", "tries", "slowest"},
		},
		"only failures": {
			`{"url":"","status":"failed","error":{"kind":"invalid_url","message":"no URL"}}`,
			map[string]string{"rate": "No record tells a time.", "origins": "No file with bytes is complete.", "hosts": "(no host)", "errors": "invalid_url 1 file 100%"},
			[]string{"finished", "sizes", "durations", "largest"},
		},
		"an empty file": {
			`{"url":"http://h/a","status":"complete","attempts":1,"started_at":"2026-01-02T12:00:00Z"}`,
			map[string]string{"sizes": "empty: 1 file", "rate": "Nothing was fetched."}, nil,
		},
		"nothing": {"", map[string]string{"summary": "files 0", "rate": "No record tells a time."}, []string{"sizes", "broken", "finished"}},
	} {
		t.Run(name, func(t *testing.T) {
			doc := pageOf(t, read(t, tc.records))
			for id, want := range tc.want {
				wantText(t, doc, id, want)
			}
			for n := range doc.Descendants() {
				for _, a := range n.Attr {
					if a.Key == "id" && slices.Contains(tc.absent, a.Val) {
						t.Errorf("page has the part %q", a.Val)
					}
				}
			}
		})
	}
}

func TestPageRunsNothingThatComesFromOutside(t *testing.T) {
	for _, evil := range []string{
		`<script>alert(1)</script>`, `\"><img src=x onerror=alert(1)>`, `</title></svg><iframe src=//evil>`,
		`javascript:alert(1)`, `'-alert(1)-'`, `</style><link rel=stylesheet href=//evil>`, `{{.}}`, "<!--", `\u0000\u202e\ud800`,
	} {
		line := fmt.Sprintf(`{"url":"http://h%[1]s/%[1]s","final_url":"http://%[1]s/","path":"%[1]s","status":"STATUS","bytes":7,"fetched_bytes":7,
			"attempts":1,"started_at":"2026-01-02T12:00:00Z","duration_ms":5,"list":"%[1]s","line":3,"error":{"kind":"%[1]s","message":"%[1]s http://%[1]s"}}`, evil)
		line = strings.ReplaceAll(line, "\n", "")
		r := New()
		text := strings.ReplaceAll(line, "STATUS", "complete") + "\n" + strings.ReplaceAll(line, "STATUS", "failed") + "\n" + strings.ReplaceAll(line, "STATUS", evil)
		if err := r.Read(t.Context(), strings.ReplaceAll(evil, `\`, ""), strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
		if r.Records() != 2 || r.Broken() != 1 {
			t.Fatalf("%s: %d records and %d broken lines %v, want 2 and 1", evil, r.Records(), r.Broken(), r.BrokenLines())
		}
		pageOf(t, r)
	}
}

func TestPageShowsNoCredentials(t *testing.T) {
	doc := pageOf(t, read(t, `
{"url":"https://ann:hunter2@h/a?X-Amz-Signature=hunter2&part=1","final_url":"https://bob:hunter2@g/","status":"complete","bytes":1,"attempts":1}
{"url":"https://ann:hunter2@h/a","status":"failed","error":{"kind":"redirect","message":"https://ann:hunter2@h/a: from (https://x:hunter2@h/?token=hunter2), \"https://hunter2@h/\": refused; étéhttps://y:hunter2@h"}}
`))
	var page bytes.Buffer
	if err := html.Render(&page, doc); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(page.String(), "hunter2") {
		t.Errorf("page shows a password: %s", textOf(doc))
	}
	wantText(t, doc, "largest", "https://xxxxx@h/a?X-Amz-Signature=xxxxx&part=1")
	wantText(t, doc, "errors", "from (https://xxxxx@h/?token=xxxxx),", "refused;")
}

func TestWriteHTMLTellsOfAWriterThatFails(t *testing.T) {
	r := read(t, run)
	pr, pw := io.Pipe()
	pr.Close()
	if err := r.WriteHTML(pw); err == nil {
		t.Error("writing to a closed pipe is no error")
	}
}
