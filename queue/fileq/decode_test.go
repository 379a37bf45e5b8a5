package fileq

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/store/journal"
)

// sample is a memory with something of everything in it.
func sample() *memory {
	m := newMemory(10)
	list := &source{id: 1, kind: kindList, name: "urls.txt", look: look{size: 900, modTime: -5, inode: 1 << 63}}
	m.add(list)
	for i := range int64(5) {
		list.addBlock(block{off: i * 100, size: 100, first: i * 10, line: 1 + i*10, lines: 10, crc: uint32(i)}, 10)
	}
	m.set(list, 3, done)
	m.set(list, 42, done)
	m.set(list, 17, void)
	m.fail(list, 4, Failure{ID: queue.ID{4}, List: "urls.txt", Reason: queue.Reason{Kind: "dns", Text: "no such host"}})
	m.cut(list, 30)
	spool := &source{id: 2, kind: kindSpool, synced: 500}
	m.add(spool)
	spool.states.grow(7)
	m.set(spool, 6, done)
	freed := &source{id: 3, kind: kindSpool, indexed: 9}
	freed.states.grow(9)
	freed.states.replace(0, 9, owed, done)
	m.add(freed)
	freed.free()
	past := &source{id: 4, kind: kindSpool, past: true}
	past.states.grow(3)
	m.add(past)
	m.past = 12
	return m
}

func TestCheckpointHoldsEverything(t *testing.T) {
	want := sample()
	got := newMemory(10)
	if err := got.restore(bytes.NewReader(want.encode())); err != nil {
		t.Fatal(err)
	}
	for i, w := range want.sources {
		g := got.sources[i]
		if g.id != w.id || g.kind != w.kind || g.name != w.name || g.look != w.look || g.synced != w.synced ||
			g.freed != w.freed || g.past != w.past || g.history != w.history || g.voided != w.voided || g.indexed != w.indexed {
			t.Errorf("source %d: got %+v, want %+v", i, g, w)
		}
		if g.states.n != w.states.n || g.states.counts != w.states.counts {
			t.Errorf("states of source %d: got %v, want %v", i, g.states, w.states)
		}
		for j := range w.blocks {
			if g.blocks[j] != w.blocks[j] {
				t.Errorf("block %d of source %d: got %+v, want %+v", j, i, g.blocks[j], w.blocks[j])
			}
		}
		for j := range w.states.n {
			if g.states.get(j) != w.states.get(j) {
				t.Errorf("job %d of source %d: got %d, want %d", j, i, g.states.get(j), w.states.get(j))
			}
		}
	}
	if g, w := got.stats(), want.stats(); g.Done != w.Done || g.Owed != w.Owed || g.Kinds["dns"] != 1 {
		t.Errorf("stats: got %+v, want %+v", g, w)
	}
	if f := got.sortedFailures(); len(f) != 1 || f[0] != want.sortedFailures()[0] {
		t.Errorf("failures: got %+v, want %+v", f, want.sortedFailures())
	}
	if got.nextID != want.nextID || got.past != want.past {
		t.Errorf("next source and history: got %d and %d, want %d and %d", got.nextID, got.past, want.nextID, want.past)
	}
}

// TestCheckpointThatIsCutIsRefused cuts at every byte: none may be taken for
// whole.
func TestCheckpointThatIsCutIsRefused(t *testing.T) {
	whole := sample().encode()
	for n := range whole {
		if err := newMemory(10).restore(bytes.NewReader(whole[:n])); !errors.Is(err, errRecord) {
			t.Errorf("cut to %d of %d bytes: got %v, want an error that wraps %v", n, len(whole), err, errRecord)
		}
	}
	if err := newMemory(10).restore(bytes.NewReader(append(whole, 0))); err == nil {
		t.Error("a byte too many: no error")
	}
	if err := newMemory(10).restore(bytes.NewReader([]byte{9, 9, 9})); err == nil || !strings.Contains(err.Error(), "version 9") {
		t.Errorf("another version: got %v, want it named", err)
	}
}

