package diskstore

import (
	"fmt"
	"io"
	"time"
)

const (
	// maxCheckpoint bounds what is read of a checkpoint. Its size grows with
	// the objects that are unfinished and those that are not in tables yet.
	maxCheckpoint = 1 << 30

	checkpointVersion = 1
)

// checkpoint writes the state down, so that the log before it may go. It has a
// record of its own in the log, since a merge of tables leaves none and the log
// takes no second checkpoint of one record.
func (s *Store) checkpoint() error {
	s.snapshot.Lock() // the order of states is that of checkpoints
	defer s.snapshot.Unlock()
	var w writer
	s.mu.Lock()
	at, err := s.append(recCheckpoint, &writer{})
	if err == nil {
		s.st.save(&w)
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	err = s.log.Checkpoint(at, func(out io.Writer) error {
		_, err := out.Write(w.b)
		return err
	})
	if err != nil {
		return fmt.Errorf("diskstore: %w", spaceError(err))
	}
	return s.tables.checkpointed()
}

// save writes the whole state.
func (st *state) save(w *writer) {
	w.uint(checkpointVersion)
	w.calendar(&st.cal)
	w.uint(uint64(len(st.drafts)))
	for _, d := range st.drafts {
		w.draft(d)
	}
	w.uint(uint64(st.recent.len() + st.frozen.len()))
	for _, from := range []*recent{st.frozen, st.recent} { // the later counts
		for owner, e := range from.all() {
			w.owner(owner)
			w.epoch(e.at)
			w.bool(e.pending)
			w.bytes(from.record(e))
		}
	}
	w.tables(st.tables)
}

// restore reads what save wrote.
func (st *state) restore(in io.Reader) error {
	b, err := io.ReadAll(io.LimitReader(in, maxCheckpoint+1))
	if err != nil {
		return err
	}
	if len(b) > maxCheckpoint {
		return fmt.Errorf("diskstore: checkpoint of more than %d bytes", maxCheckpoint)
	}
	r := reader{b: b}
	if v := r.uint(); v != checkpointVersion {
		return fmt.Errorf("diskstore: checkpoint of version %d, this program reads %d", v, checkpointVersion)
	}
	fresh := newState()
	fresh.tables = st.tables
	fresh.cal = r.calendar()
	for n := r.uint(); n > 0 && r.err == nil; n-- {
		if d := r.saved(); r.err == nil {
			fresh.drafts[d.owner] = d
		}
	}
	for n := r.uint(); n > 0 && r.err == nil; n-- {
		r.entry(fresh.recent)
	}
	r.tables(fresh.tables)
	if r.err == nil && len(r.b) > 0 {
		r.fail("bytes behind the end")
	}
	if r.err != nil {
		return fmt.Errorf("diskstore: checkpoint: %w", r.err)
	}
	*st = fresh
	return nil
}

func (w *writer) calendar(c *calendar) {
	w.string(c.boot)
	w.epoch(c.now)
	w.epoch(c.synced)
	w.bool(c.empty)
	w.uint(uint64(len(c.spans)))
	for _, s := range c.spans {
		w.epoch(s.First)
		w.epoch(s.Last)
		w.bool(s.Lost)
	}
	w.bool(c.clean)
	w.bool(!c.since.IsZero())
	w.time(c.since)
	w.uint(uint64(len(c.cuts)))
	for _, cut := range c.cuts {
		w.time(cut.From)
		w.time(cut.To)
		w.epoch(cut.First)
	}
}

func (r *reader) calendar() (c calendar) {
	c.boot = r.string(maxBootID, "boot ID")
	c.now, c.synced = r.epoch(), r.epoch()
	c.empty = r.bool()
	for n := r.upTo(maxSpans, "spans"); n > 0 && r.err == nil; n-- {
		c.spans = append(c.spans, span{r.epoch(), r.epoch(), r.bool()})
	}
	c.clean = r.bool()
	since := r.bool()
	if c.since = r.time(); !since {
		c.since = time.Time{}
	}
	for n := r.upTo(maxSpans, "power cuts"); n > 0 && r.err == nil; n-- {
		c.cuts = append(c.cuts, cut{r.time(), r.time(), r.epoch()})
	}
	return c
}

// draft writes an object with what is committed of it.
func (w *writer) draft(d *draft) {
	w.bool(d.begun)
	w.meta(d)
	w.uint(uint64(len(d.done)))
	for _, p := range d.done {
		w.rng(p.Range)
		w.bool(p.known)
		w.uint32(p.crc)
		w.epoch(p.at)
	}
}

func (r *reader) saved() *draft {
	begun := r.bool()
	d := r.draft(recMeta)
	d.begun = begun
	for n := r.uint(); n > 0 && r.err == nil; n-- {
		p := piece{Range: r.rng(), known: r.bool(), crc: r.uint32(), at: r.epoch()}
		if last := len(d.done) - 1; r.err == nil && last >= 0 && p.Off < d.done[last].End {
			r.fail("ranges out of order")
		}
		d.done = append(d.done, p)
	}
	return d
}

// entry reads one published object.
func (r *reader) entry(into *recent) {
	owner, at, pending := r.owner(), r.epoch(), r.bool()
	record := r.take(int(r.upTo(maxRecord, "record")))
	if r.err != nil {
		return
	}
	if len(record) > 0 {
		if _, err := decodeFound(record, at); err != nil {
			r.fail(err.Error())
			return
		}
	}
	into.put(owner, record, at, pending)
}

func (w *writer) bool(v bool) {
	if v {
		w.byte(1)
		return
	}
	w.byte(0)
}

func (r *reader) bool() bool { return r.byte() != 0 }

// tables writes which tables there are.
func (w *writer) tables(ts *tables) {
	ts.mu.RLock()
	defer ts.mu.RUnlock()
	w.uint(ts.next)
	w.uint(uint64(len(ts.list)))
	for _, t := range ts.list {
		w.uint(t.id)
	}
	w.uint(uint64(len(ts.old)))
	for _, o := range ts.old {
		w.uint(o.id)
	}
}

// tables reads which tables there are, to be opened once the log is read.
func (r *reader) tables(ts *tables) {
	ts.next = r.uint()
	ts.list, ts.old = nil, nil
	for n := r.uint(); n > 0 && r.err == nil; n-- {
		ts.list = append(ts.list, &table{id: r.uint()})
	}
	for n := r.uint(); n > 0 && r.err == nil; n-- {
		ts.old = append(ts.old, oldTable{r.uint(), 2})
	}
}
