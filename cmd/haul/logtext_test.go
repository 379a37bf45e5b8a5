package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/seed-9a1263fe/haul/downloader"
)

func TestTextLogSpeaksToPeople(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(newTextHandler(&out, slog.LevelDebug))
	log.Error("failed", "at", "l:1", "why", "it is \"so\"", "empty", "")
	log.With("host", "h").WithGroup("g").Warn("slow", slog.Group("n", "a", 1), "b", 2)
	log.Info("hello\x1b[2J")
	log.Debug("detail", "evil", "a\nb")
	want := `haul: error: failed at=l:1 why="it is \"so\""` + "\n" +
		"haul: warning: slow host=h g.n.a=1 g.b=2\n" +
		"haul: hello\uFFFD[2J\n" +
		`haul: debug: detail evil="a\nb"` + "\n"
	if out.String() != want {
		t.Errorf("log is\n%swant\n%s", out.String(), want)
	}
}

func TestTextLogHasLevels(t *testing.T) {
	var out bytes.Buffer
	o := defaultOptions()
	newLogger(&out, o).Info("not shown")
	o.quiet = true
	newLogger(&out, o).Warn("not shown either")
	if out.Len() > 0 {
		t.Errorf("log is %q", out.String())
	}
	newLogger(&out, o).Error("shown")
	if out.Len() == 0 {
		t.Error("quiet hides an error")
	}
}

func TestTallyTellsTheFirstAndCountsAll(t *testing.T) {
	var out bytes.Buffer
	y := newTally(newLogger(&out, defaultOptions()), false)
	for i := range 100 {
		kind := downloader.Kind("dns")
		if i%4 == 0 {
			kind = "timeout"
		}
		y.add(&downloader.Result{URL: fmt.Sprint("u", i), List: "l", Line: int64(i), Failure: &downloader.Failure{Kind: kind, Message: fmt.Sprint("u", i, ": why")}})
	}
	if got := strings.Count(out.String(), "\n"); got != toldFailures+1 {
		t.Errorf("%d lines were told, want %d", got, toldFailures+1)
	}
	if !strings.HasPrefix(out.String(), "haul: error: failed at=l url=u0 kind=timeout why=why\n") {
		t.Errorf("the first line is %q", strings.SplitN(out.String(), "\n", 2)[0])
	}
	kinds := y.byCount()
	if len(kinds) != 2 || kinds[0].kind != "dns" || kinds[0].count != 75 || kinds[1].count != 25 || len(kinds[0].first) != shownFailures {
		t.Errorf("kinds are %+v", kinds)
	}
}
