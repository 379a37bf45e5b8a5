package main

import "time"

// meter is a speed over the last seconds: bytes are noted as they are counted,
// and the oldest notes fall out. It is not safe for several goroutines.
type meter struct {
	notes []note
}

type note struct {
	at time.Time
	n  int64
}

// meterWindow is the time over which a speed is taken: long enough to be read,
// short enough to show a change.
const meterWindow = 6 * time.Second

// note says that n had been counted at a time. Times must not go back.
func (m *meter) note(at time.Time, n int64) {
	for len(m.notes) > 1 && at.Sub(m.notes[1].at) >= meterWindow {
		m.notes = m.notes[:copy(m.notes, m.notes[1:])]
	}
	m.notes = append(m.notes, note{at, n})
}

// rate is the count a second over the window; 0 before there is anything to
// tell it from.
func (m *meter) rate() float64 {
	if len(m.notes) < 2 {
		return 0
	}
	first, last := m.notes[0], m.notes[len(m.notes)-1]
	seconds := last.at.Sub(first.at).Seconds()
	if seconds <= 0 {
		return 0
	}
	return float64(last.n-first.n) / seconds
}
