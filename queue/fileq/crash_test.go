package fileq_test

import (
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/queue/fileq"
	"github.com/seed-9a1263fe/haul/store/vfs"
)

// promise is what a queue has promised at one moment.
type promise struct {
	put   []string // Puts of these had returned
	acked []string // Acks of these had returned
	began []string // Acks of these had been called
}

// resumed and anew are how a next run comes by what an earlier one was given by
// Put: it goes on with what is left of it, or is given all of it again.
var (
	resumed = fileq.Config{Resume: true}
	anew    = fileq.Config{Recheck: true}
)

// story runs a queue over fs, twice: a Put that is done in part; then the same
// again, a list and two Puts more, settled in every way, with journals and spool
// files so short that all of them are replaced on the way. It ends early if fs
// fails. now is kept up to date for whoever looks from inside of an operation.
func story(t *testing.T, fs vfs.FS, cfg fileq.Config, l fileq.List, now *promise) error {
	for _, chapter := range []func(*testing.T, *fileq.Queue, fileq.List, *promise) error{begin, tell} {
		q, err := fileq.Open(fs, dir, fileq.Small(cfg))
		if err != nil {
			return err
		}
		err = chapter(t, q, l, now)
		if err := errors.Join(err, q.Close()); err != nil {
			return err
		}
	}
	return nil
}

func begin(t *testing.T, q *fileq.Queue, _ fileq.List, now *promise) error {
	all := putTexts(0)
	if _, err := q.Put(t.Context(), texts(all)); err != nil {
		return err
	}
	now.put = append(now.put, all...)
	return settle(t, q, 6, now)
}

func tell(t *testing.T, q *fileq.Queue, l fileq.List, now *promise) error {
	if err := q.AddList(t.Context(), l); err != nil {
		return err
	}
	for part := range 3 {
		all := putTexts(part)
		if _, err := q.Put(t.Context(), lendingOn(t, q, texts(all), now)); err != nil {
			return err
		}
		now.put = append(now.put, all...)
		if err := settle(t, q, 6, now); err != nil {
			return err
		}
	}
	return finish(t, q, now)
}

