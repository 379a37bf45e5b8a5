package diskstore

import (
	"iter"

	"github.com/seed-9a1263fe/haul/store"
)

// recent holds the objects that were published last, as the log has them: a
// map of small entries into chunks of encoded records, which costs about 170
// bytes an object and gives the garbage collector nothing to look through.
type recent struct {
	entries map[store.Owner]entry
	chunks  [][]byte
}

// entry says where the record of a published object lies.
type entry struct {
	chunk uint32
	off   uint32
	n     uint16 // 0: withdrawn, which hides an older entry in a table
	at    epoch
	// pending objects have their record in the log and may not have been
	// renamed yet.
	pending bool
}

const chunkSize = 64 << 10

func newRecent() *recent { return &recent{entries: make(map[store.Owner]entry)} }

// len is the number of entries. r may be nil.
func (r *recent) len() int {
	if r == nil {
		return 0
	}
	return len(r.entries)
}

// put keeps a copy of the record of an owner's object. An empty record says
// that there is none.
func (r *recent) put(owner store.Owner, record []byte, at epoch, pending bool) {
	last := len(r.chunks) - 1
	if last < 0 || len(r.chunks[last])+len(record) > cap(r.chunks[last]) {
		r.chunks = append(r.chunks, make([]byte, 0, max(chunkSize, len(record))))
		last++
	}
	c := r.chunks[last]
	r.entries[owner] = entry{
		chunk: uint32(last), off: uint32(len(c)), n: uint16(len(record)), at: at, pending: pending,
	}
	r.chunks[last] = append(c, record...)
}

// settle says that the object of an owner was renamed.
func (r *recent) settle(owner store.Owner) {
	if e, ok := r.entries[owner]; ok && e.pending {
		e.pending = false
		r.entries[owner] = e
	}
}

// get returns an owner's entry. r may be nil.
func (r *recent) get(owner store.Owner) (entry, bool) {
	if r == nil {
		return entry{}, false
	}
	e, ok := r.entries[owner]
	return e, ok
}

// record returns the bytes of an entry, which nobody changes.
func (r *recent) record(e entry) []byte {
	return r.chunks[e.chunk][e.off:][:e.n:e.n]
}

// all yields the entries in no order.
func (r *recent) all() iter.Seq2[store.Owner, entry] {
	return func(yield func(store.Owner, entry) bool) {
		if r == nil {
			return
		}
		for o, e := range r.entries {
			if !yield(o, e) {
				return
			}
		}
	}
}
