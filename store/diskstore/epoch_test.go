package diskstore

import (
	"testing"
	"time"
)

var noon = time.Unix(1_700_000_000, 0)

func TestAPowerCutPutsInDoubtWhatNoSyncCovered(t *testing.T) {
	c := newCalendar()
	c.start("one", noon)
	durable := c.claim()
	c.cover(c.mark(), noon)
	late := c.claim()
	c.start("one", noon) // killed and run again
	if got := c.of(late); got != believed {
		t.Errorf("after a kill: got %d, want believed", got)
	}
	c.start("two", noon.Add(time.Minute))
	if got := c.of(durable); got != believed {
		t.Errorf("what was synced: got %d, want believed", got)
	}
	if got := c.of(late); got != doubted {
		t.Errorf("what was not synced: got %d, want doubted", got)
	}
	c.claim()
	c.cover(c.mark(), noon.Add(time.Hour))
	if got := c.of(late); got != doubted {
		t.Errorf("a sync after the power cut made a claim from before it %d, want doubted", got)
	}
}

func TestAnUnknownBootIsAnotherOne(t *testing.T) {
	c := newCalendar()
	c.start("", noon)
	e := c.claim()
	c.start("", noon)
	if got := c.of(e); got != doubted {
		t.Errorf("got %d, want doubted", got)
	}
}

func TestASyncCoversNothingThatCameAfterItBegan(t *testing.T) {
	c := newCalendar()
	c.start("one", noon)
	before := c.claim()
	e := c.mark()
	after := c.claim()
	c.cover(e, noon)
	if !c.durable(before) || c.durable(after) {
		t.Errorf("durable before %v, after %v; want true, false", c.durable(before), c.durable(after))
	}
}

func TestAFailedSyncGivesUpWhatItHadToCover(t *testing.T) {
	c := newCalendar()
	c.start("one", noon)
	durable := c.claim()
	c.cover(c.mark(), noon)
	gone := c.claim()
	c.mark()
	meanwhile := c.claim()
	c.distrust(true)
	later := c.claim()
	for what, x := range map[string]struct {
		e    epoch
		want trust
	}{"before": {durable, believed}, "covered": {gone, lost}, "meanwhile": {meanwhile, lost}, "later": {later, believed}} {
		if got := c.of(x.e); got != x.want {
			t.Errorf("%s: got %d, want %d", what, got, x.want)
		}
	}
}

func TestManyPowerCutsAreRememberedWithoutGrowing(t *testing.T) {
	c := newCalendar()
	var all []epoch
	for i := range 10 * maxSpans {
		c.start(string(rune('a'+i)), noon.Add(time.Duration(i)*time.Minute))
		c.claim()
		c.cover(c.mark(), noon)
		all = append(all, c.claim())
	}
	if len(c.spans) > maxSpans || len(c.cuts) > maxSpans {
		t.Errorf("%d spans and %d cuts, want at most %d", len(c.spans), len(c.cuts), maxSpans)
	}
	for _, e := range all[:len(all)-1] {
		if c.of(e) != doubted {
			t.Fatalf("epoch %d is believed again", e)
		}
	}
}

func TestFilesOfTheLastMomentsAreTold(t *testing.T) {
	c := newCalendar()
	c.start("one", noon)
	c.claim()
	c.cover(c.mark(), noon.Add(time.Minute))
	c.start("two", noon.Add(2*time.Minute))
	for after, want := range map[time.Duration]bool{30 * time.Second: false, 90 * time.Second: true, 3 * time.Minute: false} {
		if got := c.tears(noon.Add(after), 0); got != want {
			t.Errorf("file of %v after the start: got %v, want %v", after, got, want)
		}
	}
	if c.tears(noon.Add(90*time.Second), c.claim()) {
		t.Error("what was looked at since is still in doubt")
	}
}

func TestACleanEndLeavesNoDoubt(t *testing.T) {
	c := newCalendar()
	c.start("one", noon)
	c.claim()
	c.cover(c.mark(), noon)
	c.clean = true
	c.start("two", noon.Add(time.Hour))
	if len(c.cuts) != 0 || len(c.spans) != 0 {
		t.Errorf("got cuts %v and spans %v, want none", c.cuts, c.spans)
	}
}
