package fileq

import (
	"maps"
	"slices"

	"github.com/seed-9a1263fe/haul/queue"
)

// maxKinds bounds how many kinds of failure are told apart.
const maxKinds = 64

// otherKind counts the failures beyond maxKinds.
const otherKind = "other"

// memory is what the journal remembers: every source, how far each of its jobs
// is, and why jobs failed in the last run. It is what a checkpoint holds.
type memory struct {
	sources []*source
	byID    map[uint64]*source
	nextID  uint64 // of the next source
	past    int64  // IDs that the history holds

	kinds       map[string]int64
	failures    map[jobKey]Failure
	maxFailures int // kept with their reasons
}

// jobKey names a job for ever.
type jobKey struct {
	source  uint64
	ordinal int64
}

// Failure is one job that was dropped.
type Failure struct {
	ID     queue.ID
	List   string // name of the list it stands in; "" if it was put
	Reason queue.Reason
}

func newMemory(maxFailures int) *memory {
	return &memory{
		byID:        make(map[uint64]*source),
		nextID:      1,
		kinds:       make(map[string]int64),
		failures:    make(map[jobKey]Failure),
		maxFailures: maxFailures,
	}
}

func (m *memory) add(s *source) {
	s.slot = len(m.sources)
	m.sources = append(m.sources, s)
	m.byID[s.id] = s
	m.nextID = max(m.nextID, s.id+1)
}

// forget drops a spool file of an earlier run, after what was done of it has
// become part of the history, which holds so many IDs now.
func (m *memory) forget(s *source, past int64) {
	m.past = past
	m.sources = slices.Delete(m.sources, s.slot, s.slot+1)
	for _, behind := range m.sources[s.slot:] {
		behind.slot--
	}
	delete(m.byID, s.id)
	maps.DeleteFunc(m.failures, func(k jobKey, _ Failure) bool { return k.source == s.id })
}

// list finds a list by its name.
func (m *memory) list(name string) *source {
	for _, s := range m.sources {
		if s.kind == kindList && s.name == name {
			return s
		}
	}
	return nil
}

// set changes the state of a job to anything but failed.
func (m *memory) set(s *source, ordinal int64, to state) {
	s.states.set(ordinal, to)
}

// fail marks a job as failed and keeps the reason, if there is room for it.
func (m *memory) fail(s *source, ordinal int64, f Failure) {
	if s.states.get(ordinal) == failed {
		return
	}
	s.states.set(ordinal, failed)
	m.kinds[m.kind(f.Reason.Kind)]++
	if len(m.failures) < m.maxFailures {
		m.failures[jobKey{s.id, ordinal}] = f
	}
}

// unmark takes back a state whose record could not be written.
func (m *memory) unmark(s *source, ordinal int64, before state) {
	k := jobKey{s.id, ordinal}
	if s.states.get(ordinal) == failed {
		if f, ok := m.failures[k]; ok {
			m.kinds[m.kind(f.Reason.Kind)]--
			delete(m.failures, k)
		}
	}
	s.states.set(ordinal, before)
}

func (m *memory) kind(name string) string {
	if _, ok := m.kinds[name]; !ok && len(m.kinds) >= maxKinds {
		return otherKind
	}
	return name
}

// beginRun owes again what failed in the run before. Jobs that were put are part
// of the new run only if it resumes what earlier ones left.
func (m *memory) beginRun(resume bool) {
	for _, s := range m.sources {
		s.states.replace(0, s.states.n, failed, owed)
		s.past = s.kind == kindSpool && (s.freed || !resume)
	}
	clear(m.kinds)
	clear(m.failures)
}

// cut gives up the blocks of a list from an ordinal on, because the list does
// not hold them any more. What was done stays known; nothing else is owed.
func (m *memory) cut(s *source, first int64) {
	for i := range s.blocks {
		b := &s.blocks[i]
		if b.first < first || b.gone {
			continue
		}
		b.gone = true
		end := s.after(i)
		s.states.replace(b.first, end, owed, void)
		s.states.replace(b.first, end, failed, void)
		s.history += s.states.countOf(b.first, end, done)
		s.voided += s.states.countOf(b.first, end, void)
	}
}
