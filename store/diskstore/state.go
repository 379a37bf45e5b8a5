package diskstore

import (
	"fmt"
	"slices"
	"time"

	"github.com/seed-9a1263fe/haul/store"
	"github.com/seed-9a1263fe/haul/store/journal"
)

// state is what the log says, up to the last record appended. The store changes
// it under its lock, in the same step in which it appends the record.
type state struct {
	cal    calendar
	drafts map[store.Owner]*draft
	recent *recent // published since the last table began
	frozen *recent // being written to a table; nil if none is
	tables *tables // what was published before
}

func newState() state {
	return state{cal: newCalendar(), drafts: make(map[store.Owner]*draft), recent: newRecent()}
}

// apply makes the change that a record tells. It is called for each record of
// the log when a store is opened. A checkpoint may hold the effects of the
// first of them already: every change can be made twice.
func (st *state) apply(typ uint8, body []byte) error {
	r := reader{b: body}
	switch typ {
	case recBoot:
		boot, at := r.string(maxBootID, "boot ID"), r.time()
		if r.err == nil {
			st.cal.start(boot, at)
		}
	case recBegin, recMeta:
		d := r.draft(typ)
		if r.err == nil {
			st.begin(d)
		}
	case recChunk:
		owner, flags, p := r.owner(), r.byte(), r.chunk()
		if r.err == nil {
			st.chunk(owner, p, flags&chunkDurable != 0)
		}
	case recRename:
		owner, key := r.owner(), r.key()
		if d := st.drafts[owner]; r.err == nil && d != nil {
			d.key = key
		}
	case recDrop:
		delete(st.drafts, r.owner())
	case recPublish, recConfirm:
		st.applyPublish(&r, typ)
	case recWithdraw:
		st.withdraw(r.owner())
	case recMark:
		st.cal.mark()
	case recSynced:
		e, began := r.epoch(), r.time()
		if r.err == nil {
			st.cover(e, began)
		}
	case recCheckpoint:
	case recLost:
		st.cal.distrust(true)
	default:
		return journal.ErrUnknownRecord
	}
	if r.err != nil {
		return fmt.Errorf("record of type %d: %w", typ, r.err)
	}
	return nil
}

// begin says that an object holds nothing, whatever it held before. Its owner
// could only begin it once an earlier one was renamed.
func (st *state) begin(d *draft) {
	st.recent.settle(d.owner)
	st.drafts[d.owner] = d
}

const chunkDurable = 1 // the bytes were synced before the record was written

// chunk says that a range of an object is committed.
func (st *state) chunk(owner store.Owner, p piece, durable bool) {
	d := st.drafts[owner]
	if d == nil {
		return
	}
	p.at = st.claim(durable)
	if d.done.gap(p.Range) == (store.Range{}) {
		// A record that was read twice, or a claim that was checked and is made
		// anew: in the second case it lies where it lay.
		for i, old := range d.done {
			if old.Range == p.Range {
				d.done[i] = p
			}
		}
		return
	}
	d.done.put(p)
	st.merge(d)
}

// maxDoubt is the most bytes that stand or fall together, as long as no sync
// has covered them.
const maxDoubt = 16 << 20

// merge makes one of neighbours, so that what is remembered of a large
// object stays small.
func (st *state) merge(d *draft) {
	d.done.merge(func(a, b piece) bool {
		if !a.known || !b.known {
			return false
		}
		if a.at == b.at && a.Len()+b.Len() <= maxDoubt {
			return true
		}
		return st.cal.durable(a.at) && st.cal.durable(b.at)
	})
}

// cover says that a sync which began at a time, after the end of epoch e, went
// well.
func (st *state) cover(e epoch, began time.Time) {
	st.cal.cover(e, began)
	for _, d := range st.drafts {
		st.merge(d)
	}
}

// applyPublish reads the record of a publish, or of a later look at it.
func (st *state) applyPublish(r *reader, typ uint8) {
	owner, flags := r.owner(), r.byte()
	record := r.b
	r.published()
	if r.err != nil {
		return
	}
	durable := flags&chunkDurable != 0
	if typ == recConfirm {
		st.confirm(owner, record, durable)
		return
	}
	st.publish(owner, record, durable)
	if d := st.drafts[owner]; d != nil && len(d.done) == 0 {
		delete(st.drafts, owner)
	}
}

// publish says that an object is whole and about to be renamed. What was
// committed of it stays known until that is certain.
func (st *state) publish(owner store.Owner, record []byte, durable bool) {
	st.recent.put(owner, record, st.claim(durable), true)
}

// confirm says that an object stands under its key.
func (st *state) confirm(owner store.Owner, record []byte, durable bool) {
	st.recent.put(owner, record, st.claim(durable), false)
}

// claim returns the epoch of a claim that is made now.
func (st *state) claim(durable bool) epoch {
	if durable {
		return 0
	}
	return st.cal.claim()
}

// settle says that the object of an owner was renamed.
func (st *state) settle(owner store.Owner) {
	st.recent.settle(owner)
	delete(st.drafts, owner)
}

// certain reports whether a power cut would leave a claim of the draft that is
// believed without a look at the bytes.
func (st *state) certain(d *draft) bool {
	return slices.ContainsFunc(d.done, func(p piece) bool { return p.at == 0 || st.cal.durable(p.at) })
}

// withdraw says that an owner has no published object.
func (st *state) withdraw(owner store.Owner) {
	st.recent.put(owner, nil, 0, false)
}

// find looks among the objects that are not in tables. It returns a record that
// is empty when the object was withdrawn.
func (st *state) find(owner store.Owner) (record []byte, e entry, ok bool) {
	for _, r := range []*recent{st.recent, st.frozen} {
		if e, ok := r.get(owner); ok {
			return r.record(e), e, true
		}
	}
	return nil, entry{}, false
}

// draft reads the beginning of an object.
func (r *reader) draft(typ uint8) *draft {
	d := &draft{owner: r.owner(), key: r.key()}
	if typ == recMeta {
		d.begun = true
		d.part = r.part()
		d.id = r.identity()
	}
	if d.part == "" {
		d.part = partName(d.owner, d.key)
	}
	return d
}

func (w *writer) begin(owner store.Owner, key store.Key) {
	w.owner(owner)
	w.string(string(key))
}

func (w *writer) meta(d *draft) {
	w.begin(d.owner, d.key)
	part := d.part
	if part == partName(d.owner, d.key) {
		part = ""
	}
	w.string(part)
	w.identity(d.id)
}

func (r *reader) chunk() piece {
	return piece{Range: r.rng(), crc: r.uint32(), known: true}
}

func (w *writer) chunk(owner store.Owner, p piece, flags byte) {
	w.owner(owner)
	w.byte(flags)
	w.rng(p.Range)
	w.uint32(p.crc)
}
