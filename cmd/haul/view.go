package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/seed-9a1263fe/haul/downloader"
	"github.com/seed-9a1263fe/haul/downloader/session"
	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/store"
)

// state is what a progress display needs to know at one moment.
type state struct {
	downloader.Snapshot
	// Jobs that are known of by now, settled ones included, and whether there
	// will be no more, since all lists are read.
	Jobs   int64
	Listed bool
}

// done is the number of jobs that are settled.
func (s *state) done() int64 { return s.Complete + s.Skipped + s.Failed }

// totalLine says how a run stands: files, bytes, rate in bytes a second, and how
// long it may take.
func totalLine(s *state, rate float64) string {
	parts := []string{countOf(s)}
	if s.Failed > 0 {
		parts = append(parts, fmt.Sprintf("%d failed", s.Failed))
	}
	if left := s.Jobs - s.done(); left > 0 {
		parts = append(parts, fmt.Sprintf("%d left", left))
	}
	parts = append(parts, formatSize(s.Fetched), formatSize(int64(rate))+"/s")
	if d, ok := timeLeft(s, rate); ok {
		parts = append(parts, formatDuration(d)+" to go")
	}
	return strings.Join(parts, ", ")
}

func countOf(s *state) string {
	more := ""
	if !s.Listed {
		more = "+"
	}
	return fmt.Sprintf("%d of %d%s files", s.Complete+s.Skipped, s.Jobs, more)
}

// timeLeft estimates how long the rest takes at a rate in bytes a second. Files
// that were not begun are taken to be as large as those that are known, on
// average; without any known size, or a rate, there is no estimate.
func timeLeft(s *state, rate float64) (time.Duration, bool) {
	var rest, sized, sizes float64
	sized, sizes = float64(s.Complete), float64(s.Bytes)
	for _, f := range s.Files {
		if f.Size != store.UnknownSize {
			sized++
			sizes += float64(f.Size)
			rest += float64(f.Size - f.Present)
		}
	}
	waiting := float64(s.Jobs - s.done() - int64(len(s.Files)))
	if !s.Listed || rate < 1 || sized == 0 || waiting < 0 {
		return 0, false
	}
	seconds := (rest + waiting*sizes/sized) / rate
	if seconds > 1e8 {
		return 0, false
	}
	return time.Duration(math.Ceil(seconds)) * time.Second, true
}

// formatDuration writes d in its two largest units.
func formatDuration(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second && d%time.Second != 0:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	s := int64(d.Round(time.Second) / time.Second)
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return fmt.Sprintf("%d min %d s", s/60, s%60)
	case s < 48*3600:
		return fmt.Sprintf("%d h %d min", s/3600, s%3600/60)
	}
	return fmt.Sprintf("%d d %d h", s/86400, s%86400/3600)
}

// shownHosts is how many hosts a display names that hold the run up.
const shownHosts = 3

// hostLines says which hosts ask for patience, those first that ask for most.
func hostLines(hosts []session.HostStatus, now time.Time) []string {
	held := slices.DeleteFunc(slices.Clone(hosts), func(h session.HostStatus) bool { return !h.Until.After(now) })
	slices.SortFunc(held, func(a, b session.HostStatus) int { return b.Until.Compare(a.Until) })
	var lines []string
	for i, h := range held {
		if i == shownHosts {
			lines = append(lines, fmt.Sprintf("and %d more hosts", len(held)-i))
			break
		}
		line := fmt.Sprintf("%s: waiting %s", printable(h.Origin), formatDuration(h.Until.Sub(now).Round(time.Second)))
		if h.Why != "" {
			line += " (" + printable(h.Why) + ")"
		}
		lines = append(lines, line)
	}
	return lines
}

// printable replaces what could do more to a terminal than be shown.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || unicode.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, s)
}

// board gives files in flight a row each. A file keeps its row until it ends, so
// that nothing jumps; a row that falls free goes to the file with the most left,
// and closes when there is none.
type board struct {
	rows  []queue.ID
	since map[queue.ID]time.Time // when files that have no row were first seen to get bytes
}

// rowAge is how long bytes of a file must have been coming before it gets a row.
// Files that come and go faster than anyone reads are seen in the total only.
const rowAge = 400 * time.Millisecond

// assign returns the files to show, in the order of their rows, at most room.
func (b *board) assign(files []downloader.FileProgress, room int, now time.Time) []downloader.FileProgress {
	b.rows = b.rows[:min(len(b.rows), room)]
	since := make(map[queue.ID]time.Time)
	var waiting []downloader.FileProgress
	shown := make(map[queue.ID]downloader.FileProgress, room)
	for _, f := range files {
		at, seen := b.since[f.ID]
		switch {
		case slices.Contains(b.rows, f.ID):
			shown[f.ID] = f
			continue
		case seen && now.Sub(at) >= rowAge:
			waiting = append(waiting, f)
		case !seen && f.Ranges == 0:
			continue // it waits for its turn
		case !seen:
			at = now
		}
		since[f.ID] = at
	}
	b.since = since
	slices.SortStableFunc(waiting, func(x, y downloader.FileProgress) int { return cmp.Compare(leftOf(y), leftOf(x)) })
	waiting = waiting[:min(len(waiting), room-len(shown))]

	var out []downloader.FileProgress
	for _, id := range b.rows {
		f, ok := shown[id]
		if !ok && len(waiting) > 0 {
			f, ok, waiting = waiting[0], true, waiting[1:]
		}
		if ok {
			out = append(out, f)
		}
	}
	out = append(out, waiting...)
	b.rows = b.rows[:0]
	for _, f := range out {
		b.rows = append(b.rows, f.ID)
	}
	return out
}

// leftOf is how many bytes a file lacks; one of unknown size comes last.
func leftOf(f downloader.FileProgress) int64 {
	if f.Size == store.UnknownSize {
		return 0
	}
	return f.Size - f.Present
}

// nameOf is what a file is called in a row: its name, or its URL while it has
// none.
func nameOf(f downloader.FileProgress) string {
	if f.Key != "" {
		return printable(string(f.Key))
	}
	return printable(f.URL)
}

// sizeOf says how much of a file is here.
func sizeOf(f downloader.FileProgress) string {
	if f.Size == store.UnknownSize {
		return formatSize(f.Present)
	}
	percent := 100.0
	if f.Size > 0 {
		percent = 100 * float64(f.Present) / float64(f.Size)
	}
	return fmt.Sprintf("%9s of %9s %3.0f%%", formatSize(f.Present), formatSize(f.Size), math.Floor(percent))
}
