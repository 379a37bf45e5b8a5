package diskstore

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/seed-9a1263fe/haul/store"
	"github.com/seed-9a1263fe/haul/store/vfs"
)

// fanIn is how many tables of about one size become one.
const fanIn = 4

// tables are the tables of a store. A newer one hides what older ones say of
// the same owner.
type tables struct {
	fs   vfs.FS
	pool blockPool

	mu   sync.RWMutex // held for reading while a table is read
	list []*table     // oldest first
	next uint64       // number of the next table
	// old tables are in no checkpoint from the next one on. They are removed
	// once the log keeps no checkpoint that has them.
	old []oldTable
}

type oldTable struct {
	id    uint64
	after int // how many more checkpoints must have been written
}

// find looks for an owner's row, in the newest tables first.
func (ts *tables) find(owner store.Owner) (row, bool, error) {
	ts.mu.RLock()
	defer ts.mu.RUnlock()
	for _, t := range slices.Backward(ts.list) {
		if r, ok, err := t.find(owner, &ts.pool); ok || err != nil {
			return r, ok, err
		}
	}
	return row{}, false, nil
}

// open opens the tables that a checkpoint named.
func (ts *tables) open() error {
	named := ts.list
	ts.list = nil
	for _, n := range named {
		t, err := openTable(ts.fs, n.id)
		if err != nil {
			return errors.Join(err, ts.close())
		}
		ts.list = append(ts.list, t)
	}
	return nil
}

// begin begins a table of at most n rows.
func (ts *tables) begin(n int64) (*tableWriter, error) {
	ts.mu.Lock()
	id := ts.next
	ts.next++
	ts.mu.Unlock()
	return newTable(ts.fs, id, n)
}

// add puts in a table that is newer than all others.
func (ts *tables) add(t *table) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.list = append(ts.list, t)
}

// tier is the size of a table in steps of fanIn, from a base on.
func tier(count, base int64) int {
	n := 0
	for c := count / max(base, 1); c >= fanIn-1; c /= fanIn {
		n++
	}
	return n
}

// due returns the newest tables that are to become one, or none, and whether
// there are no older ones.
func (ts *tables) due(base int64) (run []*table, oldest bool) {
	ts.mu.RLock()
	defer ts.mu.RUnlock()
	for end := len(ts.list); end >= fanIn; {
		n := 1
		for n < end && tier(ts.list[end-n-1].count, base) == tier(ts.list[end-1].count, base) {
			n++
		}
		if n >= fanIn {
			return slices.Clone(ts.list[end-n : end]), n == end
		}
		end -= n
	}
	return nil, false
}

// merge makes one table of some that lie side by side. pause is called now and
// then, and may add newer tables.
func (ts *tables) merge(run []*table, oldest bool, pause func() error) error {
	var n int64
	for _, t := range run {
		n += t.count
	}
	w, err := ts.begin(n)
	if err != nil {
		return err
	}
	i := 0
	for r, err := range mergeRows(run) {
		if i++; err == nil && i%4096 == 0 {
			err = pause()
		}
		if err == nil && (len(r.record) > 0 || !oldest) {
			err = w.add(r)
		}
		if err != nil {
			return errors.Join(err, w.abort(ts.fs))
		}
	}
	t, err := w.finish(ts.fs)
	if err != nil {
		return err
	}
	return ts.replace(run, t)
}

// replace puts t in the place of the tables that it was made of.
func (ts *tables) replace(run []*table, t *table) error {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	i := slices.Index(ts.list, run[0])
	ts.list = slices.Replace(ts.list, i, i+len(run), t)
	var errs []error
	for _, o := range run {
		ts.old = append(ts.old, oldTable{o.id, 2})
		errs = append(errs, o.file.Close())
	}
	return errors.Join(errs...)
}

// mergeRows yields the rows of several tables, oldest first, as one. Of rows of
// one owner only the newest is seen.
func mergeRows(run []*table) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		type source struct {
			next func() (row, error, bool)
			row  row
			ok   bool
		}
		sources := make([]*source, len(run))
		advance := func(s *source) bool {
			r, err, ok := s.next()
			if s.row, s.ok = r, ok; err != nil {
				yield(row{}, err)
				return false
			}
			return true
		}
		for i, t := range run {
			next, stop := iter.Pull2(t.all())
			defer stop()
			sources[i] = &source{next: next}
			if !advance(sources[i]) {
				return
			}
		}
		for {
			var least *source
			for _, s := range sources { // a later one of the same owner is newer
				if s.ok && (least == nil || bytes.Compare(s.row.owner[:], least.row.owner[:]) <= 0) {
					least = s
				}
			}
			if least == nil || !yield(least.row, nil) {
				return
			}
			owner := least.row.owner
			for _, s := range sources {
				if s.ok && s.row.owner == owner && !advance(s) {
					return
				}
			}
		}
	}
}

// checkpointed says that a checkpoint was written, and removes the tables that
// no checkpoint has any more.
func (ts *tables) checkpointed() error {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	var errs []error
	ts.old = slices.DeleteFunc(ts.old, func(o oldTable) bool {
		return o.after <= 0 && ts.remove(o.id, &errs)
	})
	for i := range ts.old {
		ts.old[i].after--
	}
	return errors.Join(errs...)
}

func (ts *tables) remove(id uint64, errs *[]error) bool {
	err := ts.fs.Remove(tableName(id))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		*errs = append(*errs, err)
		return false
	}
	return true
}

// sweep removes the tables that the checkpoint does not know: those that a
// crash cut short.
func (ts *tables) sweep() error {
	known := make(map[string]bool)
	for _, t := range ts.list {
		known[path.Base(t.name)] = true
	}
	for _, o := range ts.old {
		known[path.Base(tableName(o.id))] = true
	}
	entries, err := ts.fs.ReadDir(store.StateDir)
	if err != nil {
		return fmt.Errorf("diskstore: look for tables: %w", err)
	}
	for _, e := range entries {
		if name := e.Name(); strings.HasPrefix(name, "published-") && strings.HasSuffix(name, ".tbl") && !known[name] {
			if err := ts.fs.Remove(store.StateDir + "/" + name); err != nil {
				return fmt.Errorf("diskstore: remove a table that was cut short: %w", err)
			}
		}
	}
	return nil
}

// close closes every table.
func (ts *tables) close() error {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	var errs []error
	for _, t := range ts.list {
		errs = append(errs, t.file.Close())
	}
	ts.list = nil
	return errors.Join(errs...)
}
