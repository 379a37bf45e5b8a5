package fileq

import (
	"iter"
	"maps"
	"slices"
)

// Stats counts the jobs of the lists and of the last run's Puts. What nobody has read yet of a list is not counted; see
// ListStats.Read.
type Stats struct {
	Done     int64 // acknowledged, now or in an earlier run
	Owed     int64 // to be done, those that are lent included
	Failed   int64 // dropped in this run, or in the last one
	Repeated int64 // entries that stand for a job that is counted elsewhere
	Lent     int64 // leases that are out
	Delayed  int64 // owed later
	// Left are jobs that earlier runs were given by Put and did not do, and that
	// are not part of the last run. They are counted nowhere else, and no longer
	// once they are given up; see Config.Resume.
	Left int64
	// Past are jobs given by Put that earlier runs did. One that was given again
	// is counted in both.
	Past int64
	// Put counts the jobs that were given by Put; it has neither name nor size.
	Put ListStats
	// Kinds counts the failed by kind.
	Kinds map[string]int64
	// Lists in the order in which they were first added.
	Lists []ListStats
}

// ListStats counts the jobs of one list.
type ListStats struct {
	Name                         string
	Done, Owed, Failed, Repeated int64
	Read, Size                   int64 // bytes that were read, of how many
	Added                        bool  // the list is part of this run
}

// Stats counts the jobs. It is cheap, and may be called at any time.
func (q *Queue) Stats() Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	st := q.stats()
	st.Lent = q.lent
	st.Delayed = int64(len(q.delayed) + len(q.overdue))
	return st
}

// Failures yields the jobs that were dropped in this run, as far as they are
// kept (Config.MaxFailures), in the order of their places.
func (q *Queue) Failures() iter.Seq[Failure] {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Values(q.sortedFailures())
}

func (m *memory) stats() Stats {
	st := Stats{Kinds: maps.Clone(m.kinds), Past: m.past}
	maps.DeleteFunc(st.Kinds, func(_ string, n int64) bool { return n == 0 })
	for _, s := range m.sources {
		l := s.stats()
		if s.past {
			st.Past += l.Done
			st.Left += l.Owed + l.Failed
			continue
		}
		st.Done += l.Done
		st.Owed += l.Owed
		st.Failed += l.Failed
		st.Repeated += l.Repeated
		if s.kind == kindList {
			st.Lists = append(st.Lists, l)
		} else {
			st.Put.Done += l.Done
			st.Put.Owed += l.Owed
			st.Put.Failed += l.Failed
			st.Put.Repeated += l.Repeated
		}
	}
	return st
}

func (s *source) stats() ListStats {
	read, _ := s.tail()
	return ListStats{
		Name:     s.name,
		Done:     s.states.counts[done] - s.history,
		Owed:     s.states.counts[owed],
		Failed:   s.states.counts[failed],
		Repeated: s.states.counts[void] - s.voided,
		Read:     read,
		Size:     s.look.size,
		Added:    s.in != nil,
	}
}

func (m *memory) sortedFailures() []Failure {
	keys := slices.SortedFunc(maps.Keys(m.failures), func(a, b jobKey) int {
		if a.source != b.source {
			return int(int64(a.source) - int64(b.source))
		}
		return int(a.ordinal - b.ordinal)
	})
	all := make([]Failure, 0, len(keys))
	for _, k := range keys {
		all = append(all, m.failures[k])
	}
	return all
}
