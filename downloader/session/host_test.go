package session

import (
	"errors"
	"testing"
	"time"
)

// visit is a host with a clock, as the table would drive it.
type visit struct {
	*testing.T
	h   *host
	now time.Time
}

func newVisit(t *testing.T, limit int) *visit {
	return &visit{t, &host{max: limit, limit: limit, raiseAfter: raiseAfter}, judgeTime}
}

func (v *visit) begin() *trip {
	v.Helper()
	t, err := v.h.begin(v.now)
	if err != nil {
		v.Fatalf("request was not let through: %v", err)
	}
	v.h.inFlight++
	return t
}

func (v *visit) end(t *trip, fail *Error) string {
	v.h.inFlight--
	return v.h.end(t, fail, v.now)
}

// many begins n trips together.
func (v *visit) many(n int) []*trip {
	trips := make([]*trip, n)
	for i := range trips {
		trips[i] = v.begin()
	}
	return trips
}

func (v *visit) wantLimit(want int) {
	v.Helper()
	if v.h.limit != want {
		v.Fatalf("limit is %d, want %d", v.h.limit, want)
	}
}

func tooMany(after time.Duration) *Error {
	return &Error{Kind: KindRateLimited, Status: 429, Temporary: true, After: after}
}

var (
	refused  = &Error{Kind: KindConnect, Phase: PhaseConnect, Temporary: true}
	lateHead = &Error{Kind: KindTimeout, Phase: PhaseHeader, Temporary: true}
)

func TestBurstOfRefusalsCutsOnce(t *testing.T) {
	v := newVisit(t, 8)
	for _, trip := range v.many(8) {
		v.end(trip, tooMany(0))
	}
	v.wantLimit(4)
	v.end(v.begin(), tooMany(0))
	v.wantLimit(2)
}

func TestRefusalsCutToWhatIsServed(t *testing.T) {
	v := newVisit(t, 16)
	trips := v.many(16)
	v.h.answered(trips[0], v.now)
	v.h.answered(trips[1], v.now)
	v.end(trips[2], tooMany(0))
	v.wantLimit(2)
}

func TestLimitRecoversAStepAtATime(t *testing.T) {
	v := newVisit(t, 4)
	v.end(v.begin(), tooMany(0))
	v.wantLimit(2)
	v.end(v.begin(), nil)
	v.wantLimit(2) // not yet
	for want := 3; want <= 4; want++ {
		v.now = v.now.Add(raiseAfter)
		v.end(v.begin(), nil)
		v.wantLimit(want)
	}
	v.now = v.now.Add(time.Hour)
	v.end(v.begin(), nil)
	v.wantLimit(4)
}

func TestRegrettedRaisesBecomeRarer(t *testing.T) {
	v := newVisit(t, 8)
	v.h.limit, v.h.changed = 2, v.now
	raises := 0
	for end := v.now.Add(10 * time.Minute); v.now.Before(end); v.now = v.now.Add(time.Second) {
		trips := v.many(v.h.limit)
		for _, trip := range trips[:2] { // the server takes two
			v.h.answered(trip, v.now)
		}
		for _, trip := range trips[2:] {
			raises++
			v.end(trip, tooMany(0))
		}
		for _, trip := range trips[:2] {
			v.end(trip, nil)
		}
	}
	if raises < 4 || raises > 9 {
		t.Fatalf("%d refusals in ten minutes, want a few, ever rarer", raises)
	}
}

func TestRetryAfterHoldsTheHost(t *testing.T) {
	v := newVisit(t, 4)
	trips := v.many(2)
	v.end(trips[0], tooMany(30*time.Second))
	v.end(trips[1], tooMany(10*time.Second)) // a shorter one changes nothing
	if v.h.free(v.now.Add(29 * time.Second)) {
		t.Error("a request may go before the time asked for")
	}
	if !v.h.free(v.now.Add(30 * time.Second)) {
		t.Error("no request may go after the time asked for")
	}
}

func TestRefusalOfASingleRequestBacksOff(t *testing.T) {
	v := newVisit(t, 1)
	var holds []time.Duration
	for range 8 {
		v.end(v.begin(), tooMany(0))
		holds = append(holds, v.h.heldUntil.Sub(v.now))
		v.now = v.h.heldUntil
	}
	want := []time.Duration{1, 2, 4, 8, 16, 32, 60, 60}
	for i := range want {
		if holds[i] != want[i]*time.Second {
			t.Fatalf("held for %v, want %v seconds", holds, want)
		}
	}
}

