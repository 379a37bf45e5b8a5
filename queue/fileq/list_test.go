package fileq_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/queue/fileq"
	"github.com/seed-9a1263fe/haul/store/vfs"
)

// urls makes the lines from, from+1, … to-1.
func urls(from, to int) []string {
	var all []string
	for n := from; n < to; n++ {
		all = append(all, fmt.Sprintf("http://host.test/%d", n))
	}
	return all
}

func text(all ...string) string { return strings.Join(all, "\n") + "\n" }

// session opens the queue with a list for as long as f takes.
func session(t *testing.T, fs vfs.FS, cfg fileq.Config, l fileq.List, f func(q *fileq.Queue)) {
	t.Helper()
	q := open(t, fs, fileq.Small(cfg))
	addList(t, q, l)
	f(q)
	ok(t, q.Close())
}

func wantTexts(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: lent\n%q, want\n%q", what, got, want)
	}
}

func TestListIsLentInOrderAcrossRuns(t *testing.T) {
	fs := vfs.NewMem()
	all := urls(0, 100)
	l := textList("list", text(all...), 1)
	for from := 0; from < 100; from += 10 {
		session(t, fs, fileq.Config{}, l, func(q *fileq.Queue) {
			wantTexts(t, "run", take(t, q, 10), all[from:from+10])
		})
	}
	session(t, fs, fileq.Config{}, l, func(q *fileq.Queue) { wantTexts(t, "last run", drain(t, q), nil) })
}

// countingReader counts the bytes that were read through it.
type countingReader struct {
	io.ReaderAt
	n atomic.Int64
}

func (r *countingReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.ReaderAt.ReadAt(p, off)
	r.n.Add(int64(n))
	return n, err
}

func TestFirstJobIsLentBeforeTheListIsRead(t *testing.T) {
	l := textList("list", text(urls(0, 10_000)...), 1)
	in := &countingReader{ReaderAt: l.Reader}
	l.Reader = in
	session(t, vfs.NewMem(), fileq.Config{}, l, func(q *fileq.Queue) {
		next(t, q)
		if got := in.n.Load(); got > 1000 {
			t.Errorf("%d bytes of %d were read for the first job, want one block", got, l.Size)
		}
	})
}

func TestUnchangedListIsNotReadAgainWhereAllIsDone(t *testing.T) {
	fs := vfs.NewMem()
	l := textList("list", text(urls(0, 1000)...), 1)
	session(t, fs, fileq.Config{}, l, func(q *fileq.Queue) { take(t, q, 990) })
	in := &countingReader{ReaderAt: l.Reader}
	l.Reader = in
	session(t, fs, fileq.Config{}, l, func(q *fileq.Queue) {
		wantTexts(t, "second run", drain(t, q), urls(990, 1000))
		if got := in.n.Load(); got > 1000 {
			t.Errorf("%d bytes of %d were read for the last ten jobs", got, l.Size)
		}
	})
}

func TestListThatWasOnlyTouchedGoesOn(t *testing.T) {
	fs := vfs.NewMem()
	all := urls(0, 50)
	session(t, fs, fileq.Config{Dedupe: fileq.None}, textList("list", text(all...), 1), func(q *fileq.Queue) { take(t, q, 20) })
	session(t, fs, fileq.Config{Dedupe: fileq.None}, textList("list", text(all...), 2), func(q *fileq.Queue) {
		wantTexts(t, "after the touch", drain(t, q), all[20:])
	})
}

