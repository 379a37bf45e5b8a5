package main

import (
	"os"
	"sync/atomic"
	"time"

	"github.com/mattn/go-runewidth"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/cwriter"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/seed-9a1263fe/haul/downloader"
	"github.com/seed-9a1263fe/haul/store"
)

// barsEvery is the time between two pictures.
const barsEvery = 150 * time.Millisecond

// bars shows a run on a terminal: a bar for each file in flight, as many as fit,
// below them the hosts that ask for patience, and the total. Bars are reused, so
// that a flood of small files costs no more than a few large ones.
type bars struct {
	tty    *os.File
	color  bool
	speed  meter
	board  board
	mpb    *mpb.Progress
	rows   []*row
	footer []*line
}

// row is one bar and the file that it shows at present.
type row struct {
	bar  *mpb.Bar
	file atomic.Pointer[downloader.FileProgress]
}

// line is a line of text below the bars.
type line struct {
	bar  *mpb.Bar
	text atomic.Pointer[string]
}

func newBars(s *screen, color bool) *bars {
	b := &bars{tty: s.tty, color: color}
	b.mpb = mpb.New(mpb.WithOutput(s.tty), mpb.WithRefreshRate(barsEvery))
	s.setLive(b.mpb)
	return b
}

// show makes the picture that the terminal gets with its next refresh.
func (b *bars) show(s *state, now time.Time) {
	b.speed.note(now, s.Fetched)
	text := append(hostLines(s.Hosts, now), b.strong(totalLine(s, b.speed.rate())))
	files := b.board.assign(s.Files, b.room(len(text)), now)
	b.showFiles(files)
	b.showText(text)
}

// room is the number of file rows that fit above lines of text, with one line
// left for the cursor and one for what the log says meanwhile.
func (b *bars) room(text int) int {
	_, height, err := cwriter.GetSize(int(b.tty.Fd()))
	if err != nil {
		return 0
	}
	return max(0, height-text-2)
}

func (b *bars) strong(s string) string {
	if b.color {
		return "\x1b[1m" + s + "\x1b[0m"
	}
	return s
}

func (b *bars) showFiles(files []downloader.FileProgress) {
	for i, f := range files {
		if i == len(b.rows) {
			b.rows = append(b.rows, b.newRow(i, f))
		}
		r := b.rows[i]
		r.file.Store(&f)
		r.bar.SetTotal(max(f.Size, 0), false)
		r.bar.SetCurrent(f.Present)
	}
	for _, r := range b.rows[len(files):] {
		r.bar.Abort(true)
	}
	b.rows = b.rows[:len(files)]
}

// Priorities order bars from top to bottom; lines of text come after all files.
const textPriority = 1 << 20

func (b *bars) newRow(i int, f downloader.FileProgress) *row {
	r := &row{}
	r.file.Store(&f)
	style := mpb.BarStyle().Lbound("[").Filler("=").Tip(">").Padding(" ").Rbound("]")
	if b.color {
		style = style.FillerMeta(green).TipMeta(green)
	}
	// A total of zero at first keeps the bar from ending itself when it is full.
	r.bar = b.mpb.New(0, style,
		mpb.BarPriority(i),
		mpb.PrependDecorators(decor.Any(r.name)),
		mpb.AppendDecorators(decor.Any(r.size)))
	return r
}

func green(s string) string { return "\x1b[32m" + s + "\x1b[0m" }

// home begins each line at its first column, also after the terminal itself has
// written the ^C that somebody typed.
const home = "\r"

// name is the file's name in a third of the width, its end cut off.
func (r *row) name(st decor.Statistics) string {
	width := min(40, st.AvailableWidth/3)
	return home + runewidth.FillRight(runewidth.Truncate(nameOf(*r.file.Load()), width, "…"), width)
}

func (r *row) size(decor.Statistics) string {
	f := r.file.Load()
	if f.Size == store.UnknownSize {
		return runewidth.FillRight(sizeOf(*f), len("999.9 MiB of 999.9 MiB 100%"))
	}
	return sizeOf(*f)
}

func (b *bars) showText(text []string) {
	for i, s := range text {
		if i == len(b.footer) {
			b.footer = append(b.footer, b.newLine(i, s))
		}
		b.footer[i].text.Store(&s)
	}
	for _, l := range b.footer[len(text):] {
		l.bar.Abort(true)
	}
	b.footer = b.footer[:len(text)]
}

func (b *bars) newLine(i int, s string) *line {
	l := &line{}
	l.text.Store(&s)
	l.bar = b.mpb.New(0, mpb.NopStyle(),
		mpb.BarPriority(textPriority+i),
		mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return home + *l.text.Load() })))
	return l
}

// end takes everything off the terminal, so that a summary can follow.
func (b *bars) end(s *screen) {
	for _, r := range b.rows {
		r.bar.Abort(true)
	}
	for _, l := range b.footer {
		l.bar.Abort(true)
	}
	b.mpb.Wait() // from here on it takes no lines, and the screen writes them itself
	s.setLive(nil)
}
