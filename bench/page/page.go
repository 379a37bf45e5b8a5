// Package page writes what was measured as one page with plots, which needs
// nothing but itself.
package page

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"

	"github.com/seed-9a1263fe/haul/bench/lab"
	"github.com/seed-9a1263fe/haul/bench/matrix"
	"github.com/seed-9a1263fe/haul/bench/promise"
)

// Report is all that one call of the program measured. It is also what is
// written as JSON.
type Report struct {
	// When is the start, RFC 3339.
	When     string            `json:"when"`
	Machine  Machine           `json:"machine"`
	Programs map[string]string `json:"programs"` // versions
	Tables   []matrix.Table    `json:"tables"`
	Promises []promise.Outcome `json:"promises"`
}

//go:embed page.html
var text string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"plot":  plot,
	"bytes": lab.Bytes,
	"mib":   func(n int64) string { return fmt.Sprintf("%.1f", float64(n)/(1<<20)) },
}).Parse(text))

// Write writes the page.
func Write(w io.Writer, r Report) error {
	if err := page.Execute(w, r); err != nil {
		return fmt.Errorf("page: %w", err)
	}
	return nil
}

// The places of things in a plot, in pixels.
const (
	left     = 120
	width    = 560
	right    = 90
	rowTall  = 30
	barTall  = 12
	thinTall = 5
)

// Plot is one row as bars: wall time with the spread of its runs, and below each
// the processor time.
type Plot struct {
	Width, Height int
	Bars          []Bar
}

// Bar is one program. All numbers are pixels.
type Bar struct {
	Name, Value, Class   string
	TextX, TextY         int
	X, Y, Tall           int
	Wall                 float64
	ThinY, Thin          int
	CPU                  float64
	Least, Most, SpreadY float64
	Dots                 []float64
	ValueX               float64
}

// plot lays a table out.
func plot(t matrix.Table) Plot {
	lines := t.Sorted()
	longest := 0.0
	for _, l := range lines {
		longest = max(longest, l.Max, l.CPU)
	}
	p := Plot{Width: left + width + right, Height: rowTall*len(lines) + 4}
	if longest == 0 {
		return p
	}
	scale := func(s float64) float64 { return s / longest * width }
	for i, l := range lines {
		y := i*rowTall + 4
		b := Bar{
			Name: l.Peer, Class: class(l), Value: fmt.Sprintf("%.2f s", l.Wall),
			TextX: left - 8, TextY: y + barTall - 2,
			X: left, Y: y, Tall: barTall, Wall: scale(l.Wall),
			ThinY: y + barTall + 1, Thin: thinTall, CPU: scale(l.CPU),
			Least: left + scale(l.Min), Most: left + scale(l.Max), SpreadY: float64(y) + barTall/2,
			ValueX: left + scale(l.Max) + 6,
		}
		if l.Verdict != matrix.Right {
			b.Value += " " + string(l.Verdict)
		}
		for _, r := range l.Runs {
			b.Dots = append(b.Dots, left+scale(r.Wall))
		}
		slices.Sort(b.Dots)
		p.Bars = append(p.Bars, b)
	}
	return p
}

// class is how a bar looks.
func class(l matrix.Line) string {
	switch {
	case l.Verdict != matrix.Right:
		return "bad"
	case l.Peer == "haul":
		return "own"
	}
	return "peer"
}
