package report

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func labels(ticks []tick) []string {
	var all []string
	for _, t := range ticks {
		all = append(all, t.label)
	}
	return all
}

func checkTicks(t *rapid.T, ticks []tick) {
	seen := map[string]bool{}
	for i, k := range ticks {
		if i > 0 && k.at <= ticks[i-1].at {
			t.Fatalf("ticks %v are not in order", ticks)
		}
		if k.label == "" || seen[k.label] {
			t.Fatalf("ticks %v have the label %q twice", ticks, k.label)
		}
		seen[k.label] = true
	}
}

func TestTicksCoverTheValuesClosely(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.OneOf(rapid.Float64Range(0, 100), rapid.Float64Range(0, 1e15)).Draw(t, "most")
		n := rapid.IntRange(1, 10).Draw(t, "n")
		for name, ticks := range map[string][]tick{
			"count": countTicks(math.Ceil(most), n),
			"rate":  rateTicks(most, n),
		} {
			checkTicks(t, ticks)
			last := len(ticks) - 1
			if ticks[0].at != 0 || ticks[last].at < most || last > 1 && ticks[last-1].at >= math.Ceil(most) || last > n {
				t.Fatalf("%s: ticks %v for values up to %g in at most %d steps", name, ticks, most, n)
			}
		}
	})
}

func TestTicksAreRound(t *testing.T) {
	for name, tc := range map[string]struct{ got, want []string }{
		"count":          {labels(countTicks(7, 4)), []string{"0", "2", "4", "6", "8"}},
		"one":            {labels(countTicks(1, 4)), []string{"0", "1"}},
		"none":           {labels(countTicks(0, 4)), []string{"0", "1"}},
		"thousands":      {labels(countTicks(3500, 4)), []string{"0", "1\u202f000", "2\u202f000", "3\u202f000", "4\u202f000"}},
		"bytes":          {labels(rateTicks(300, 4)), []string{"0", "100 B/s", "200 B/s", "300 B/s"}},
		"megabytes":      {labels(rateTicks(70<<20, 4)), []string{"0", "20 MiB/s", "40 MiB/s", "60 MiB/s", "80 MiB/s"}},
		"part of a unit": {labels(rateTicks(1.9*(1<<30), 4)), []string{"0", "0.5 GiB/s", "1 GiB/s", "1.5 GiB/s", "2 GiB/s"}},
	} {
		if !slices.Equal(tc.got, tc.want) {
			t.Errorf("%s: ticks %q, want %q", name, tc.got, tc.want)
		}
	}
}

func TestTimeTicksLieWithinTheirSpan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		begin := rapid.Int64Range(946684800000, 7258118400000).Draw(t, "begin")
		span := rapid.OneOf(rapid.Int64Range(1, 200_000), rapid.Int64Range(1, 1e12)).Draw(t, "span")
		zone := time.FixedZone("", rapid.IntRange(-14*4, 14*4).Draw(t, "quarters")*900)
		n := rapid.IntRange(3, 12).Draw(t, "n")
		ticks, note := timeTicks(begin, begin+span, zone, n)
		for i, k := range ticks {
			if k.at < float64(begin) || k.at > float64(begin+span) || i > 0 && k.at <= ticks[i-1].at {
				t.Fatalf("ticks %v, want them in order from %d to %d", ticks, begin, begin+span)
			}
		}
		if len(ticks) > n || note == "" {
			t.Fatalf("%d ticks with the note %q, want at most %d", len(ticks), note, n)
		}
	})
}

func TestTimeTicksAreRoundWhereTheyAreRead(t *testing.T) {
	noon := time.Date(2026, 1, 2, 12, 0, 30, 0, time.UTC).UnixMilli()
	east := time.FixedZone("", 5*3600+1800)
	for name, tc := range map[string]struct {
		span int64
		zone *time.Location
		want []string
		note string
	}{
		"a moment":      {40, time.UTC, []string{"0", "10 ms", "20 ms", "30 ms", "40 ms"}, "time since 12:00:30 UTC"},
		"some seconds":  {1800, time.UTC, []string{"0", "500 ms", "1 s", "1.5 s"}, "time since 12:00:30 UTC"},
		"minutes":       {1_499_000, time.UTC, []string{"12:05", "12:10", "12:15", "12:20", "12:25"}, "time of day, UTC"},
		"over midnight": {12 * 3_600_000, east, []string{"18:00", "21:00", "Jan 3", "03:00"}, "time of day, UTC+05:30"},
		"days":          {4 * 86_400_000, east, []string{"Jan 3", "Jan 4", "Jan 5", "Jan 6"}, "date, UTC+05:30"},
		"years":         {3 * 365 * 86_400_000, time.UTC, []string{"2026-12-18", "2027-12-18", "2028-12-17"}, "date, UTC"},
	} {
		ticks, note := timeTicks(noon, noon+tc.span, tc.zone, 5)
		if got := labels(ticks); !slices.Equal(got, tc.want) || note != tc.note {
			t.Errorf("%s: ticks %q, %q; want %q, %q", name, got, note, tc.want, tc.note)
		}
	}
}

func TestMagnitudeTicksKeepTheirDistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lo := math.Pow(2, rapid.Float64Range(0, 50).Draw(t, "lo"))
		hi := lo * math.Pow(2, rapid.Float64Range(0, 50).Draw(t, "octaves"))
		x := func(v float64) float64 { return 400 * math.Log(v/lo) / max(math.Log(hi/lo), 1e-9) }
		for name, tiers := range map[string][][]tick{"sizes": sizeTiers, "durations": durationTiers} {
			ticks := magnitudeTicks(lo, hi, tiers, x, 50)
			checkTicks(t, ticks)
			for i, k := range ticks {
				if k.at < lo || k.at > hi || i > 0 && x(k.at)-x(ticks[i-1].at) < 50 {
					t.Fatalf("%s: ticks %v from %g to %g are too close or outside", name, ticks, lo, hi)
				}
			}
			if hi/lo >= 1<<11 && name == "sizes" && len(ticks) == 0 {
				t.Fatalf("no tick from %g to %g", lo, hi)
			}
		}
	})
}
