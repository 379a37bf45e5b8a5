package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// tick is a place on an axis.
type tick struct {
	at    float64
	label string
}

// countTicks are whole numbers from 0 to the first that is not below most, in at
// most n steps.
func countTicks(most float64, n int) []tick {
	step := max(1, niceStep(most/float64(n)))
	return steps(most, step, func(f float64) string { return formatCount(int64(f)) })
}

// rateTicks are bytes a second from 0 to the first that is not below most, in at
// most n steps that are round in the one unit that all are told in.
func rateTicks(most float64, n int) []tick {
	unit, name := 1.0, "B"
	for i := 0; most >= 1000*unit && i < len(binaryUnits); i++ {
		unit *= 1024
		name = binaryUnits[i:i+1] + "iB"
	}
	step := niceStep(most / float64(n) / unit)
	if unit == 1 {
		step = max(step, 1)
	}
	return steps(most, step*unit, func(f float64) string {
		return strconv.FormatFloat(math.Round(f/unit*1e4)/1e4, 'f', -1, 64) + " " + name + "/s"
	})
}

// niceStep is the smallest of 1, 2, 5, 10, 20, … and of a half, a fifth, a tenth
// and so on that is not below f.
func niceStep(f float64) float64 {
	if f <= 0 {
		return 1
	}
	ten := math.Pow(10, math.Floor(math.Log10(f)))
	for _, m := range []float64{1, 2, 5} {
		if m*ten >= f {
			return m * ten
		}
	}
	return 10 * ten
}

func steps(most, step float64, label func(float64) string) []tick {
	ticks := []tick{{0, "0"}}
	for i := 1; ticks[len(ticks)-1].at < most || i == 1; i++ {
		at := float64(i) * step
		ticks = append(ticks, tick{at, label(at)})
	}
	return ticks
}

// shortSize is formatSize without a fraction that is nothing.
func shortSize(f float64) string {
	s := formatSize(int64(math.Round(f)))
	return strings.Replace(s, ".0 ", " ", 1)
}

// timeSteps are the steps of time axes, in milliseconds.
var timeSteps = func() []int64 {
	const second, minute, hour, day = 1000, 60_000, 3_600_000, 86_400_000
	all := []int64{1, 2, 5, 10, 20, 50, 100, 200, 500}
	for _, unit := range []int64{second, minute} {
		for _, m := range []int64{1, 2, 5, 10, 15, 30} {
			all = append(all, m*unit)
		}
	}
	for _, h := range []int64{1, 2, 3, 6, 12} {
		all = append(all, h*hour)
	}
	for _, d := range []int64{1, 2, 7, 14, 30, 60, 90, 180, 365, 730, 1825, 3650, 18250} {
		all = append(all, d*day)
	}
	return all
}()

// shortRun is a span, in milliseconds, within which the time since its begin says
// more than the time of day.
const shortRun = 2 * 60 * 1000

// timeTicks divides the time from begin to end, in milliseconds since 1970, by at
// most n ticks. The note says what the labels are.
func timeTicks(begin, end int64, zone *time.Location, n int) (ticks []tick, note string) {
	step := timeSteps[len(timeSteps)-1]
	for _, s := range timeSteps {
		if (end-begin)/s < int64(n) {
			step = s
			break
		}
	}
	start := time.UnixMilli(begin).In(zone)
	if end-begin <= shortRun {
		for at := int64(0); at <= end-begin; at += step {
			ticks = append(ticks, tick{float64(begin + at), sinceLabel(at, step)})
		}
		return ticks, "time since " + start.Format("15:04:05") + " " + zoneName(start)
	}
	_, offset := start.Zone()
	shift := int64(offset) * 1000
	for at := -floorDiv(-(begin+shift), step)*step - shift; at <= end; at += step {
		ticks = append(ticks, tick{float64(at), clockLabel(time.UnixMilli(at).In(start.Location()), step)})
	}
	if step >= 86_400_000 {
		return ticks, "date, " + zoneName(start)
	}
	return ticks, "time of day, " + zoneName(start)
}

func sinceLabel(ms, step int64) string {
	switch {
	case ms == 0:
		return "0"
	case step >= 1000 && ms >= 60_000:
		return formatDuration(ms)
	case ms < 1000:
		return fmt.Sprintf("%d ms", ms)
	}
	return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.3f", float64(ms)/1000), "0"), ".") + " s"
}

func clockLabel(t time.Time, step int64) string {
	switch {
	case step < 60_000:
		return t.Format("15:04:05")
	case step < 86_400_000 && t.Hour() == 0 && t.Minute() == 0:
		return t.Format("Jan 2")
	case step < 86_400_000:
		return t.Format("15:04")
	case step < 30*86_400_000:
		return t.Format("Jan 2")
	}
	return t.Format("2006-01-02")
}

// zoneName is the zone of t as people write it.
func zoneName(t time.Time) string {
	if _, offset := t.Zone(); offset == 0 {
		return "UTC"
	}
	return "UTC" + t.Format("-07:00")
}

// magnitudeTicks chooses for an axis of magnitudes the closest ticks within lo to
// hi that keep their distance: x says where a value is drawn, gap how far apart
// labels must be at least.
func magnitudeTicks(lo, hi float64, tiers [][]tick, x func(float64) float64, gap float64) []tick {
	var ticks []tick
	for _, tier := range tiers {
		ticks = ticks[:0]
		clash := false
		for _, t := range tier {
			if t.at < lo || t.at > hi {
				continue
			}
			if len(ticks) > 0 && x(t.at)-x(ticks[len(ticks)-1].at) < gap {
				clash = true
				break
			}
			ticks = append(ticks, t)
		}
		if !clash {
			return ticks
		}
	}
	return ticks // the longest row of the sparsest tier that is still apart
}

// sizeTiers are ticks at powers of two, from close to sparse.
var sizeTiers = func() [][]tick {
	var tiers [][]tick
	for _, octaves := range []int{1, 2, 5, 10} {
		var tier []tick
		for e := 0; e < 63; e += octaves {
			tier = append(tier, tick{float64(int64(1) << e), shortSize(float64(int64(1) << e))})
		}
		tiers = append(tiers, tier)
	}
	return tiers
}()

// durationTiers are ticks at times, in milliseconds, from close to sparse.
var durationTiers = func() [][]tick {
	const second, minute, hour, day = 1000, 60_000, 3_600_000, 86_400_000
	dense := []int64{
		1, 2, 5, 10, 20, 50, 100, 200, 500, second, 2 * second, 5 * second, 10 * second, 30 * second,
		minute, 2 * minute, 5 * minute, 10 * minute, 30 * minute, hour, 2 * hour, 5 * hour, 12 * hour,
		day, 2 * day, 7 * day, 30 * day, 100 * day, 365 * day, 1000 * day, 3650 * day, 36500 * day,
	}
	sparse := []int64{1, 10, 100, second, 10 * second, minute, 10 * minute, hour, 12 * hour, 7 * day, 100 * day, 3650 * day}
	sparsest := []int64{1, 100, 10 * second, 10 * minute, 12 * hour, 100 * day}
	var tiers [][]tick
	for _, all := range [][]int64{dense, sparse, sparsest} {
		var tier []tick
		for _, ms := range all {
			tier = append(tier, tick{float64(ms), strings.Replace(formatDuration(ms), ".0 ", " ", 1)})
		}
		tiers = append(tiers, tier)
	}
	return tiers
}()
