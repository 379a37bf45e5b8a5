package fileq_test

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/queue/fileq"
	"github.com/seed-9a1263fe/haul/store/vfs"
)

// puts opens the queue and puts lines into it for as long as f takes.
func puts(t *testing.T, fs vfs.FS, cfg fileq.Config, all []string, f func(q *fileq.Queue)) {
	t.Helper()
	q := open(t, fs, fileq.Small(cfg))
	_, err := q.Put(t.Context(), texts(all))
	ok(t, err)
	f(q)
	ok(t, q.Close())
}

func TestOnlyWhatIsPutAgainIsOwed(t *testing.T) {
	for _, dedupe := range []fileq.Dedupe{fileq.Exact, fileq.Adjacent, fileq.None} {
		fs := vfs.NewMem()
		cfg := fileq.Config{Dedupe: dedupe}
		puts(t, fs, cfg, urls(0, 40), func(q *fileq.Queue) {
			l, _ := next(t, q)
			ok(t, l.Drop(t.Context(), queue.Reason{Kind: "test"}))
		})
		puts(t, fs, cfg, nil, func(q *fileq.Queue) {
			if got := q.Stats(); got.Left != 40 || got.Owed != 0 {
				t.Errorf("before anything is put: %+v, want 40 left", got)
			}
			wantTexts(t, "nothing put", drain(t, q), nil)
		})
		puts(t, fs, cfg, urls(38, 42), func(q *fileq.Queue) {
			wantTexts(t, "some put again", drain(t, q), urls(38, 42))
			if got := q.Stats(); got.Left != 0 || got.Put.Done != 4 {
				t.Errorf("after all: %+v, want nothing left and 4 done", got)
			}
		})
		if n := spoolFiles(t, fs); n != 0 {
			t.Errorf("%d spool files are left, want none", n)
		}
	}
}

func TestResumeOwesWhatAKilledRunLeft(t *testing.T) {
	fs := vfs.NewMem()
	cfg := fileq.Config{Resume: true}
	var killed *vfs.Mem
	puts(t, fs, cfg, urls(0, 40), func(q *fileq.Queue) {
		take(t, q, 30)
		killed = fs.KillClone()
	})
	q := open(t, killed, fileq.Small(cfg))
	wantTexts(t, "resumed", drain(t, q), urls(30, 40))
	ok(t, q.Close())
}

func TestJobThatIsPutAgainHasItsNewBody(t *testing.T) {
	fs := vfs.NewMem()
	puts(t, fs, fileq.Config{}, []string{"a"}, func(*fileq.Queue) {})
	q := open(t, fs, fileq.Config{})
	_, err := q.Put(t.Context(), func(yield func(queue.Job, error) bool) {
		job := lineJob("a")
		job.Body = []byte("new body")
		yield(job, nil)
	})
	ok(t, err)
	wantTexts(t, "put again", drain(t, q), []string{"new body"})
	ok(t, q.Close())
}

// TestRecheckLendsDoneJobsThatArePutAgain has jobs that stay done, one that is
// found to be gone and is fetched again, and one that is gone for good.
func TestRecheckLendsDoneJobsThatArePutAgain(t *testing.T) {
	fs := vfs.NewMem()
	puts(t, fs, fileq.Config{}, urls(0, 30), func(q *fileq.Queue) { take(t, q, 20) })
	puts(t, fs, fileq.Config{Recheck: true}, urls(0, 25), func(q *fileq.Queue) {
		ok(t, q.Seal(t.Context()))
		for n := range 25 {
			l, got := next(t, q)
			want, done := urls(0, 25)[(n+20)%25], n >= 5
			if got != want || l.Job().Done != done {
				t.Fatalf("lent %q, done %v; want %q, %v", got, l.Job().Done, want, done)
			}
			switch want {
			case urls(3, 4)[0]:
				ok(t, l.Retry(t.Context(), 0))
				again, got := next(t, q)
				if got != want || again.Job().Done || again.Job().Attempt != 1 {
					t.Fatalf("lent %q, done %v, attempt %d; want %q, not done, 1", got, again.Job().Done, again.Job().Attempt, want)
				}
				l = again
			case urls(7, 8)[0]:
				ok(t, l.Drop(t.Context(), queue.Reason{Kind: "not_found"}))
				continue
			}
			ok(t, l.Ack(t.Context()))
		}
		if _, err := q.Next(t.Context()); !errors.Is(err, queue.ErrDrained) {
			t.Errorf("Next: got %v, want %v", err, queue.ErrDrained)
		}
	})
	puts(t, fs, fileq.Config{}, urls(0, 25), func(q *fileq.Queue) { wantTexts(t, "third run", drain(t, q), urls(7, 8)) })
}