func TestEditedListIsMatchedByID(t *testing.T) {
	a, b, c := "http://a", "http://b", "http://c"
	many := urls(0, 40)
	for _, tt := range []struct {
		name          string
		before, after string
		done          int // of before, in order
		want          []string
	}{
		{"appended", text(many...), text(append(slices.Clone(many), a, b)...), 40, []string{a, b}},
		{"appended to an unread list", text(many...), text(append(slices.Clone(many), a)...), 3, append(slices.Clone(many[3:]), a)},
		{"appended to a last line without end", a + "\n" + b, a + "\n" + b + "b\n" + c, 2, []string{b + "b", c}},
		{"option appended to the last job", text(a, b), text(a, b, " out=x"), 2, []string{b + " out=x"}},
		{"option inserted between two blocks", text(many...), text(slices.Insert(slices.Clone(many), 8, " out=x")...), 40, []string{many[7] + " out=x"}},
		{"line inserted at the front", text(many...), text(append([]string{a}, many...)...), 40, []string{a}},
		{"line inserted, half done", text(many...), text(append([]string{a}, many...)...), 20, append([]string{a}, many[20:]...)},
		{"line removed", text(many...), text(many[1:]...), 10, many[10:]},
		{"owed line removed", text(many...), text(many[:39]...), 10, many[10:39]},
		{"reversed", text(a, b, c), text(c, b, a), 2, []string{c}},
		{"one line changed in place", text(many...), strings.Replace(text(many...), "test/20\n", "test/xx\n", 1), 40, []string{"http://host.test/xx"}},
		{"comments only", text(many...), "# nothing\n", 10, nil},
		{"emptied", text(many...), "", 10, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fs := vfs.NewMem()
			session(t, fs, fileq.Config{}, textList("list", tt.before, 1), func(q *fileq.Queue) { take(t, q, tt.done) })
			session(t, fs, fileq.Config{}, textList("list", tt.after, 2), func(q *fileq.Queue) {
				wantTexts(t, "after the edit", drain(t, q), tt.want)
			})
			session(t, fs, fileq.Config{}, textList("list", tt.after, 2), func(q *fileq.Queue) {
				wantTexts(t, "third run", drain(t, q), nil)
			})
		})
	}
}

func TestLineThatComesBackIsStillDone(t *testing.T) {
	fs := vfs.NewMem()
	all := urls(0, 30)
	session(t, fs, fileq.Config{}, textList("list", text(all...), 1), func(q *fileq.Queue) { take(t, q, 30) })
	session(t, fs, fileq.Config{}, textList("list", text(all[10:]...), 2), func(q *fileq.Queue) { wantTexts(t, "without", drain(t, q), nil) })
	session(t, fs, fileq.Config{}, textList("list", text(all...), 3), func(q *fileq.Queue) { wantTexts(t, "with", drain(t, q), nil) })
}

func TestRepeatedJobsRunOnce(t *testing.T) {
	all := append(append(urls(0, 30), urls(10, 40)...), urls(0, 5)...)
	session(t, vfs.NewMem(), fileq.Config{}, textList("list", text(all...), 1), func(q *fileq.Queue) {
		wantTexts(t, "exact", drain(t, q), urls(0, 40))
		if got := q.Stats(); got.Done != 40 || got.Repeated != 25 || got.Owed != 0 {
			t.Errorf("Stats: got %+v, want 40 done and 25 repeated", got)
		}
	})
	pairs := []string{"a", "a", "b", "a", "a", "a", "c", "c"}
	session(t, vfs.NewMem(), fileq.Config{Dedupe: fileq.Adjacent}, textList("list", text(pairs...), 1), func(q *fileq.Queue) {
		wantTexts(t, "adjacent", drain(t, q), []string{"a", "b", "a", "c"})
	})
	session(t, vfs.NewMem(), fileq.Config{Dedupe: fileq.None}, textList("list", text(pairs...), 1), func(q *fileq.Queue) {
		wantTexts(t, "none", drain(t, q), pairs)
	})
}

func TestJobsOfSeveralListsAndPutsRunOnce(t *testing.T) {
	q := open(t, vfs.NewMem(), fileq.Small(fileq.Config{}))
	addList(t, q, textList("one", text(urls(0, 20)...), 1))
	addList(t, q, textList("two", text(urls(10, 30)...), 1))
	addList(t, q, textList("one", text(urls(0, 20)...), 1)) // passed over
	_, err := q.Put(t.Context(), texts(urls(25, 40)))
	ok(t, err)
	got := drain(t, q)
	slices.Sort(got)
	want := urls(0, 40)
	slices.Sort(want)
	wantTexts(t, "all", got, want)
	ok(t, q.Close())
}

// texts yields the jobs of some lines.
func texts(all []string) func(yield func(queue.Job, error) bool) {
	return func(yield func(queue.Job, error) bool) {
		for _, s := range all {
			if !yield(lineJob(s), nil) {
				return
			}
		}
	}
}

