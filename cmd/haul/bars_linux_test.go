package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seed-9a1263fe/haul/downloader"
	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/store"
)

// terminal is a pseudo-terminal: what the program writes to tty is read from
// the other end.
type terminal struct {
	master, tty *os.File
	seen        strings.Builder
}

func newTerminal(t *testing.T, rows, columns uint16) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{master: master, tty: tty}
	t.Cleanup(func() { tty.Close(); master.Close() })
	term.resize(t, rows, columns)
	return term
}

func (term *terminal) resize(t *testing.T, rows, columns uint16) {
	t.Helper()
	if err := unix.IoctlSetWinsize(int(term.master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: columns}); err != nil {
		t.Fatal(err)
	}
}

// await reads until the text has been shown since the last await, and returns all
// that was.
func (term *terminal) await(t *testing.T, text string) string {
	t.Helper()
	term.seen.Reset()
	buf := make([]byte, 4096)
	for !strings.Contains(term.seen.String(), text) {
		n, err := term.master.Read(buf)
		if err != nil {
			t.Fatalf("the terminal ends with %v; wanted %q, has\n%q", err, text, term.seen.String())
		}
		term.seen.Write(buf[:n])
	}
	return term.seen.String()
}

// lastPicture is what the last whole picture shows.
func lastPicture(shown string) string {
	parts := strings.Split(shown, "\x1b[J")
	return parts[len(parts)-2]
}

func TestBarsShowFilesAndTotalOnATerminal(t *testing.T) {
	term := newTerminal(t, 6, 80)
	look := func() state {
		s := state{Jobs: 9, Listed: true}
		s.Complete = 1
		for i := range 8 {
			s.Files = append(s.Files, downloader.FileProgress{
				ID: queue.ID{byte(i + 1)}, Key: store.Key(fmt.Sprintf("file-%d.iso", i)), Size: 1000 << 20, Present: int64(i) << 20, Ranges: 1, Started: time.Now(),
			})
		}
		return s
	}
	s := newScreen(term.tty, func(string) (string, bool) { return "", false })
	if s.tty == nil {
		t.Fatal("the terminal is not known for one")
	}
	p := startProgress(s, false, look)
	term.await(t, "file-2.iso")
	// Six rows hold three bars, the total, and two that stay free.
	picture := lastPicture(term.await(t, "file-2.iso") + term.await(t, "file-0.iso"))
	if got := strings.Count(picture, ".iso"); got != 3 {
		t.Errorf("the picture has %d bars, want 3:\n%q", got, picture)
	}
	if !strings.Contains(picture, "1 of 9 files, 8 left") {
		t.Errorf("the picture has no total:\n%q", picture)
	}

	fmt.Fprintln(s, "haul: error: something happened")
	shown := term.await(t, "something happened")
	if !strings.Contains(shown, "\x1b[J") {
		t.Errorf("the log line is not above a new picture:\n%q", shown)
	}
	term.await(t, "file-0.iso")

	term.resize(t, 5, 40)
	// The next pictures may have been drawn before.
	for range 10 {
		picture = lastPicture(term.await(t, "1 of 9 files") + term.await(t, "file-0.iso"))
		if strings.Count(picture, ".iso") == 2 {
			break
		}
	}
	if got := strings.Count(picture, ".iso"); got != 2 {
		t.Errorf("in five rows the picture has %d bars, want 2:\n%q", got, picture)
	}

	ended := make(chan struct{})
	go func() { p.end(); fmt.Fprintln(s, "the end"); close(ended) }()
	shown = term.await(t, "the end")
	<-ended
	if rest := shown[strings.LastIndex(shown, "\x1b[J"):]; strings.Contains(rest, ".iso") || strings.Contains(rest, "files") {
		t.Errorf("after the end there is still\n%q", rest)
	}
}
