package matrix

import (
	"strings"
	"testing"
)

func lineOf(name string, walls ...float64) Line {
	l := Line{Peer: name}
	for i, w := range walls {
		l.Runs = append(l.Runs, Run{Round: i, Wall: w, CPU: w / 2, PeakMemory: int64(i + 1), Verdict: Right})
	}
	return l
}

func TestRatiosCompareWithTheBestPeerAndWithinRounds(t *testing.T) {
	table := Table{Scale: 1, Lines: []Line{lineOf("slow", 4, 4, 8), lineOf(haul, 1, 2, 6), lineOf("fast", 2, 2, 3)}}
	table.sum()
	slow, own, fast := table.Lines[0], table.Lines[1], table.Lines[2]
	if own.Wall != 2 || own.Min != 1 || own.Max != 6 || own.CPU != 1 || own.PeakMemory != 3 {
		t.Errorf("haul: %+v", own)
	}
	if own.Ratio != 1 || fast.Ratio != 1 || slow.Ratio != 2 {
		t.Errorf("ratios %v %v %v, want 1 1 2", own.Ratio, fast.Ratio, slow.Ratio)
	}
	// 1/4, 2/4, 6/8 and 1/2, 2/2, 6/3.
	if slow.Pairs != 0.5 || slow.Least != 0.25 || slow.Most != 0.75 || fast.Pairs != 1 || own.Pairs != 0 {
		t.Errorf("pairs %+v %+v", slow, fast)
	}
}

func TestAPeerThatWasNotRightIsNotTheBest(t *testing.T) {
	wrong := lineOf("wrong", 0.1, 0.1)
	wrong.Runs[1].Verdict, wrong.Runs[1].Why = Wrong, "half"
	table := Table{Lines: []Line{wrong, lineOf(haul, 1, 1), lineOf("fair", 2, 2)}}
	table.sum()
	if table.Lines[1].Ratio != 0.5 || table.Lines[0].Verdict != Wrong || table.Lines[0].Ratio != 0 || table.Lines[0].Pairs != 0 {
		t.Errorf("got %+v", table.Lines)
	}
	if first := table.Sorted()[0].Peer; first != haul || table.Sorted()[2].Peer != "wrong" {
		t.Errorf("sorted: %q is first", first)
	}
	var text strings.Builder
	if err := table.Print(&text); err != nil || !strings.Contains(text.String(), `WRONG: "half"`) {
		t.Errorf("%v\n%s", err, text.String())
	}
	if !table.OK() {
		t.Error("another's fault counts as haul's")
	}
}

func TestATableIsNotOKWhenHaulFailedOnce(t *testing.T) {
	own := lineOf(haul, 1, 1, 1)
	own.Runs[1].Verdict = Failed
	table := Table{Lines: []Line{own}}
	table.sum()
	if table.OK() || table.Lines[0].Verdict != Failed {
		t.Errorf("got %+v", table.Lines[0])
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		in   []float64
		want float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 3, 2}, 2.5}} {
		if got := median(c.in); got != c.want {
			t.Errorf("median of %v is %v, want %v", c.in, got, c.want)
		}
	}
}
