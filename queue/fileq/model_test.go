package fileq_test

import (
	"errors"
	"fmt"
	"maps"
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
	cfg   fileq.Config
	fs    *vfs.Mem
	lists [2][]string
	times [2]int // of the last change
	ever  []string
	put   map[string]bool // by this run; with Resume, by any
	done  map[string]bool
	fresh int // number of the next line that there never was
}

// TestEveryJobIsDoneOnceWhateverBecomesOfTheLists edits two lists and puts jobs
// at random between runs that end at random, by Close or by a kill. Each run
// must lend what is owed by then, once, and nothing that is done.
func TestEveryJobIsDoneOnceWhateverBecomesOfTheLists(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := &model{t: rt, cfg: fileq.Config{Resume: rapid.Bool().Draw(rt, "resume"), SpoolBytes: 1 << 20}, fs: vfs.NewMem(), put: make(map[string]bool), done: make(map[string]bool)}
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
	q, err := fileq.Open(m.fs, dir, fileq.Small(m.cfg))
	m.ok(err)
	if !m.cfg.Resume {
		clear(m.put)
	}
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

// part is what the lists hold and was put.
func (m *model) part() map[string]bool {
	part := maps.Clone(m.put)
	for _, l := range m.lists {
		for _, line := range l {
			part[strings.ReplaceAll(strings.ReplaceAll(line, "\n# comment", ""), "\n", "")] = true
		}
	}
	return part
}

// owed is what is part of the run and not done.
func (m *model) owed() map[string]bool {
	owed := m.part()
	maps.DeleteFunc(owed, func(s string, _ bool) bool { return m.done[s] })
	return owed
}

// putSome puts new jobs and some that were put before, which also tries what
// comes before a Put: a queue that has built its sets and one that has not.
func (m *model) putSome(q *fileq.Queue) {
	var all []string
	for _, s := range m.lines(15) {
		all = append(all, strings.ReplaceAll(s, "\n", ""))
	}
	if n := len(m.ever); n > 0 {
		from := rapid.IntRange(0, n).Draw(m.t, "from")
		all = append(all, m.ever[from:rapid.IntRange(from, n).Draw(m.t, "to")]...)
	}
	part := m.part()
	isNew := make(map[string]bool)
	for _, s := range all {
		if !part[s] && !m.done[s] {
			isNew[s] = true
		}
	}
	added, err := q.Put(m.t.Context(), texts(all))
	m.ok(err)
	if got := added.New + added.Known; got != int64(len(all)) || added.New < int64(len(isNew)) {
		m.t.Errorf("Put counted %+v, want %d in all, and at least %d new", added, len(all), len(isNew))
	}
	for _, s := range all {
		m.put[s] = true
	}
	m.ever = append(m.ever, all...)
}

// run does some of what is owed, in some way, and ends somehow.
func (m *model) run() {
	q := m.open()
	for range rapid.IntRange(0, 2).Draw(m.t, "puts") {
		m.putSome(q)
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
	if len(m.ever) > 0 && !m.cfg.Resume {
		_, err := q.Put(m.t.Context(), texts(m.ever))
		m.ok(err)
		for _, s := range m.ever {
			m.put[s] = true
		}
	}
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
