package matrix

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/seed-9a1263fe/haul/bench/lab"
)

// Verdict is what became of a run.
type Verdict string

// The verdicts. Wrong is the worst: the program said that all went well.
const (
	Right  Verdict = "right"
	Failed Verdict = "failed"
	Cut    Verdict = "cut"
	Wrong  Verdict = "WRONG"
)

// Run is one run of one program. Times are in seconds.
type Run struct {
	Round      int     `json:"round"`
	Wall       float64 `json:"wall_s"`
	CPU        float64 `json:"cpu_s"`
	First      float64 `json:"first_file_s"`
	PeakMemory int64   `json:"peak_memory_bytes"`
	Conns      int64   `json:"connections"`
	Verdict    Verdict `json:"verdict"`
	Why        string  `json:"why,omitempty"`
}

// Line is one program in a row, with the medians of its runs.
type Line struct {
	Peer string `json:"peer"`
	Runs []Run  `json:"runs"`

	Wall       float64 `json:"wall_s"`
	Min        float64 `json:"min_s"`
	Max        float64 `json:"max_s"`
	CPU        float64 `json:"cpu_s"`
	First      float64 `json:"first_file_s"`
	PeakMemory int64   `json:"peak_memory_bytes"`
	Conns      int64   `json:"connections"`
	Verdict    Verdict `json:"verdict"` // the worst of its runs
	Why        string  `json:"why,omitempty"`

	// Ratio is Wall against that of the fastest peer that is not haul, and
	// Pairs haul's wall against this peer's in the same round; zero is unknown.
	Ratio float64 `json:"ratio_to_best_peer"`
	Pairs float64 `json:"haul_to_this_median_of_pairs"`
	Least float64 `json:"haul_to_this_least"`
	Most  float64 `json:"haul_to_this_most"`
}

// Table is a row that was run.
type Table struct {
	Row    string  `json:"row"`
	About  string  `json:"about"`
	Files  int     `json:"files"`
	Bytes  int64   `json:"bytes"`
	Scale  float64 `json:"scale"`
	Server string  `json:"server"`
	Lines  []Line  `json:"lines"`
}

// haul is the name of the program that the others are compared with.
const haul = "haul"

// OK says that haul was right in every run.
func (t Table) OK() bool {
	return !slices.ContainsFunc(t.Lines, func(l Line) bool { return l.Peer == haul && l.Verdict != Right })
}

// sum fills in the medians and ratios.
func (t *Table) sum() {
	for i := range t.Lines {
		t.Lines[i].sum()
	}
	best, own := t.best(), t.line(haul)
	for i := range t.Lines {
		l := &t.Lines[i]
		if best > 0 && l.Verdict == Right {
			l.Ratio = l.Wall / best
		}
		if own != nil && own.Verdict == Right && l.Verdict == Right && l.Peer != haul {
			l.pair(*own)
		}
	}
}

// best is the wall of the fastest peer that was right; zero is nobody.
func (t *Table) best() float64 {
	var best float64
	for _, l := range t.Lines {
		if l.Peer != haul && l.Verdict == Right && (best == 0 || l.Wall < best) {
			best = l.Wall
		}
	}
	return best
}

func (t *Table) line(name string) *Line {
	i := slices.IndexFunc(t.Lines, func(l Line) bool { return l.Peer == name })
	if i < 0 {
		return nil
	}
	return &t.Lines[i]
}

// rank orders verdicts, the worst last.
var rank = []Verdict{Right, Cut, Failed, Wrong}

func (l *Line) sum() {
	of := func(f func(Run) float64) []float64 {
		var all []float64
		for _, r := range l.Runs {
			all = append(all, f(r))
		}
		return all
	}
	walls := of(func(r Run) float64 { return r.Wall })
	if len(walls) == 0 {
		return
	}
	l.Wall, l.Min, l.Max = median(walls), slices.Min(walls), slices.Max(walls)
	l.CPU = median(of(func(r Run) float64 { return r.CPU }))
	l.First = median(of(func(r Run) float64 { return r.First }))
	// Of memory the most counts: it is what the machine must have.
	l.PeakMemory = int64(slices.Max(of(func(r Run) float64 { return float64(r.PeakMemory) })))
	l.Conns = int64(median(of(func(r Run) float64 { return float64(r.Conns) })))
	l.Verdict = Right
	for _, r := range l.Runs {
		if slices.Index(rank, r.Verdict) > slices.Index(rank, l.Verdict) {
			l.Verdict, l.Why = r.Verdict, r.Why
		}
	}
}

// pair compares haul with this line, round by round.
func (l *Line) pair(own Line) {
	var ratios []float64
	for _, a := range own.Runs {
		for _, b := range l.Runs {
			if a.Round == b.Round && b.Wall > 0 {
				ratios = append(ratios, a.Wall/b.Wall)
			}
		}
	}
	if len(ratios) > 0 {
		l.Pairs, l.Least, l.Most = median(ratios), slices.Min(ratios), slices.Max(ratios)
	}
}

// median returns the middle of v, or the mean of the two in the middle.
func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(v))
	if m := len(s) / 2; len(s)%2 == 1 {
		return s[m]
	} else {
		return (s[m-1] + s[m]) / 2
	}
}

// Print writes the table for people, the fastest first.
func (t Table) Print(w io.Writer) error {
	fmt.Fprintf(w, "\n%s: %s (%d files, %s, from %s", t.Row, t.About, t.Files, lab.Bytes(t.Bytes), t.Server)
	if t.Scale != 1 {
		fmt.Fprintf(w, ", scaled by %g", t.Scale)
	}
	fmt.Fprintln(w, ")")
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "program\truns\twall s\tmin-max\tx best peer\thaul/this in pairs\tCPU s\tpeak MiB\tconns\tfirst s\tcorrect")
	for _, l := range t.Sorted() {
		fmt.Fprintf(tw, "%s\t%d\t%.2f\t%.2f-%.2f\t%s\t%s\t%.2f\t%.1f\t%d\t%.2f\t%s\n",
			l.Peer, len(l.Runs), l.Wall, l.Min, l.Max, ratio(l.Ratio), l.pairs(), l.CPU,
			float64(l.PeakMemory)/float64(mib), l.Conns, l.First, l.Correct())
	}
	return tw.Flush()
}

// Sorted returns the lines, those that were right first, the fastest before others.
func (t Table) Sorted() []Line {
	return slices.SortedStableFunc(slices.Values(t.Lines), func(a, b Line) int {
		if (a.Verdict == Right) != (b.Verdict == Right) {
			if a.Verdict == Right {
				return -1
			}
			return 1
		}
		switch {
		case a.Wall < b.Wall:
			return -1
		case a.Wall > b.Wall:
			return 1
		}
		return 0
	})
}

// Correct is the verdict with its reason.
func (l Line) Correct() string {
	if l.Why == "" {
		return string(l.Verdict)
	}
	const most = 120
	why := l.Why
	if len(why) > most {
		why = why[:most] + "…"
	}
	return fmt.Sprintf("%s: %q", l.Verdict, why)
}

func (l Line) pairs() string {
	if l.Pairs == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f (%.2f-%.2f)", l.Pairs, l.Least, l.Most)
}

func ratio(r float64) string {
	if r == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", r)
}
