package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-9a1263fe/haul/bench/page"
)

func TestASmokeRunMeasuresAndLeavesNothing(t *testing.T) {
	dir, files := t.TempDir(), t.TempDir()
	html, data := filepath.Join(files, "page.html"), filepath.Join(files, "data.json")
	var stdout, stderr strings.Builder
	args := []string{
		"-quick", "-v", "-scale", "0.01", "-dir", dir, "-module", "../..", "-peers", "curl", "-html", html, "-json", data,
		"small", "latency", "promise:big2g", "reopen",
	}
	if err := run(t.Context(), args, &stdout, &stderr); err != nil {
		t.Fatalf("%v\n%s\n%s", err, &stdout, &stderr)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	text, err := os.ReadFile(data)
	if err != nil {
		t.Fatal(err)
	}
	var r page.Report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Tables) != 2 || len(r.Promises) != 2 || !r.Promises[0].Kept() || r.Tables[0].Lines[0].Runs[0].Verdict != "right" {
		t.Errorf("got %+v", r)
	}
	got, err := os.ReadFile(html)
	if err != nil || !strings.Contains(string(got), "<svg") || strings.Contains(string(got), "src=") || strings.Contains(string(got), "href=") {
		t.Errorf("the page has no plot, or needs something else: %v", err)
	}
}

func TestAnInterruptCleansUp(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	// The first line about a run comes when servers and folders are there.
	stop := writer(func() { cancel() })
	err := run(ctx, []string{"-quick", "-v", "-dir", dir, "-module", "../..", "kill20"}, io.Discard, stop)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// writer calls itself when a promise tells that it has killed once.
type writer func()

func (w writer) Write(p []byte) (int, error) {
	if strings.Contains(string(p), "kill 1 ") {
		w()
	}
	return len(p), nil
}

func TestUnknownNamesAreRefused(t *testing.T) {
	for _, args := range [][]string{{"smal"}, {"promise:small"}, {"-verify", "none"}, {"-rounds", "0"}, {"-x"}} {
		var stderr strings.Builder
		if err := run(t.Context(), args, io.Discard, &stderr); !errors.Is(err, errUsage) || stderr.Len() == 0 {
			t.Errorf("%v: %v, %q", args, err, &stderr)
		}
	}
}

func TestANameThatIsBothIsTheRow(t *testing.T) {
	s, err := parse([]string{"million", "promise:million"}, io.Discard)
	if err != nil || len(s.rows) != 1 || len(s.promises) != 1 {
		t.Errorf("%d rows, %d promises, %v", len(s.rows), len(s.promises), err)
	}
}