// TestRepeatIsOwedWhereItsListIsNotPartOfTheRun has a job in two lists. It
// stands for itself in the first only, which the second run is not given.
func TestRepeatIsOwedWhereItsListIsNotPartOfTheRun(t *testing.T) {
	fs := vfs.NewMem()
	q := open(t, fs, fileq.Small(fileq.Config{}))
	addList(t, q, textList("one", text(urls(0, 20)...), 1))
	addList(t, q, textList("two", text(urls(10, 30)...), 1))
	take(t, q, 12)
	for range 18 { // so that the second list is read, too
		next(t, q)
	}
	ok(t, q.Close())
	session(t, fs, fileq.Config{}, textList("two", text(urls(10, 30)...), 1), func(q *fileq.Queue) {
		got := drain(t, q)
		for _, want := range urls(12, 30) {
			if !slices.Contains(got, want) {
				t.Errorf("%s was not lent", want)
			}
		}
	})
}

func TestRetriedJobIsReadAgainFromItsList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		session(t, vfs.NewMem(), fileq.Config{}, textList("list", text(urls(0, 100)...), 1), func(q *fileq.Queue) {
			for n := range 100 {
				l, _ := next(t, q)
				ok(t, l.Retry(t.Context(), time.Duration(100-n)*time.Second))
			}
			for n := range 100 {
				l, got := next(t, q)
				if want := urls(99-n, 100-n)[0]; got != want || l.Job().Attempt != 1 || l.Job().ID != lineJob(want).ID {
					t.Fatalf("lent %q with attempt %d, want %q with 1", got, l.Job().Attempt, want)
				}
				ok(t, l.Ack(t.Context()))
			}
		})
	})
}

func TestRetriesThatAreDueAtOnceAreAllLent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		session(t, vfs.NewMem(), fileq.Config{}, textList("list", text(urls(0, 100)...), 1), func(q *fileq.Queue) {
			for range 100 {
				l, _ := next(t, q)
				ok(t, l.Retry(t.Context(), time.Second))
			}
			got := drain(t, q)
			slices.Sort(got)
			want := urls(0, 100)
			slices.Sort(want)
			wantTexts(t, "after the delay", got, want)
		})
	})
}

func TestRecheckLendsWhatWasDoneAfterAllThatIsOwed(t *testing.T) {
	fs := vfs.NewMem()
	l := textList("list", text(urls(0, 30)...), 1)
	session(t, fs, fileq.Config{}, l, func(q *fileq.Queue) { take(t, q, 20) })
	session(t, fs, fileq.Config{Recheck: true}, l, func(q *fileq.Queue) {
		ok(t, q.Seal(t.Context()))
		for n := range 30 {
			lease, got := next(t, q)
			want, done := urls(0, 30)[(n+20)%30], n >= 10
			if got != want || lease.Job().Done != done {
				t.Fatalf("lent %q, done %v; want %q, %v", got, lease.Job().Done, want, done)
			}
			switch want {
			case urls(3, 4)[0]: // is gone: fetched again, which takes two tries
				ok(t, lease.Retry(t.Context(), 0))
				again, got := next(t, q)
				if got != want || again.Job().Done || again.Job().Attempt != 1 {
					t.Fatalf("lent %q, done %v, attempt %d; want %q, not done, 1", got, again.Job().Done, again.Job().Attempt, want)
				}
				lease = again
			case urls(5, 6)[0]: // is gone for good
				ok(t, lease.Drop(t.Context(), queue.Reason{Kind: "not_found"}))
				continue
			}
			ok(t, lease.Ack(t.Context()))
		}
		if _, err := q.Next(t.Context()); !errors.Is(err, queue.ErrDrained) {
			t.Errorf("Next: got %v, want %v", err, queue.ErrDrained)
		}
	})
	session(t, fs, fileq.Config{}, l, func(q *fileq.Queue) { wantTexts(t, "third run", drain(t, q), urls(5, 6)) })
}

