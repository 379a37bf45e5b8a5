package fileq_test

import (
	"errors"
	"io/fs"
	"slices"
	"testing"

	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/queue/fileq"
	"github.com/seed-9a1263fe/haul/store/vfs"
)

// settleSome does two jobs, drops two and keeps one, of a list of twenty.
func settleSome(t *testing.T, q *fileq.Queue) {
	addList(t, q, textList("list", text(urls(0, 20)...), 1))
	take(t, q, 2)
	for _, kind := range []string{"dns", "not_found"} {
		l, text := next(t, q)
		ok(t, l.Drop(t.Context(), queue.Reason{Kind: kind, Text: "why " + text}))
	}
	next(t, q)
}

func wantSettled(t *testing.T, what string, st fileq.Stats) {
	t.Helper()
	if st.Done != 2 || st.Failed != 2 || st.Kinds["dns"] != 1 || st.Kinds["not_found"] != 1 || st.Owed == 0 {
		t.Errorf("%s: got %+v, want 2 done, 2 failed of two kinds and some owed", what, st)
	}
	if len(st.Lists) != 1 || st.Lists[0].Name != "list" || st.Lists[0].Done != 2 || st.Lists[0].Read == 0 || st.Lists[0].Read >= st.Lists[0].Size {
		t.Errorf("%s: lists are %+v, want one that is read in part", what, st.Lists)
	}
}

func wantFailures(t *testing.T, what string, got []fileq.Failure) {
	t.Helper()
	var want []fileq.Failure
	for i, kind := range []string{"dns", "not_found"} {
		url := urls(2+i, 3+i)[0]
		want = append(want, fileq.Failure{ID: lineJob(url).ID, List: "list", Reason: queue.Reason{Kind: kind, Text: "why " + url}})
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

func TestStatsAndFailuresSayHowFarTheRunIs(t *testing.T) {
	q := open(t, vfs.NewMem(), fileq.Small(fileq.Config{}))
	settleSome(t, q)
	st := q.Stats()
	wantSettled(t, "Stats", st)
	if st.Lent != 1 || st.Delayed != 0 {
		t.Errorf("Stats: %d lent and %d delayed, want 1 and 0", st.Lent, st.Delayed)
	}
	wantFailures(t, "Failures", slices.Collect(q.Failures()))
	ok(t, q.Close())
}

func TestInspectReadsBesideARunAndChangesNothing(t *testing.T) {
	mem := vfs.NewMem()
	q := open(t, mem, fileq.Small(fileq.Config{}))
	settleSome(t, q)
	look := func(what string) {
		t.Helper()
		r, err := fileq.Inspect(vfs.NewFaulty(mem, func(op vfs.Op) vfs.Fault {
			if op.Changes() && op.Kind != vfs.OpOpen {
				t.Errorf("%s: Inspect does %s to %s", what, op.Kind, op.Name)
			}
			return vfs.Fault{}
		}), dir)
		ok(t, err)
		wantSettled(t, what, r.Stats)
		wantFailures(t, what, r.Failures)
	}
	look("beside the run")
	ok(t, q.Close())
	look("after the run")
	q = open(t, mem, fileq.Small(fileq.Config{}))
	if got := q.Stats(); got.Failed != 0 || len(got.Kinds) != 0 {
		t.Errorf("next run: %+v, want nothing failed yet", got)
	}
	ok(t, q.Close())
}

func TestInspectOfNoQueueSaysSo(t *testing.T) {
	mem := vfs.NewMem()
	if _, err := fileq.Inspect(mem, dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want an error that wraps %v", err, fs.ErrNotExist)
	}
}

func TestOnlySoManyReasonsAreKeptAndAllAreCounted(t *testing.T) {
	fs := vfs.NewMem()
	session(t, fs, fileq.Config{MaxFailures: 3}, textList("list", text(urls(0, 20)...), 1), func(q *fileq.Queue) {
		for range 20 {
			l, _ := next(t, q)
			ok(t, l.Drop(t.Context(), queue.Reason{Kind: "dns"}))
		}
		if got := q.Stats(); got.Failed != 20 || got.Kinds["dns"] != 20 {
			t.Errorf("Stats: got %+v, want 20 failed", got)
		}
		if got := slices.Collect(q.Failures()); len(got) != 3 {
			t.Errorf("%d reasons are kept, want 3", len(got))
		}
	})
}

func TestSpoolFilesAreRemovedWhenAllInThemIsDone(t *testing.T) {
	mem := vfs.NewMem()
	q := open(t, mem, fileq.Small(fileq.Config{}))
	_, err := q.Put(t.Context(), texts(urls(0, 200)))
	ok(t, err)
	all := spoolFiles(t, mem)
	if all < 10 {
		t.Fatalf("%d spool files for 200 jobs, want many", all)
	}
	take(t, q, 150)
	if n := spoolFiles(t, mem); n > all/2 {
		t.Errorf("%d of %d spool files while a quarter of the jobs is owed, want those of the first jobs to be gone", n, all)
	}
	take(t, q, 50)
	ok(t, q.Close())
	if n := spoolFiles(t, mem); n != 0 {
		t.Errorf("%d spool files are left when all is done, want none", n)
	}
	q = open(t, mem, fileq.Small(fileq.Config{}))
	got, err := q.Put(t.Context(), texts(urls(0, 201)))
	ok(t, err)
	if want := (queue.Added{New: 1, Known: 200}); got != want {
		t.Errorf("Put of the same jobs and one more: got %+v, want %+v", got, want)
	}
	ok(t, q.Close())
}

func spoolFiles(t *testing.T, mem *vfs.Mem) int {
	t.Helper()
	entries, err := mem.ReadDir(dir)
	ok(t, err)
	n := 0
	for _, e := range entries {
		if len(e.Name()) > 6 && e.Name()[:6] == "spool-" {
			n++
		}
	}
	return n
}
