package report

import (
	"bufio"
	"embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"time"
)

//go:embed page.html chart.html style.css
var assets embed.FS

var pageTemplate = template.Must(template.New("page.html").Funcs(template.FuncMap{
	"size": formatSize, "count": formatCount, "duration": formatDuration,
}).ParseFS(assets, "page.html", "chart.html", "style.css"))

const (
	rateSteps = 160 // of the chart of throughput
	fileSteps = 80
)

// WriteHTML writes the page. It may be called again, also after more was read.
func (r *Report) WriteHTML(w io.Writer) error {
	out := bufio.NewWriter(w)
	if err := pageTemplate.Execute(out, r.page()); err != nil {
		return fmt.Errorf("report: write: %w", err)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("report: write: %w", err)
	}
	return nil
}

// page is the page in the words and pictures that the template puts in place.
type page struct {
	Title, Headline, When string
	Tiles                 []tile
	Outcomes, Origins     share
	Rate, Files           *chart // nil if there is nothing to draw
	RateNote              string
	Sizes, Durations      *distribution
	Tries                 *chart
	TriesNote             string
	Hosts                 []hostRow
	HostsNote             string
	Errors                []errorRow
	Slowest, Largest      []fileRow
	Sources               []string
	Unnamed               int
	Records, BrokenLines  int64
	Broken                []BrokenLine
	Timeless              int64
}

// tile is a number with what it means.
type tile struct{ Name, Value, More string }

// distribution is a histogram with the numbers that sum it up.
type distribution struct {
	Chart *chart
	Facts []tile
}

func (r *Report) page() *page {
	p := &page{
		Title: "haul report", Headline: r.headline(), When: r.when(),
		Tiles: r.tiles(), Outcomes: r.outcomes(), Origins: r.origins(),
		Errors: r.errorRows(), Slowest: r.fileRows(&r.slowest), Largest: r.fileRows(&r.largest),
		Sources: r.sources, Unnamed: r.unnamed, Records: r.records,
		Broken: r.broken.first, BrokenLines: r.broken.lines, Timeless: r.timeless,
	}
	p.Hosts, p.HostsNote = r.hostRows()
	if !r.flow.empty() {
		p.drawTime(r)
	}
	if r.sizes.count > 0 {
		p.Sizes = &distribution{magnitudeChart(&r.sizes, sizeScale), facts(&r.sizes, formatSize)}
	}
	if r.durations.count > 0 {
		p.Durations = &distribution{magnitudeChart(&r.durations, durationScale), facts(&r.durations, formatDuration)}
	}
	if slices.Max(r.attempts.files[:]) > 0 {
		p.Tries = triesChart(&r.attempts)
		p.TriesNote = fmt.Sprintf("%s in all after a first try.", plural(r.attempts.again, "try", "tries"))
	}
	return p
}

func (p *page) drawTime(r *Report) {
	ended := r.flow.atMost(fileSteps)
	p.Files = filesChart(&ended, r.zone)
	rates := r.flow.atMost(rateSteps)
	if _, most := rates.peak(); most > 0 {
		p.Rate = rateChart(&rates, r.zone)
		p.RateNote = fmt.Sprintf("In steps of %s. The bytes of a file are spread evenly over the time from its start to its end.", formatDuration(rates.width))
	}
}

// peak is the step with the highest rate.
func (s *series) peak() (step int, rate float64) {
	for i := range s.steps {
		if f := s.rate(i); f > rate {
			step, rate = i, f
		}
	}
	return step, rate
}

var (
	sizeScale = scale{
		label: "Files by size", zero: "empty", tiers: sizeTiers,
		format: func(f float64) string { return formatSize(int64(f)) },
	}
	durationScale = scale{
		label: "Files by the time they took", zero: "< 1 ms", tiers: durationTiers,
		format: func(f float64) string { return formatDuration(int64(f)) },
	}
)

func facts(h *histogram, format func(int64) string) []tile {
	return []tile{
		{Name: "median", Value: format(h.quantile(0.5))},
		{Name: "mean", Value: format(h.mean())},
		{Name: "9 of 10 up to", Value: format(h.quantile(0.9))},
		{Name: "99 of 100 up to", Value: format(h.quantile(0.99))},
		{Name: "most", Value: format(h.most)},
	}
}

func (r *Report) headline() string {
	switch whole := r.complete + r.skipped; {
	case r.records == 0:
		return "No records"
	case r.failed == 0 && r.complete == 0:
		return fmt.Sprintf("%s, all complete already", filesOf(whole))
	case r.failed == 0:
		return fmt.Sprintf("%s, all complete", filesOf(whole))
	default:
		return fmt.Sprintf("%s of %s complete, %s failed", formatCount(whole), filesOf(r.records), formatCount(r.failed))
	}
}

// when says from when to when the records tell of files.
func (r *Report) when() string {
	if r.flow.empty() {
		return ""
	}
	begin, end := time.UnixMilli(r.flow.begin).In(r.zone), time.UnixMilli(r.flow.end).In(r.zone)
	form := "2006-01-02 15:04:05"
	if begin.Format(time.DateOnly) == end.Format(time.DateOnly) {
		return fmt.Sprintf("%s to %s %s", begin.Format(form), end.Format("15:04:05"), zoneName(begin))
	}
	return fmt.Sprintf("%s to %s %s", begin.Format(form), end.Format(form), zoneName(begin))
}

func (r *Report) tiles() []tile {
	return []tile{
		{"files", formatCount(r.records), r.filesMore()},
		{"fetched", formatSize(r.fetched), r.fetchedMore()},
		r.timeTile(),
		r.meanTile(),
		r.peakTile(),
		{"tries again", formatCount(r.attempts.again), ""},
	}
}

func (r *Report) filesMore() string {
	return fmt.Sprintf("%s complete, %s skipped, %s failed", formatCount(r.complete), formatCount(r.skipped), formatCount(r.failed))
}

// fetchedMore tells of bytes that are in no complete file, or that were fetched
// more than once.
func (r *Report) fetchedMore() string {
	if more := r.fetched - max(r.wholeBytes-r.resumed, 0); more > 0 && r.records > 0 {
		return fmt.Sprintf("%s of it for files that failed, or again", formatSize(more))
	}
	return "from the network"
}

func (r *Report) timeTile() tile {
	if r.flow.empty() {
		return tile{"time", "–", "no record tells one"}
	}
	span, busy := r.flow.span(), r.flow.busyTime()
	if busy < span-span/20 {
		return tile{"time", formatDuration(busy), "with files in flight, within " + formatDuration(span)}
	}
	return tile{"time", formatDuration(span), "from the first start to the last end"}
}

func (r *Report) meanTile() tile {
	if r.flow.empty() || r.fetched == 0 {
		return tile{"mean rate", "–", "nothing was fetched"}
	}
	over := r.flow.span()
	if busy := r.flow.busyTime(); busy < over-over/20 {
		over = busy
	}
	return tile{"mean rate", formatRate(float64(r.fetched) * 1000 / float64(over)), "over that time"}
}

func (r *Report) peakTile() tile {
	s := r.flow.atMost(rateSteps)
	step, rate := s.peak()
	if rate == 0 {
		return tile{"peak rate", "–", "nothing was fetched"}
	}
	return tile{"peak rate", formatRate(rate), fmt.Sprintf("for %s, on %s", formatDuration(s.width), s.when(step, r.zone))}
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return formatCount(n) + " " + many
}
