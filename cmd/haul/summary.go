package main

import (
	"fmt"
	"io"
	"time"

	"github.com/seed-9a1263fe/haul/downloader"
)

// writeSummary says what a run did: counts, bytes, time and rate, then the
// failures by kind with the first few of each.
func writeSummary(w io.Writer, s *state, took time.Duration, failed []*failures) {
	fmt.Fprintf(w, "haul: %d complete, %d skipped, %d failed", s.Complete, s.Skipped, s.Failed)
	if left := s.Jobs - s.done(); left > 0 {
		fmt.Fprintf(w, ", %d left", left)
	}
	fmt.Fprintf(w, "; %s in %s, %s/s", formatSize(s.Fetched), formatDuration(took), formatSize(perSecond(s.Fetched, took)))
	if s.Resumed > 0 {
		fmt.Fprintf(w, "; %s were here already", formatSize(s.Resumed))
	}
	if s.Retries > 0 {
		fmt.Fprintf(w, "; %s", plural(s.Retries, "retry", "retries"))
	}
	fmt.Fprintln(w)
	for _, k := range failed {
		writeFailures(w, k)
	}
}

func writeFailures(w io.Writer, k *failures) {
	fmt.Fprintf(w, "  %s: %s\n", k.kind, plural(k.count, "file", "files"))
	for _, f := range k.first {
		place := ""
		if f.place != "" {
			place = f.place + ": "
		}
		fmt.Fprintf(w, "    %s\n", printable(place+f.url))
	}
	if more := k.count - int64(len(k.first)); more > 0 {
		fmt.Fprintf(w, "    and %d more\n", more)
	}
}

func perSecond(n int64, d time.Duration) int64 {
	if d <= 0 {
		return 0
	}
	return int64(float64(n) / d.Seconds())
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// worst is the exit code's error for a run that went to its end.
func worst(s *downloader.Snapshot, broken int64) error {
	if s.Failed > 0 || broken > 0 {
		return errJobsFailed
	}
	return nil
}
