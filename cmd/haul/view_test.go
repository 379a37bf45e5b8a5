package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-9a1263fe/haul/downloader"
	"github.com/seed-9a1263fe/haul/downloader/session"
	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/store"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func fileOf(id byte, size, present int64) downloader.FileProgress {
	return downloader.FileProgress{ID: queue.ID{id}, Size: size, Present: present, Ranges: 1}
}

// assignTwice looks twice, so long apart that every file may have a row.
func assignTwice(b *board, files []downloader.FileProgress, room int) []downloader.FileProgress {
	b.assign(files, room, noon)
	return b.assign(files, room, noon.Add(rowAge))
}

func idsOf(files []downloader.FileProgress) []byte {
	var ids []byte
	for _, f := range files {
		ids = append(ids, f.ID[0])
	}
	return ids
}

func TestRowsGoToFilesWithMostLeft(t *testing.T) {
	var b board
	got := assignTwice(&b, []downloader.FileProgress{
		fileOf(1, 100, 90), fileOf(2, 100, 0), fileOf(3, store.UnknownSize, 5), fileOf(4, 100, 50),
	}, 3)
	if want := []byte{2, 4, 1}; !slices.Equal(idsOf(got), want) {
		t.Errorf("rows show %v, want %v", idsOf(got), want)
	}
}

func TestFilesKeepTheirRowsUntilTheyEnd(t *testing.T) {
	var b board
	assignTwice(&b, []downloader.FileProgress{fileOf(1, 100, 0), fileOf(2, 90, 0)}, 2)
	got := assignTwice(&b, []downloader.FileProgress{fileOf(3, 1000, 0), fileOf(2, 90, 80), fileOf(1, 100, 99)}, 2)
	if want := []byte{1, 2}; !slices.Equal(idsOf(got), want) {
		t.Fatalf("with a larger file waiting, rows show %v, want %v", idsOf(got), want)
	}
	got = b.assign([]downloader.FileProgress{fileOf(3, 1000, 0), fileOf(2, 90, 80)}, 2, noon.Add(rowAge))
	if want := []byte{3, 2}; !slices.Equal(idsOf(got), want) {
		t.Errorf("when the first has ended, rows show %v, want %v", idsOf(got), want)
	}
	got = assignTwice(&b, []downloader.FileProgress{fileOf(2, 90, 80)}, 2)
	if want := []byte{2}; !slices.Equal(idsOf(got), want) {
		t.Errorf("with one file, rows show %v, want %v", idsOf(got), want)
	}
}

func TestShortLivedAndWaitingFilesGetNoRow(t *testing.T) {
	var b board
	waits := fileOf(2, 100, 0)
	waits.Ranges = 0
	files := []downloader.FileProgress{fileOf(1, 100, 0), waits}
	for _, at := range []time.Duration{0, rowAge - 1} {
		if got := b.assign(files, 5, noon.Add(at)); len(got) != 0 {
			t.Errorf("after %v rows show %v", at, idsOf(got))
		}
	}
	if got := b.assign(files[1:], 5, noon.Add(time.Hour)); len(got) != 0 {
		t.Errorf("a file that waits has a row: %v", idsOf(got))
	}
	if len(b.since) != 0 {
		t.Errorf("the board remembers %d files that are gone", len(b.since))
	}
}

func TestRowsFitTheRoom(t *testing.T) {
	var b board
	files := []downloader.FileProgress{fileOf(1, 1, 0), fileOf(2, 1, 0), fileOf(3, 1, 0)}
	for _, room := range []int{3, 1, 0, 2} {
		if got := assignTwice(&b, files, room); len(got) != room {
			t.Errorf("%d rows for a room of %d", len(got), room)
		}
	}
}

func TestTotalLineSaysHowItStands(t *testing.T) {
	s := state{Jobs: 10, Listed: true}
	s.Complete, s.Skipped, s.Failed, s.Bytes, s.Fetched = 4, 1, 2, 4<<20, 5<<20
	got := totalLine(&s, 1<<20)
	if want := "5 of 10 files, 2 failed, 3 left, 5.0 MiB, 1.0 MiB/s, 3 s to go"; got != want {
		t.Errorf("total line %q, want %q", got, want)
	}
	s.Listed = false
	got = totalLine(&s, 1<<20)
	if want := "5 of 10+ files, 2 failed, 3 left, 5.0 MiB, 1.0 MiB/s"; got != want {
		t.Errorf("while the list is read: %q, want %q", got, want)
	}
}

func TestTimeLeftCountsWhatIsInFlightAndWhatWaits(t *testing.T) {
	s := state{Jobs: 4, Listed: true}
	s.Complete, s.Bytes = 1, 100
	s.Files = []downloader.FileProgress{fileOf(1, 300, 100), fileOf(2, store.UnknownSize, 7)}
	// 200 of the first, nothing known of the second, and one waiting of (100+300)/2.
	if got, ok := timeLeft(&s, 100); !ok || got != 4*time.Second {
		t.Errorf("time left is %v, %v; want 4s", got, ok)
	}
	if _, ok := timeLeft(&s, 0); ok {
		t.Error("there is an estimate without a rate")
	}
}

func TestDurationsHaveTwoUnits(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 ms", 90 * time.Millisecond: "90 ms", 1500 * time.Millisecond: "1.5 s", 12400 * time.Millisecond: "12 s",
		59*time.Second + 999*time.Millisecond: "1 min 0 s", 3599 * time.Second: "59 min 59 s", 7260 * time.Second: "2 h 1 min", 72 * time.Hour: "3 d 0 h",
	} {
		if got := formatDuration(d); got != want {
			t.Errorf("formatDuration(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestHostLinesNameThoseThatAskForPatience(t *testing.T) {
	hosts := []session.HostStatus{
		{Origin: "http://a:80", Until: noon.Add(2 * time.Second), Why: "status 429"},
		{Origin: "http://b:80", Limit: 1},
		{Origin: "http://c:80", Until: noon.Add(time.Minute)},
	}
	got := strings.Join(hostLines(hosts, noon), "\n")
	if want := "http://c:80: waiting 1 min 0 s\nhttp://a:80: waiting 2 s (status 429)"; got != want {
		t.Errorf("host lines:\n%s\nwant:\n%s", got, want)
	}
	many := slices.Repeat(hosts[:1], shownHosts+2)
	if got := hostLines(many, noon); len(got) != shownHosts+1 || got[shownHosts] != "and 2 more hosts" {
		t.Errorf("of many hosts, lines are %q", got)
	}
}

func TestNothingThatCommandsATerminalIsShown(t *testing.T) {
	if got := printable("a\x1b[2Jb\r\n\u009bc\u202e"); strings.ContainsAny(got, "\x1b\r\n\u009b\u202e") || !strings.Contains(got, "a") {
		t.Errorf("printable gives %q", got)
	}
}

func TestMeterForgetsWhatIsLongAgo(t *testing.T) {
	var m meter
	if m.rate() != 0 {
		t.Errorf("an empty meter shows %g", m.rate())
	}
	for i := range 100 {
		n := int64(0)
		if i > 50 {
			n = int64(i-50) * 1000
		}
		m.note(noon.Add(time.Duration(i)*time.Second), n)
	}
	if m.rate() != 1000 {
		t.Errorf("the meter shows %g, want 1000", m.rate())
	}
	if len(m.notes) > 8 {
		t.Errorf("the meter keeps %d notes", len(m.notes))
	}
}
