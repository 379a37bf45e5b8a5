package report

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// px is a length in the units of a drawing.
type px float64

func (p px) String() string {
	s := fmt.Sprintf("%.1f", float64(p))
	return strings.TrimSuffix(s, ".0")
}

// chart is a drawing with axes, laid out: the template only writes it down.
type chart struct {
	Label         string // for those who cannot see it
	Width, Height px
	Left, Right   px // the plot's borders
	Top, Bottom   px
	Rows          []mark // ticks of the vertical axis, with their lines
	Columns       []mark // ticks of the horizontal axis
	Note          string // below the horizontal axis
	Bars          []rect
	Area, Line    string // paths; "" for none
	Hits          []rect // unseen, they tell what is below the pointer
}

type mark struct {
	At     px
	Label  string
	Anchor string // start, middle or end
}

type rect struct {
	X, Y, W, H px
	Class, Tip string
}

const (
	wideChart   = 1000
	narrowChart = 480
	glyph       = 6.6 // width of a digit of the labels
)

// newChart makes a chart with a vertical axis. The foot is the room below the
// horizontal axis.
func newChart(label string, width, height, foot float64, rows []tick) *chart {
	longest := 0
	for _, t := range rows {
		longest = max(longest, len([]rune(t.label)))
	}
	c := &chart{
		Label: label, Width: px(width), Height: px(height),
		Left: px(float64(longest)*glyph + 10), Right: px(width - 12), Top: 8, Bottom: px(height - foot),
	}
	for _, t := range rows {
		c.Rows = append(c.Rows, mark{At: c.y(t.at, rows), Label: t.label})
	}
	return c
}

// y is where a value is drawn that the ticks' range holds.
func (c *chart) y(value float64, rows []tick) px {
	return c.Bottom - (c.Bottom-c.Top)*px(value/rows[len(rows)-1].at)
}

func (c *chart) plotWidth() float64 { return float64(c.Right - c.Left) }

// column adds a tick to the horizontal axis. Its label stays within the drawing.
func (c *chart) column(at px, label string) {
	half := px(float64(len([]rune(label))) * glyph / 2)
	anchor := "middle"
	switch {
	case at+half > c.Width:
		anchor = "end"
	case at-half < 0:
		anchor = "start"
	}
	c.Columns = append(c.Columns, mark{at, label, anchor})
}

// timeAxis adds the ticks of a series and returns where a step begins.
func (c *chart) timeAxis(s *series, zone *time.Location) func(i int) px {
	begin, end := s.begin, s.begin+int64(len(s.steps))*s.width
	x := func(ms float64) px {
		return c.Left + px(c.plotWidth()*(ms-float64(begin))/float64(end-begin))
	}
	ticks, note := timeTicks(begin, end, zone, int(c.plotWidth()/80))
	for _, t := range ticks {
		c.column(x(t.at), t.label)
	}
	c.Note = note
	return func(i int) px { return x(float64(begin + int64(i)*s.width)) }
}

// rateChart draws bytes a second over time.
func rateChart(s *series, zone *time.Location) *chart {
	most := 0.0
	for i := range s.steps {
		most = max(most, s.rate(i))
	}
	rows := rateTicks(most, 4)
	c := newChart("Bytes fetched a second, over time", wideChart, 230, 40, rows)
	x := c.timeAxis(s, zone)
	var line strings.Builder
	for i := range s.steps {
		y := c.y(s.rate(i), rows)
		verb := "V"
		if i == 0 {
			fmt.Fprintf(&line, "M%v ", x(0))
			verb = ""
		}
		fmt.Fprintf(&line, "%s%vH%v", verb, y, x(i+1))
		c.Hits = append(c.Hits, rect{X: x(i), Y: c.Top, W: x(i+1) - x(i), H: c.Bottom - c.Top,
			Tip: s.when(i, zone) + ": " + formatRate(s.rate(i))})
	}
	c.Line = line.String()
	c.Area = fmt.Sprintf("%sV%vH%vZ", c.Line, c.Bottom, c.Left)
	return c
}

// when names a step for people.
func (s *series) when(i int, zone *time.Location) string {
	form := "Jan 2 15:04:05"
	if s.width < 1000 {
		form += ".000"
	}
	return time.UnixMilli(s.begin + int64(i)*s.width).In(zone).Format(form)
}