// settle ends some leases, in every way.
func settle(t *testing.T, q *fileq.Queue, n int, now *promise) error {
	for n := range n {
		lease, err := q.Next(t.Context())
		if err != nil {
			return err
		}
		text := string(lease.Job().Body)
		switch {
		case n%10 == 3 && !lease.Job().Done:
			err = lease.Drop(t.Context(), queue.Reason{Kind: "test", Text: text})
		case n%10 == 7 && !lease.Job().Done:
			err = lease.Retry(t.Context(), 0)
		default:
			now.began = append(now.began, text)
			if err = lease.Ack(t.Context()); err == nil {
				now.acked = append(now.acked, text)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// lendingOn lets two jobs be done after each third job that is put, so that jobs
// are lent and blocks recorded which are not on the disk yet.
func lendingOn(t *testing.T, q *fileq.Queue, jobs iter.Seq2[queue.Job, error], now *promise) iter.Seq2[queue.Job, error] {
	return func(yield func(queue.Job, error) bool) {
		n := 0
		for job, err := range jobs {
			if !yield(job, err) {
				return
			}
			if n++; n%3 != 0 {
				continue
			}
			for range 2 {
				lease, err := q.Next(t.Context())
				if err == nil {
					now.began = append(now.began, string(lease.Job().Body))
					err = lease.Ack(t.Context())
				}
				if err != nil {
					yield(queue.Job{}, err)
					return
				}
				now.acked = append(now.acked, string(lease.Job().Body))
			}
		}
	}
}

// finish acknowledges the rest, so that spool files are removed.
func finish(t *testing.T, q *fileq.Queue, now *promise) error {
	if err := q.Seal(t.Context()); err != nil {
		return err
	}
	for {
		lease, err := q.Next(t.Context())
		if errors.Is(err, queue.ErrDrained) {
			return nil
		}
		if err != nil {
			return err
		}
		text := string(lease.Job().Body)
		now.began = append(now.began, text)
		if err := lease.Ack(t.Context()); err != nil {
			return err
		}
		now.acked = append(now.acked, text)
	}
}

func putTexts(part int) []string {
	var all []string
	for n := range 16 {
		all = append(all, fmt.Sprintf("put %d in part %d", n, part))
	}
	return all
}

// owedBy opens what a crash left and returns what it lends.
func owedBy(t *testing.T, fs vfs.FS, cfg fileq.Config, l fileq.List) (map[string]bool, error) {
	q, err := fileq.Open(fs, dir, fileq.Small(fileq.Config{Resume: cfg.Resume}))
	if err != nil {
		return nil, err
	}
	addList(t, q, l)
	if !cfg.Resume {
		_, err := q.Put(t.Context(), texts(slices.Concat(putTexts(0), putTexts(1), putTexts(2))))
		ok(t, err)
	}
	owed := make(map[string]bool)
	for _, text := range drain(t, q) {
		if owed[text] {
			t.Errorf("%q was lent twice", text)
		}
		owed[text] = true
	}
	return owed, q.Close()
}

// check compares what is owed after a crash with what was promised before it.
// ackedStay says that what was acknowledged must not come back, which holds
// after a kill, not after a power cut.
func check(t *testing.T, what string, owed map[string]bool, list []string, p promise, ackedStay bool) {
	t.Helper()
	began := make(map[string]bool)
	for _, text := range p.began {
		began[text] = true
	}
	for _, text := range append(append([]string(nil), list...), p.put...) {
		if !owed[text] && !began[text] {
			t.Errorf("%s: %q is neither owed nor was it acknowledged", what, text)
		}
	}
	for _, text := range p.acked {
		if owed[text] && ackedStay {
			t.Errorf("%s: %q is owed though its Ack had returned", what, text)
		}
	}
}

// everyCrash tells the story over and over, for a third of its operations, and looks, just
// before that operation, at what a crash would leave.
func everyCrash(t *testing.T, cfg fileq.Config, clone func(m *vfs.Mem, op int64) *vfs.Mem, ackedStay bool) {
	list := urls(0, 20)
	l := textList("list", text(list...), 1)
	var count int64
	ok(t, story(t, vfs.NewFaulty(vfs.NewMem(), func(op vfs.Op) vfs.Fault {
		count = max(count, op.N)
		return vfs.Fault{}
	}), cfg, l, new(promise)))
	for at := 1 + rand.Int64N(3); at <= count+1; at += 3 {
		mem := vfs.NewMem()
		var now, then promise
		var left *vfs.Mem
		fs := vfs.NewFaulty(mem, func(op vfs.Op) vfs.Fault {
			if op.N == at {
				left, then = clone(mem, at), now
			}
			return vfs.Fault{}
		})
		ok(t, story(t, fs, cfg, l, &now))
		if left == nil {
			left, then = clone(mem, at), now
		}
		what := fmt.Sprintf("crash before operation %d of %d", at, count)
		owed, err := owedBy(t, left, cfg, l)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		check(t, what, owed, list, then, ackedStay)
		if t.Failed() {
			return
		}
	}
}

func TestKillAtAnyMomentLosesNothing(t *testing.T) {
	for _, cfg := range []fileq.Config{resumed, anew} {
		everyCrash(t, cfg, func(m *vfs.Mem, _ int64) *vfs.Mem { return m.KillClone() }, true)
	}
}

func TestPowerCutAtAnyMomentLosesNoOwedJob(t *testing.T) {
	for _, cfg := range []fileq.Config{resumed, anew} {
		for _, keep := range []float64{0, 0.6} {
			everyCrash(t, cfg, func(m *vfs.Mem, op int64) *vfs.Mem {
				return m.CrashClone(rand.New(rand.NewPCG(uint64(op), 1)), keep)
			}, false)
		}
	}
}

// TestCrashOfACrashLosesNothing cuts the power again while the queue recovers
// from the first cut.
func TestCrashOfACrashLosesNothing(t *testing.T) {
	for _, cfg := range []fileq.Config{resumed, anew} {
		crashOfACrash(t, cfg)
	}
}

func crashOfACrash(t *testing.T, cfg fileq.Config) {
	list := urls(0, 20)
	l := textList("list", text(list...), 1)
	for seed := range uint64(25) {
		rng := rand.New(rand.NewPCG(seed, 2))
		mem := vfs.NewMem()
		var now promise
		ok(t, story(t, mem, cfg, l, &now))
		for range 3 {
			mem = mem.CrashClone(rng, 0.5)
			var n atomic.Int64
			stop := rng.Int64N(60)
			var left *vfs.Mem
			fs := vfs.NewFaulty(mem, func(vfs.Op) vfs.Fault {
				if n.Add(1) == stop {
					left = mem.CrashClone(rng, 0.5)
				}
				return vfs.Fault{}
			})
			q, err := fileq.Open(fs, dir, fileq.Small(cfg))
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			_, err = q.Put(t.Context(), texts(putTexts(0)))
			ok(t, err)
			ok(t, q.Close())
			if left != nil {
				mem = left
			}
		}
		owed, err := owedBy(t, mem, cfg, l)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		check(t, fmt.Sprintf("seed %d", seed), owed, list, now, false)
		if t.Failed() {
			return
		}
	}
}

// TestSpoolThatAPowerCutShortenedGoesOn has blocks in the journal whose bytes
// never reached the spool file: the journal was kept and the file was not. Put
// had not returned, so those jobs were never promised; they must not be known
// either, or putting them again would lose them.
func TestSpoolThatAPowerCutShortenedGoesOn(t *testing.T) {
	all := urls(0, 12) // which fit into one file
	for keep := int64(0); keep < 1000; keep += 37 {
		mem := vfs.NewMem()
		q := open(t, mem, fileq.Small(resumed))
		var left *vfs.Mem
		_, err := q.Put(t.Context(), func(yield func(queue.Job, error) bool) {
			for _, text := range all {
				if !yield(lineJob(text), nil) {
					return
				}
				// So that it is read, and its block recorded and flushed.
				l, _ := next(t, q)
				ok(t, l.Drop(t.Context(), queue.Reason{Kind: "test"}))
			}
			left = mem.KillClone()
		})
		ok(t, err)
		ok(t, q.Close())
		zeroFrom(t, left, dir+"/spool-00000001", keep)

		q = open(t, left, fileq.Small(resumed))
		_, err = q.Put(t.Context(), texts([]string{"one more"})) // which flushes the journal
		ok(t, err)
		again := left.KillClone() // the next run sees what this one wrote down, and nothing else
		ok(t, q.Close())
		q = open(t, again, fileq.Small(resumed))
		_, err = q.Put(t.Context(), texts(all))
		ok(t, err)
		got := drain(t, q)
		slices.Sort(got)
		want := append(slices.Sorted(slices.Values(all)), "one more")
		wantTexts(t, fmt.Sprintf("spool with %d bytes left", keep), got, want)
		ok(t, q.Close())
		if t.Failed() {
			return
		}
	}
}

// zeroFrom leaves the first bytes of a file and the length of it.
func zeroFrom(t *testing.T, fs vfs.FS, name string, from int64) {
	t.Helper()
	f, err := fs.OpenFile(name, vfs.ReadWrite)
	ok(t, err)
	size, err := f.Size()
	ok(t, err)
	if from < size {
		_, err = f.WriteAt(make([]byte, size-from), from)
		ok(t, err)
	}
	ok(t, f.Close())
}

// TestFullDiskLosesNothing lets each write in turn fail for want of room, with a
// part of it written. What was promised until then must hold in a run that has
// room again.
func TestFullDiskLosesNothing(t *testing.T) {
	for _, cfg := range []fileq.Config{resumed, anew} {
		fullDisk(t, cfg)
	}
}

// fullDisk tries each third operation, which another run of the test shifts.
func fullDisk(t *testing.T, cfg fileq.Config) {
	list := urls(0, 20)
	l := textList("list", text(list...), 1)
	failed := 0
	for at := 1 + rand.Int64N(3); ; at += 3 {
		mem := vfs.NewMem()
		var now promise
		hit := false
		fs := vfs.NewFaulty(mem, func(op vfs.Op) vfs.Fault {
			if op.N < at || op.Kind != vfs.OpWrite {
				return vfs.Fault{}
			}
			hit = true
			return vfs.Fault{Err: fmt.Errorf("write %s: %w", op.Name, vfs.ErrNoSpace), Short: op.Len / 2}
		})
		err := story(t, fs, cfg, l, &now)
		if !hit {
			break
		}
		if err != nil {
			failed++
			if !errors.Is(err, vfs.ErrNoSpace) {
				t.Errorf("operation %d: got %v, want an error that wraps %v", at, err, vfs.ErrNoSpace)
			}
		}
		owed, err := owedBy(t, mem, cfg, l)
		if err != nil {
			t.Fatalf("disk full from operation %d on: %v", at, err)
		}
		check(t, fmt.Sprintf("disk full from operation %d on", at), owed, list, now, true)
		if t.Failed() {
			return
		}
	}
	if failed == 0 {
		t.Error("no run noticed the full disk")
	}
}

// TestKillWhileDoneJobsArePutAgainKeepsThemDone looks before each operation of a
// Put of jobs that an earlier run has done.
func TestKillWhileDoneJobsArePutAgainKeepsThemDone(t *testing.T) {
	for _, resume := range []bool{false, true} {
		killDoneJobs(t, fileq.Config{Recheck: true, Resume: resume})
	}
}

func killDoneJobs(t *testing.T, cfg fileq.Config) {
	all := urls(0, 40)
	mem := vfs.NewMem()
	puts(t, mem, cfg, all, func(q *fileq.Queue) { take(t, q, 40) })
	var left []*vfs.Mem
	fs := vfs.NewFaulty(mem, func(vfs.Op) vfs.Fault {
		left = append(left, mem.KillClone())
		return vfs.Fault{}
	})
	puts(t, fs, cfg, all, func(q *fileq.Queue) { take(t, q, 20) })
	for i, fs := range left {
		puts(t, fs, fileq.Config{Resume: cfg.Resume}, all, func(q *fileq.Queue) {
			wantTexts(t, fmt.Sprintf("kill before operation %d of %d", i+1, len(left)), drain(t, q), nil)
		})
	}
}

// TestHistoryOutlivesAPowerCut cuts the power when what was done has become
// history and the queue is closed.
func TestHistoryOutlivesAPowerCut(t *testing.T) {
	mem := vfs.NewMem()
	puts(t, mem, fileq.Config{}, urls(0, 20), func(q *fileq.Queue) { take(t, q, 20) })
	puts(t, mem, fileq.Config{}, urls(50, 51), func(*fileq.Queue) {})
	left := mem.CrashClone(rand.New(rand.NewPCG(1, 1)), 0)
	puts(t, left, fileq.Config{}, urls(0, 21), func(q *fileq.Queue) { wantTexts(t, "after the cut", drain(t, q), urls(20, 21)) })
}
