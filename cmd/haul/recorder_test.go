package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-9a1263fe/haul/downloader"
)

func resultOf(url string) *downloader.Result {
	return &downloader.Result{URL: url, Status: downloader.Complete, Started: noon}
}

func TestRecordHasTheFieldsOfTheContract(t *testing.T) {
	r := &downloader.Result{
		URL: "http://h/a?x=1&y=<2>", FinalURL: "http://g/a", Key: "d/a.bin", Status: downloader.Failed, HTTPStatus: 206,
		Bytes: 10, ResumedBytes: 4, FetchedBytes: 6, SHA256: []byte{0xab, 0xcd}, ETag: `"t"`, LastModified: noon, ContentType: "text/plain",
		Attempts: 2, Started: noon, Duration: 1500 * time.Millisecond, List: "l.txt", Line: 7, Meta: json.RawMessage(`{"k": [1.50, "é"]}`),
		Failure: &downloader.Failure{Kind: "checksum", Message: "no"},
	}
	var out bytes.Buffer
	rec, err := openRecorder(t.Context(), "-", &out, nil)
	if err != nil {
		t.Fatal(err)
	}
	rec.add(r)
	if err := rec.close(); err != nil {
		t.Fatal(err)
	}
	want := `{"url":"http://h/a?x=1&y=<2>","final_url":"http://g/a","path":"d/a.bin","status":"failed","http_status":206,` +
		`"bytes":10,"resumed_bytes":4,"fetched_bytes":6,"sha256":"abcd","etag":"\"t\"","last_modified":"2026-01-02T12:00:00Z",` +
		`"content_type":"text/plain","attempts":2,"started_at":"2026-01-02T12:00:00.000Z","duration_ms":1500,"list":"l.txt","line":7,` +
		`"meta":{"k":[1.50,"é"]},"error":{"kind":"checksum","message":"no"}}` + "\n"
	if out.String() != want {
		t.Errorf("record:\n%swant:\n%s", out.String(), want)
	}
}

func TestRecordLeavesOutWhatIsNotKnown(t *testing.T) {
	b, err := json.Marshal(newRecord(resultOf("u")))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"error", "sha256", "last_modified", "meta", "list", "line"} {
		if strings.Contains(string(b), `"`+name+`"`) {
			t.Errorf("record %s has %q", b, name)
		}
	}
}

func TestResultsAreAppendedOnALineOfTheirOwn(t *testing.T) {
	name := filepath.Join(t.TempDir(), "r.jsonl")
	if err := os.WriteFile(name, []byte("{\"url\":\"old\"}\n{\"url\":\"torn"), 0o666); err != nil {
		t.Fatal(err)
	}
	rec, err := openRecorder(t.Context(), name, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	rec.add(resultOf("new"))
	if err := rec.close(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(got), "\n")
	if len(lines) != 4 || lines[0] != `{"url":"old"}` || !strings.HasPrefix(lines[2], `{"url":"new"`) || lines[3] != "" {
		t.Errorf("file is %q", got)
	}
}

func TestEachRecordIsSeenAsSoonAsItComes(t *testing.T) {
	r, w := io.Pipe()
	rec, err := openRecorder(t.Context(), "-", w, nil)
	if err != nil {
		t.Fatal(err)
	}
	rec.add(resultOf("first"))
	var got record
	if err := json.NewDecoder(r).Decode(&got); err != nil || got.URL != "first" {
		t.Errorf("read %q, %v before the recorder was closed", got.URL, err)
	}
	if err := rec.close(); err != nil { // nothing is left to be written
		t.Error(err)
	}
}

func TestManyResultsComeThroughWhole(t *testing.T) {
	var out bytes.Buffer
	rec, err := openRecorder(t.Context(), "-", &out, nil)
	if err != nil {
		t.Fatal(err)
	}
	const each = 2000
	var adding sync.WaitGroup
	for g := range 4 {
		adding.Go(func() {
			for i := range each {
				rec.add(resultOf(fmt.Sprintf("%d/%d", g, i)))
			}
		})
	}
	adding.Wait()
	if err := rec.close(); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for dec := json.NewDecoder(&out); ; {
		var r record
		if err := dec.Decode(&r); err != nil {
			break
		}
		seen[r.URL] = true
	}
	if len(seen) != 4*each {
		t.Errorf("%d records, want %d", len(seen), 4*each)
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

func TestAReaderThatWentAwayEndsTheRunAndIsToldOf(t *testing.T) {
	gone := errors.New("broken pipe")
	broken := make(chan struct{})
	rec, err := openRecorder(t.Context(), "-", failingWriter{gone}, func() { close(broken) })
	if err != nil {
		t.Fatal(err)
	}
	rec.add(resultOf("a"))
	<-broken
	rec.add(resultOf("b"))
	if err := rec.close(); !errors.Is(err, gone) {
		t.Errorf("close says %v, want %v", err, gone)
	}
}

func TestAReaderThatHangsDoesNotKeepACancelledRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		r, w := io.Pipe()
		rec, err := openRecorder(ctx, "-", w, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range recorderBacklog {
			rec.add(resultOf(fmt.Sprint(i)))
		}
		begin := time.Now()
		cancel()
		rec.add(resultOf("in time, or lost"))
		rec.add(resultOf("lost"))
		if err := rec.close(); err == nil || !strings.Contains(err.Error(), "not written") {
			t.Errorf("close says %v", err)
		}
		if took := time.Since(begin); took > recorderGrace {
			t.Errorf("it took %v, want at most %v", took, recorderGrace)
		}
		r.Close() // lets the writer end
	})
}