func TestHostThatTakesNoMoreConnectionsIsFullNotDown(t *testing.T) {
	for _, fail := range []*Error{refused, {Kind: KindReset, Phase: PhaseHeader, Temporary: true}} {
		v := newVisit(t, 16)
		trips := v.many(16)
		for _, trip := range trips[:3] {
			v.h.answered(trip, v.now)
		}
		for _, trip := range trips[3:] {
			v.end(trip, fail)
		}
		v.wantLimit(3)
		v.begin()
	}
}

func TestHostThatAnswersAfterRefusalsWasFull(t *testing.T) {
	v := newVisit(t, 8)
	trips := v.many(8)
	for _, trip := range trips[2:] {
		v.end(trip, refused)
	}
	v.wantLimit(8) // it may as well be down
	v.h.answered(trips[0], v.now)
	v.wantLimit(2)
	v.begin()
}

func TestRetryThatSucceedsSaysNothingOfALimit(t *testing.T) {
	v := newVisit(t, 8)
	v.end(v.begin(), refused)
	v.h.answered(v.begin(), v.now)
	v.wantLimit(8)
}

func TestHostThatOnlyTimesOutIsAskedByFewer(t *testing.T) {
	v := newVisit(t, 4)
	for want := 3; want >= 1; want-- {
		v.end(v.begin(), lateHead)
		v.wantLimit(want)
	}
	v.end(v.begin(), lateHead)
	v.wantLimit(1)
}

func TestDeadHostFailsAtOnceAndIsLookedAtAgain(t *testing.T) {
	v := newVisit(t, downAfter-1)
	for range downAfter {
		v.end(v.begin(), refused)
	}
	_, err := v.h.begin(v.now)
	e, ok := err.(*Error)
	if !ok || e.Kind != KindConnect || !e.Temporary || !errors.Is(err, ErrHostDown) {
		t.Fatalf("got %v, want a failure to connect without a try", err)
	}

	v.now = v.now.Add(firstDown)
	probe := v.begin()
	if _, err := v.h.begin(v.now); !errors.Is(err, ErrHostDown) {
		t.Fatalf("beside the first look: got %v, want %v", err, ErrHostDown)
	}
	v.end(probe, refused)
	v.now = v.now.Add(2*firstDown - 1)
	if _, err := v.h.begin(v.now); !errors.Is(err, ErrHostDown) {
		t.Fatalf("before twice the time: got %v, want %v", err, ErrHostDown)
	}
	v.now = v.now.Add(1)
	v.end(v.begin(), &Error{Kind: KindNotFound, Status: 404}) // an answer, and so alive
	v.many(3)
}

func TestCanceledLookLeavesTheLookToTheNext(t *testing.T) {
	v := newVisit(t, downAfter-1)
	for range downAfter {
		v.end(v.begin(), refused)
	}
	v.now = v.now.Add(firstDown)
	v.end(v.begin(), &Error{Kind: KindCanceled})
	v.begin()
}

func TestRefusedFilesAreNoComplaint(t *testing.T) {
	v := newVisit(t, 4)
	for range 20 {
		v.end(v.begin(), &Error{Kind: KindNotFound, Status: 404})
		v.end(v.begin(), &Error{Kind: KindHTTPStatus, Status: 500, Temporary: true})
	}
	v.wantLimit(4)
	if !v.h.plain(v.now) {
		t.Fatalf("something is remembered: %+v", v.h)
	}
}

func TestHostIsFoundDownOnce(t *testing.T) {
	v := newVisit(t, 4)
	for _, trip := range v.many(12) {
		v.end(trip, refused)
	}
	if v.h.downFor != firstDown {
		t.Fatalf("next look is in %v, want in %v", v.h.downFor, firstDown)
	}
}

func TestStray503SaysNothingOfTheHost(t *testing.T) {
	v := newVisit(t, 4)
	stray := func() *Error { return &Error{Kind: KindHTTPStatus, Status: 503, Temporary: true} }
	for range 50 {
		for range strayAfter*4 + 1 {
			v.end(v.begin(), nil)
		}
		v.end(v.begin(), stray())
		v.wantLimit(4)
	}
	v.end(v.begin(), stray()) // two in a row are something else
	v.wantLimit(2)
}