// TestRunsThatPutLeaveNoFilesBehind puts a job a run: what is remembered of all
// of them is one file of IDs beside the journal.
func TestRunsThatPutLeaveNoFilesBehind(t *testing.T) {
	mem := vfs.NewMem()
	for n := range 50 {
		puts(t, mem, fileq.Config{Recheck: true}, urls(n, n+1), func(q *fileq.Queue) { take(t, q, 1) })
	}
	entries, err := mem.ReadDir(dir)
	ok(t, err)
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return strings.HasPrefix(e.Name(), "queue-") })
	if len(entries) > 2 { // the history, and the IDs of the last run
		t.Errorf("%d files beside the journal after 50 runs: %v", len(entries), entries)
	}
	puts(t, mem, fileq.Config{}, urls(0, 51), func(q *fileq.Queue) { wantTexts(t, "all again", drain(t, q), urls(50, 51)) })
}

// TestRepeatIsOwedWhereItsPutIsNotPartOfTheRun has a job in a list that an
// earlier run was also given by Put.
func TestRepeatIsOwedWhereItsPutIsNotPartOfTheRun(t *testing.T) {
	fs := vfs.NewMem()
	l := textList("list", text(urls(0, 10)...), 1)
	puts(t, fs, fileq.Config{}, urls(5, 10), func(q *fileq.Queue) {
		addList(t, q, l)
		for range 10 { // so that the list is read
			next(t, q)
		}
	})
	other := textList("other", text(urls(90, 95)...), 1)
	// Which is new, so that what was put is given up.
	session(t, fs, fileq.Config{}, other, func(q *fileq.Queue) { take(t, q, 5) })
	session(t, fs, fileq.Config{}, l, func(q *fileq.Queue) {
		addList(t, q, other)
		got := drain(t, q)
		slices.Sort(got)
		wantTexts(t, "list alone", got, urls(0, 10))
	})
}

func TestPutWaitsWhileTooMuchIsSpooled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := open(t, vfs.NewMem(), fileq.Config{SpoolBytes: 100_000})
		pulled := 0
		ended := make(chan error, 1)
		go func() {
			_, err := q.Put(t.Context(), counted(urls(0, 20_000), &pulled))
			ended <- err
		}()
		synctest.Wait()
		if pulled == 20_000 || pulled < 1000 {
			t.Fatalf("%d of 20000 jobs are pulled while none is settled, want some", pulled)
		}
		take(t, q, 20_000)
		ok(t, <-ended)
		ok(t, q.Close())
	})
}

func TestPutThatWaitsForRoomEndsWithContextAndQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := open(t, vfs.NewMem(), fileq.Config{SpoolBytes: 1000})
		ctx, cancel := context.WithCancel(t.Context())
		for _, tt := range []struct {
			ctx  context.Context
			end  func()
			want error
		}{
			{ctx, cancel, context.Canceled},
			{t.Context(), func() { ok(t, q.Close()) }, queue.ErrClosed},
		} {
			pulled := 0
			ended := make(chan error, 1)
			go func() {
				_, err := q.Put(tt.ctx, counted(urls(0, 20_000), &pulled))
				ended <- err
			}()
			synctest.Wait()
			if pulled == 20_000 {
				t.Fatal("all jobs are pulled while none is settled")
			}
			tt.end()
			if err := <-ended; !errors.Is(err, tt.want) {
				t.Errorf("Put: got %v, want %v", err, tt.want)
			}
		}
	})
}

// counted yields jobs and counts them.
func counted(all []string, n *int) iter.Seq2[queue.Job, error] {
	return func(yield func(queue.Job, error) bool) {
		for job, err := range texts(all) {
			*n++
			if !yield(job, err) {
				return
			}
		}
	}
}

func TestRestIsWhatIsNotDone(t *testing.T) {
	mem := vfs.NewMem()
	puts(t, mem, fileq.Config{}, urls(0, 20), func(q *fileq.Queue) {
		take(t, q, 5)
		l, _ := next(t, q)
		ok(t, l.Retry(t.Context(), time.Hour))
		l, _ = next(t, q)
		ok(t, l.Drop(t.Context(), queue.Reason{Kind: "test"}))
		var got []string
		for job, err := range q.Rest(t.Context()) {
			ok(t, err)
			got = append(got, string(job.Body))
		}
		slices.Sort(got)
		want := append(urls(5, 6), urls(7, 20)...)
		slices.Sort(want)
		wantTexts(t, "rest", got, want)
	})
	puts(t, mem, fileq.Config{}, urls(0, 20), func(q *fileq.Queue) { wantTexts(t, "next run", drain(t, q), urls(5, 20)) })
}

// TestRecheckLendsWhatABlockGrowsBy puts done jobs behind one that was looked at
// again already, in the same block.
func TestRecheckLendsWhatABlockGrowsBy(t *testing.T) {
	mem := vfs.NewMem()
	puts(t, mem, fileq.Config{}, urls(0, 20), func(q *fileq.Queue) { take(t, q, 20) })
	q := open(t, mem, fileq.Config{Recheck: true})
	for n := range 20 {
		_, err := q.Put(t.Context(), texts(urls(n, n+1)))
		ok(t, err)
		if n < 10 {
			l, got := next(t, q)
			wantTexts(t, "while it grows", []string{got}, urls(n, n+1))
			ok(t, l.Ack(t.Context()))
		}
	}
	wantTexts(t, "the rest", drain(t, q), urls(10, 20))
	ok(t, q.Close())
}