func TestEntryLargerThanTheBufferIsLent(t *testing.T) {
	fs := vfs.NewMem()
	long := "http://host.test/" + strings.Repeat("x", 5000)
	all := append(append(urls(0, 10), long), urls(10, 20)...)
	l := textList("list", text(all...), 1)
	session(t, fs, fileq.Config{}, l, func(q *fileq.Queue) { wantTexts(t, "first run", take(t, q, 10), all[:10]) })
	session(t, fs, fileq.Config{}, l, func(q *fileq.Queue) {
		lease, got := next(t, q)
		if got != long {
			t.Fatalf("lent %.40q, want the long one", got)
		}
		ok(t, lease.Retry(t.Context(), 0))
		wantTexts(t, "second run", drain(t, q), all[10:])
	})
}

func TestListOfCommentsIsDrained(t *testing.T) {
	for _, s := range []string{"", "\n", strings.Repeat("# comment\n", 1000), "# no end"} {
		session(t, vfs.NewMem(), fileq.Config{}, textList("list", s, 1), func(q *fileq.Queue) {
			wantTexts(t, fmt.Sprintf("list of %d bytes", len(s)), drain(t, q), nil)
		})
	}
}

// changing is a list whose bytes can be replaced.
type changing struct {
	now atomic.Pointer[strings.Reader]
}

func (c *changing) ReadAt(p []byte, off int64) (int, error) { return c.now.Load().ReadAt(p, off) }

func TestListThatChangesWhileItIsReadIsAnError(t *testing.T) {
	before := text(urls(0, 100)...)
	for _, tt := range []struct {
		name  string
		after string
		want  error
	}{
		{"changed", strings.Replace(before, "test/3\n", "test/x\n", 1), fileq.ErrListChanged},
		{"shrunk", before[:20], fileq.ErrListShrunk},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var in changing
			in.now.Store(strings.NewReader(before))
			l := textList("some list", before, 1)
			l.Reader = &in
			session(t, vfs.NewMem(), fileq.Config{}, l, func(q *fileq.Queue) {
				var out []queue.Lease
				for range 5 {
					lease, _ := next(t, q)
					out = append(out, lease)
				}
				in.now.Store(strings.NewReader(tt.after))
				ok(t, out[3].Retry(t.Context(), 0))
				_, err := q.Next(t.Context())
				le, isList := errors.AsType[*fileq.ListError](err)
				if !isList || le.List != "some list" || !errors.Is(err, tt.want) {
					t.Errorf("Next: got %v, want a ListError of the list with %v", err, tt.want)
				}
				ok(t, out[0].Ack(t.Context())) // what is out can still be settled
			})
		})
	}
}

func TestComparingAListStopsWithItsContext(t *testing.T) {
	fs := vfs.NewMem()
	session(t, fs, fileq.Config{}, textList("list", text(urls(0, 50)...), 1), func(q *fileq.Queue) { take(t, q, 50) })
	q := open(t, fs, fileq.Small(fileq.Config{}))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := q.AddList(ctx, textList("list", text(urls(0, 50)...), 2))
	if _, isList := errors.AsType[*fileq.ListError](err); isList || !errors.Is(err, context.Canceled) {
		t.Errorf("AddList: got %v, want %v and nothing said of the list", err, context.Canceled)
	}
	ok(t, q.Close())
}

func TestListIsRefusedThatNothingCanBeMadeOf(t *testing.T) {
	good := textList("list", "http://a\n", 1)
	for name, l := range map[string]fileq.List{
		"no name":       {Reader: good.Reader, Format: good.Format},
		"no reader":     {Name: "list", Format: good.Format},
		"no format":     {Name: "list", Reader: good.Reader},
		"negative size": {Name: "list", Reader: good.Reader, Format: good.Format, Size: -1},
		"long name":     {Name: strings.Repeat("x", 5000), Reader: good.Reader, Format: good.Format},
	} {
		q := open(t, vfs.NewMem(), fileq.Config{})
		if err := q.AddList(t.Context(), l); err == nil {
			t.Errorf("%s: no error", name)
		}
		ok(t, q.Seal(t.Context()))
		if err := q.AddList(t.Context(), good); !errors.Is(err, queue.ErrSealed) {
			t.Errorf("after Seal: got %v, want %v", err, queue.ErrSealed)
		}
		ok(t, q.Close())
		if err := q.AddList(t.Context(), good); !errors.Is(err, queue.ErrClosed) {
			t.Errorf("after Close: got %v, want %v", err, queue.ErrClosed)
		}
	}
}