func TestRecordThatMakesNoSenseIsRefused(t *testing.T) {
	for _, tt := range []struct {
		name string
		typ  uint8
		body []byte
	}{
		{"empty source", recSource, nil},
		{"kind of source", recSource, appendLook(fields(nil).uint(9, 7).string("x"), look{})},
		{"long name", recSource, appendLook(fields(nil).uint(9, 1).string(strings.Repeat("x", maxName+1)), look{})},
		{"block of an unknown source", recBlock, fields(nil).uint(9, 0, 1, 0, 1, 1, 1, 0, 0)},
		{"block that leaves a gap", recBlock, fields(nil).uint(1, 51, 1, 0, 1, 1, 1, 0, 0)},
		{"block that was there", recBlock, fields(nil).uint(1, 40, 10, 0, 1, 1, 1, 0, 0)},
		{"block of too many jobs", recBlock, fields(nil).uint(1, 50, blockJobs+1, 0, 1, 1, 1, 0, 0)},
		{"block without its states", recBlock, fields(nil).uint(1, 50, 10, 0, 1, 1, 1, 0, 1, 0)},
		{"state of an unknown source", recState, fields(nil).uint(9, 0, 1)},
		{"state of no job", recState, fields(nil).uint(1, 50, 1)},
		{"state of a job no spool can have", recState, fields(nil).uint(2, maxSpoolJobs, 1)},
		{"no such state", recState, fields(nil).uint(1, 1, 4)},
		{"bytes too many", recState, fields(nil).uint(1, 1, 1, 1)},
		{"failure without an ID", recFailed, fields(nil).uint(1, 1)},
		{"cut of an unknown source", recGone, fields(nil).uint(9, 0)},
		{"run that does not say what it resumes", recRun, nil},
		{"list that became history", recRetired, fields(nil).uint(1, 3)},
		{"history without its length", recRetired, fields(nil).uint(4)},
	} {
		if err := sample().apply(tt.typ, tt.body); !errors.Is(err, errRecord) {
			t.Errorf("%s: got %v, want an error that wraps %v", tt.name, err, errRecord)
		}
	}
	if err := sample().apply(99, nil); !errors.Is(err, journal.ErrUnknownRecord) {
		t.Errorf("unknown type: got %v, want %v", err, journal.ErrUnknownRecord)
	}
}

func FuzzRecord(f *testing.F) {
	m := sample()
	f.Add(uint8(recRun), []byte(fields(nil).uint(1)))
	f.Add(uint8(recRetired), []byte(fields(nil).uint(4, 15)))
	f.Add(uint8(recSource), encodeSource(m.sources[0]))
	f.Add(uint8(recBlock), encodeBlock(m.sources[0], m.sources[0].blocks[1], 10))
	f.Add(uint8(recGone), []byte(fields(nil).uint(1, 20)))
	f.Add(uint8(recState), encodeState(m.sources[0], 7, done))
	f.Add(uint8(recFailed), encodeFailed(m.sources[0], 7, Failure{Reason: queue.Reason{Kind: "tls"}}))
	f.Add(uint8(recSynced), encodeSynced(m.sources[1], 500, 9))
	f.Add(uint8(recFreed), []byte(fields(nil).uint(2)))
	f.Fuzz(func(t *testing.T, typ uint8, body []byte) {
		m := sample()
		if m.apply(typ, body) == nil {
			sound(t, m)
		}
	})
}

func FuzzCheckpoint(f *testing.F) {
	f.Add(sample().encode())
	f.Add(newMemory(1).encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		m := newMemory(10)
		if m.restore(bytes.NewReader(b)) != nil {
			return
		}
		sound(t, m)
		again := newMemory(10)
		if err := again.restore(bytes.NewReader(m.encode())); err != nil {
			t.Errorf("what was read is written so that it cannot be read: %v", err)
		}
	})
}

// sound checks what must hold of every memory.
func sound(t *testing.T, m *memory) {
	t.Helper()
	for _, s := range m.sources {
		var n int64
		for i, c := range s.states.counts {
			n += c
			if got := s.states.countOf(0, s.states.n, state(i)); got != c {
				t.Errorf("source %d: %d jobs in state %d, counted %d", s.id, got, i, c)
			}
		}
		if n != s.states.n {
			t.Errorf("source %d: %d jobs, counted %d", s.id, s.states.n, n)
		}
		if s.states.n < s.indexed && !s.freed {
			t.Errorf("source %d: %d jobs in blocks, %d states", s.id, s.indexed, s.states.n)
		}
		for i := range s.blocks {
			if s.count(i) < 0 {
				t.Errorf("source %d: block %d has %d jobs", s.id, i, s.count(i))
			}
		}
	}
	m.stats()
}

func FuzzSpool(f *testing.F) {
	var sp spool
	sp.add(queue.Job{ID: queue.ID{1}, Host: "http://a:80", Body: []byte("body")})
	sp.add(queue.Job{ID: queue.ID{2}})
	f.Add(sp.buf)
	f.Add(sp.buf[:len(sp.buf)-1])
	f.Fuzz(func(t *testing.T, b []byte) {
		var size int64
		var again spool
		for e, err := range (spoolFormat{}).Jobs(bytes.NewReader(b), 1) {
			if err != nil {
				if !errors.Is(err, errTornSpool) {
					t.Errorf("got %v, want %v", err, errTornSpool)
				}
				return
			}
			size += e.Size
			again.add(e.Job)
		}
		if size != int64(len(b)) {
			t.Errorf("entries take %d bytes of %d", size, len(b))
		}
		jobs := 0
		for e, err := range (spoolFormat{}).Jobs(bytes.NewReader(again.buf), 1) {
			if err != nil || e.Job.ID != again.jobs[jobs].ID {
				t.Fatalf("job %d: got %v, %v; want %v", jobs, e.Job.ID, err, again.jobs[jobs].ID)
			}
			jobs++
		}
	})
}

func FuzzSpoolHeader(f *testing.F) {
	f.Add(encodeSpoolHeader(7))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) != spoolHeader {
			return
		}
		if err := checkSpoolHeader(b, 7); err == nil && !bytes.Equal(b[:16], encodeSpoolHeader(7)[:16]) {
			t.Errorf("header %x is taken for that of source 7", b)
		}
	})
}
