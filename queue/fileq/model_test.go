package fileq_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/queue/fileq"
	"github.com/seed-9a1263fe/haul/store/vfs"
)

// model is what a queue must know: the lists as they stand, what was put, and
// what is done.
type model struct {
	t     *rapid.T
	fs    *vfs.Mem
	lists [2][]string
	times [2]int // of the last change
	put   map[string]bool
	done  map[string]bool
	fresh int // number of the next line that there never was
}

// TestEveryJobIsDoneOnceWhateverBecomesOfTheLists edits two lists and puts jobs
// at random between runs that end at random, by Close or by a kill. Each run
// must lend what is owed by then, once, and nothing that is done.
func TestEveryJobIsDoneOnceWhateverBecomesOfTheLists(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := &model{t: rt, fs: vfs.NewMem(), put: make(map[string]bool), done: make(map[string]bool)}
		for i := range m.lists {
			m.lists[i] = m.lines(20)
		}
		for range rapid.IntRange(1, 6).Draw(rt, "runs") {
			m.run()
			m.edit(rapid.IntRange(0, 1).Draw(rt, "list"))
		}
		m.finish()
	})
}

// lines makes up to n new lines, now and then with an option or a comment.
func (m *model) lines(n int) []string {
	var all []string
	for range rapid.IntRange(0, n).Draw(m.t, "lines") {
		line := fmt.Sprintf("http://host.test/%d", m.fresh)
		switch rapid.IntRange(0, 9).Draw(m.t, "kind") {
		case 0:
			line += "\n out=" + line[17:]
		case 1:
			line += "\n# comment"
		case 2:
			line += strings.Repeat("x", 900)
		}
		m.fresh++
		all = append(all, line)
	}
	return all
}

// edit changes one list in one of the ways in which people do.
func (m *model) edit(i int) {
	l := slices.Clone(m.lists[i])
	at := rapid.IntRange(0, len(l)).Draw(m.t, "at")
	switch rapid.IntRange(0, 6).Draw(m.t, "edit") {
	case 0: // leave it
		return
	case 1:
		l = append(l, m.lines(20)...)
	case 2:
		l = slices.Insert(l, at, m.lines(5)...)
	case 3:
		l = slices.Delete(l, at, min(at+3, len(l)))
	case 4:
		slices.Reverse(l)
	case 5: // repeats
		l = append(l, l[at:]...)
	case 6: // from the other list
		l = append(l, m.lists[1-i]...)
	}
	m.lists[i] = l
	m.times[i]++
}

func (m *model) open() *fileq.Queue {
	q, err := fileq.Open(m.fs, dir, fileq.Small(fileq.Config{}))
	m.ok(err)
	for i := range m.lists {
		m.ok(q.AddList(m.t.Context(), textList(fmt.Sprint("list ", i), m.text(i), m.times[i])))
	}
	return q
}

func (m *model) text(i int) string {
	s := strings.Join(m.lists[i], "\n")
	if s != "" && m.times[i]%2 == 0 {
		s += "\n" // and every other version has no last line end
	}
	return s
}

func (m *model) ok(err error) {
	if err != nil {
		m.t.Fatal(err)
	}
}

// owed is what the lists hold and was put, and is not done.
func (m *model) owed() map[string]bool {
	owed := make(map[string]bool)
	for _, l := range m.lists {
		for _, line := range l {
			line = strings.ReplaceAll(strings.ReplaceAll(line, "\n# comment", ""), "\n", "")
			if !m.done[line] {
				owed[line] = true
			}
		}
	}
	for s := range m.put {
		if !m.done[s] {
			owed[s] = true
		}
	}
	return owed
}

// run does some of what is owed, in some way, and ends somehow.
func (m *model) run() {
	q := m.open()
	for range rapid.IntRange(0, 2).Draw(m.t, "puts") {
		all := m.lines(15)
		_, err := q.Put(m.t.Context(), func(yield func(queue.Job, error) bool) {
			for _, s := range all {
				s = strings.ReplaceAll(s, "\n", "")
				m.put[s] = true
				if !yield(lineJob(s), nil) {
					return
				}
			}
		})
		m.ok(err)
	}
	owed := m.owed()
	for range rapid.IntRange(0, len(owed)).Draw(m.t, "jobs") {
		l, err := q.Next(m.t.Context())
		m.ok(err)
		text := string(l.Job().Body)
		if !owed[text] {
			m.t.Fatalf("lent %.60q, which is not owed", text)
		}
		switch rapid.IntRange(0, 5).Draw(m.t, "settle") {
		case 0:
			m.ok(l.Drop(m.t.Context(), queue.Reason{Kind: "test"}))
			delete(owed, text)
		case 1:
			m.ok(l.Return(m.t.Context()))
		case 2:
			m.ok(l.Retry(m.t.Context(), 0))
		case 3: // keeps it
			delete(owed, text)
		default:
			m.ok(l.Ack(m.t.Context()))
			m.done[text] = true
			delete(owed, text)
		}
	}
	m.end(q)
}

// end closes the queue, or kills it and closes what is left of it.
func (m *model) end(q *fileq.Queue) {
	kill := rapid.Bool().Draw(m.t, "kill")
	if kill {
		m.fs = m.fs.KillClone()
	}
	m.ok(q.Close())
}

// finish does the rest and checks that it was all of it, once.
func (m *model) finish() {
	q := m.open()
	owed := m.owed()
	st := q.Stats()
	m.ok(q.Seal(m.t.Context()))
	for {
		l, err := q.Next(m.t.Context())
		if errors.Is(err, queue.ErrDrained) {
			break
		}
		m.ok(err)
		text := string(l.Job().Body)
		if !owed[text] {
			m.t.Fatalf("lent %.60q, which is not owed", text)
		}
		delete(owed, text)
		m.ok(l.Ack(m.t.Context()))
	}
	for text := range owed {
		m.t.Errorf("%.60q was never lent (%+v)", text, st)
	}
	if got := q.Stats(); got.Owed != 0 || got.Failed != 0 {
		m.t.Errorf("at the end: %+v, want nothing owed or failed", got)
	}
	m.ok(q.Close())
	if again := m.open(); len(m.drained(again)) > 0 {
		m.t.Error("one more run lent something")
	}
}

func (m *model) drained(q *fileq.Queue) []string {
	m.ok(q.Seal(m.t.Context()))
	l, err := q.Next(m.t.Context())
	if errors.Is(err, queue.ErrDrained) {
		m.ok(q.Close())
		return nil
	}
	m.ok(err)
	return []string{string(l.Job().Body)}
}
