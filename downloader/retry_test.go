package downloader

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/seed-9a1263fe/haul/downloader/session"
	"github.com/seed-9a1263fe/haul/store"
)

func TestFailuresAreJudged(t *testing.T) {
	temporary := &session.Error{Kind: session.KindReset, Temporary: true}
	for _, c := range []struct {
		err        error
		tries, max int
		want       verdict
	}{
		{temporary, 1, 5, tryAgain},
		{temporary, 4, 5, tryAgain},
		{temporary, 5, 5, giveUp},
		{temporary, 1000, -1, tryAgain},
		{&session.Error{Kind: session.KindNotFound}, 1, 5, giveUp},
		{&session.Error{Kind: session.KindChanged}, 9, 5, startAnew},
		{&session.Error{Kind: session.KindRange}, 9, 5, withoutRange},
		{&session.Error{Kind: session.KindCanceled}, 1, 5, interrupted},
		{fmt.Errorf("wrapped: %w", context.Canceled), 1, 5, interrupted},
		{fmt.Errorf("write: %w", store.ErrNoSpace), 1, 5, stopRun},
		{errors.New("a disk on fire"), 1, 5, giveUp},
	} {
		if got := judgeFailure(c.err, c.tries, c.max); got != c.want {
			t.Errorf("%v, try %d of %d: verdict %d, want %d", c.err, c.tries, c.max, got, c.want)
		}
	}
}

func TestRetryDelayGrowsWithJitterUpToItsBound(t *testing.T) {
	cfg := &Config{RetryWait: time.Second, RetryMax: 30 * time.Second}
	for n := 1; n < 40; n++ {
		mean := min(time.Second<<min(n-1, 10), 30*time.Second)
		var sum time.Duration
		const draws = 2000
		for range draws {
			d := retryDelay(cfg, n, errors.New("x"))
			if d < 0 || d > 2*mean {
				t.Fatalf("try %d waits %v, want between 0 and %v", n, d, 2*mean)
			}
			sum += d
		}
		if got := sum / draws; got < mean*8/10 || got > mean*12/10 {
			t.Errorf("try %d waits %v on average, want about %v", n, got, mean)
		}
	}
}

func TestServerOutranksTheRetryDelay(t *testing.T) {
	cfg := &Config{RetryWait: time.Second, RetryMax: time.Minute}
	err := fmt.Errorf("x: %w", &session.Error{After: time.Hour})
	if d := retryDelay(cfg, 1, err); d < time.Hour {
		t.Errorf("waits %v, asked to wait an hour", d)
	}
}

func TestEveryKindIsNamed(t *testing.T) {
	for _, c := range []struct {
		err  error
		want Kind
	}{
		{fmt.Errorf("x: %w", store.ErrNoSpace), KindDiskFull},
		{fmt.Errorf("x: %w", store.ErrMismatch), KindChecksum},
		{fmt.Errorf("x: %w", store.ErrExists), KindName},
		{fmt.Errorf("x: %w", store.ErrKey), KindName},
		{&Failure{Kind: session.KindTooLarge}, session.KindTooLarge},
		{&session.Error{Kind: session.KindTLS}, session.KindTLS},
		{context.Canceled, session.KindCanceled},
		{errors.New("anything else"), KindIO},
	} {
		if got := kindOf(c.err); got != c.want {
			t.Errorf("%v is of kind %q, want %q", c.err, got, c.want)
		}
	}
}