// filesChart draws files that ended over time, by how they ended.
func filesChart(s *series, zone *time.Location) *chart {
	var most int64
	for i := range s.steps {
		most = max(most, s.steps[i].ended())
	}
	rows := countTicks(float64(most), 4)
	c := newChart("Files that ended, over time", wideChart, 190, 40, rows)
	x := c.timeAxis(s, zone)
	for i := range s.steps {
		var below int64
		for o, n := range s.steps[i].files {
			if n == 0 {
				continue
			}
			y := c.y(float64(below+n), rows)
			c.Bars = append(c.Bars, rect{
				X: x(i) + 0.5, W: max(x(i+1)-x(i)-1, 0.5), Y: y, H: c.y(float64(below), rows) - y,
				Class: string(outcomes[o]),
				Tip:   fmt.Sprintf("%s, for %s: %s %s", s.when(i, zone), formatDuration(s.width), formatCount(n), outcomes[o]),
			})
			below += n
		}
	}
	return c
}

func (s *slot) ended() int64 { return s.files[0] + s.files[1] + s.files[2] }

// scale is the axis of a histogram of magnitudes.
type scale struct {
	label  string
	zero   string // what the bar of zeros is called
	tiers  [][]tick
	format func(float64) string
}

// magnitudeChart draws a histogram over an axis on which each step doubles.
func magnitudeChart(h *histogram, s scale) *chart {
	bars := h.bars()
	most := h.zeros
	for _, b := range bars {
		most = max(most, b.count)
	}
	rows := countTicks(float64(most), 4)
	c := newChart(s.label, narrowChart, 180, 24, rows)
	places := float64(len(bars))
	if h.zeros > 0 {
		places += 1.5 // a bar, and a gap behind it
	}
	wide := px(math.Min(c.plotWidth()/places, 48))
	left := c.Left
	if h.zeros > 0 {
		c.magnitudeBar(left, wide, h.zeros, rows, s.zero)
		c.column(left+wide/2, s.zero)
		left += 1.5 * wide
	}
	if len(bars) == 0 {
		return c
	}
	for i, b := range bars {
		c.magnitudeBar(left+px(i)*wide, wide, b.count, rows, s.format(b.lo)+" to "+s.format(b.hi))
	}
	c.magnitudeAxis(bars, left, wide, s)
	return c
}

func (c *chart) magnitudeAxis(bars []bar, left, wide px, s scale) {
	lo, hi := bars[0].lo, bars[len(bars)-1].hi
	right := float64(left) + float64(wide)*float64(len(bars))
	// Within an octave places are even, which the logarithm is not quite.
	x := func(v float64) float64 {
		for i, b := range bars {
			if v < b.hi {
				return float64(left) + float64(wide)*(float64(i)+(v-b.lo)/(b.hi-b.lo))
			}
		}
		return right
	}
	from := lo
	if left > c.Left { // the label of zeros stands there
		for x(from) < float64(c.Left)+float64(len([]rune(s.zero)))*glyph+30 && from < hi {
			from *= 1.1
		}
	}
	for _, t := range magnitudeTicks(from, hi, s.tiers, x, 58) {
		c.column(px(x(t.at)), t.label)
	}
}

func (c *chart) magnitudeBar(x, wide px, n int64, rows []tick, what string) {
	if n == 0 {
		return
	}
	y := min(c.y(float64(n), rows), c.Bottom-1) // one file of a million is seen, too
	c.Bars = append(c.Bars, rect{X: x + 0.75, W: max(wide-1.5, 1), Y: y, H: c.Bottom - y, Class: "value",
		Tip: what + ": " + filesOf(n)})
}

// triesChart draws how many files took how many tries.
func triesChart(t *tries) *chart {
	last, most := 0, int64(0)
	for i, n := range t.files {
		if n > 0 {
			last = i
		}
		most = max(most, n)
	}
	last = max(last, 4)
	rows := countTicks(float64(most), 4)
	c := newChart("Files by number of tries", narrowChart, 180, 24, rows)
	wide := px(c.plotWidth() / float64(last+1))
	for i, n := range t.files[:last+1] {
		label := fmt.Sprint(i + 1)
		if i == maxTries {
			label = fmt.Sprintf("> %d", maxTries)
		}
		x := c.Left + px(i)*wide
		c.column(x+wide/2, label)
		inner := min(wide, 48)
		c.magnitudeBar(x+(wide-inner)/2, inner, n, rows, "tries: "+label)
	}
	return c
}

func filesOf(n int64) string {
	if n == 1 {
		return "1 file"
	}
	return formatCount(n) + " files"
}
