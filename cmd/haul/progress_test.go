package main

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-9a1263fe/haul/downloader/session"
)

func TestWithoutATerminalProgressIsALineEveryFewSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		begin := time.Now()
		look := func() state {
			s := state{Jobs: 100, Listed: true}
			s.Complete = int64(time.Since(begin) / time.Second)
			s.Fetched, s.Bytes = s.Complete<<20, s.Complete<<20
			s.Hosts = []session.HostStatus{{Origin: "http://h:80", Until: begin.Add(8 * time.Second), Why: "status 429"}}
			return s
		}
		p := startProgress(newScreen(&out, environment(func(string) (string, bool) { return "", false })), false, look)
		<-time.After(2*plainEvery + time.Second)
		p.end()
		p.end()
		want := "haul: 5 of 100 files, 95 left, 5.0 MiB, 1.0 MiB/s, 1 min 35 s to go\n" +
			"haul: http://h:80: waiting 3 s (status 429)\n" +
			"haul: 10 of 100 files, 90 left, 10.0 MiB, 1.0 MiB/s, 1 min 30 s to go\n"
		if out.String() != want {
			t.Errorf("lines are\n%swant\n%s", out.String(), want)
		}
	})
}

func TestNoProgressCanBeEnded(t *testing.T) {
	var p *progress
	p.end()
}

func TestSummaryGroupsFailures(t *testing.T) {
	var out bytes.Buffer
	s := state{Jobs: 10}
	s.Complete, s.Skipped, s.Failed, s.Fetched, s.Resumed, s.Retries = 3, 2, 4, 10<<20, 1<<20, 1
	writeSummary(&out, &s, 10*time.Second, []*failures{
		{kind: "dns", count: 4, first: []failure{{"l:1", "http://a", ""}, {"", "http://b\x1b", ""}}},
	})
	want := "haul: 3 complete, 2 skipped, 4 failed, 1 left; 10.0 MiB in 10 s, 1.0 MiB/s; 1.0 MiB were here already; 1 retry\n" +
		"  dns: 4 files\n    l:1: http://a\n    http://b\uFFFD\n    and 2 more\n"
	if out.String() != want {
		t.Errorf("summary is\n%swant\n%s", out.String(), want)
	}
}

func TestHelpBreaksLinesWhereWordsAllow(t *testing.T) {
	for _, l := range wrap(strings.Repeat("word ", 40), 30) {
		if len(l) > 30 {
			t.Errorf("line %q is longer than 30", l)
		}
	}
}
