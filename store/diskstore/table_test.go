package diskstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-9a1263fe/haul/store"
	"github.com/seed-9a1263fe/haul/store/vfs"
)

// writeRows writes a table of rows in order.
func writeRows(t interface{ Fatal(...any) }, ts *tables, rows []row) *table {
	w, err := ts.begin(int64(len(rows)))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if err := w.add(r); err != nil {
			t.Fatal(err)
		}
	}
	tab, err := w.finish(ts.fs)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func newTables(t interface{ Fatal(...any) }) *tables {
	fsys := vfs.NewMem()
	if err := fsys.MkdirAll(store.StateDir); err != nil {
		t.Fatal(err)
	}
	return &tables{fs: fsys}
}

// spread returns n owners in order: hashes, or the same ones crowded into a
// corner, as a caller might have them who does not hash.
func spread(n int, crowded bool) []store.Owner {
	owners := make([]store.Owner, n)
	for i := range owners {
		x := mix(uint64(i + 1))
		if crowded {
			x = uint64(i * i)
		}
		binary.BigEndian.PutUint64(owners[i][:8], x)
		binary.BigEndian.PutUint64(owners[i][8:], uint64(i))
	}
	slices.SortFunc(owners, func(a, b store.Owner) int { return bytes.Compare(a[:], b[:]) })
	return owners
}

func TestATableFindsWhatItHolds(t *testing.T) {
	for _, crowded := range []bool{false, true} {
		for _, n := range []int{0, 1, 40, 5000} {
			t.Run(fmt.Sprintf("%d, crowded %v", n, crowded), func(t *testing.T) {
				ts := newTables(t)
				var rows []row
				owners := spread(2*n, crowded)
				for i := 0; i < len(owners); i += 2 {
					rows = append(rows, row{owners[i], epoch(i), bytes.Repeat([]byte{byte(i)}, i%300)})
				}
				ts.add(writeRows(t, ts, rows))
				if err := ts.open(); err != nil {
					t.Fatal(err)
				}
				for i, o := range owners {
					r, ok, err := ts.find(o)
					if err != nil || ok != (i%2 == 0) {
						t.Fatalf("owner %d: found %v, %v", i, ok, err)
					}
					if ok && (r.at != epoch(i) || !bytes.Equal(r.record, rows[i/2].record)) {
						t.Fatalf("owner %d: got %v, want %v", i, r, rows[i/2])
					}
				}
				if err := ts.close(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func TestMergedTablesTellTheNewest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ts := newTables(t)
		want := make(map[store.Owner]row)
		pool := spread(30, false)
		for i := range rapid.IntRange(2, 6).Draw(t, "tables") {
			var rows []row
			for j, o := range pool {
				if rapid.Bool().Draw(t, "has") {
					r := row{o, epoch(100*i + j), nil}
					if rapid.Bool().Draw(t, "stands") {
						r.record = []byte{byte(i), byte(j)}
					}
					rows = append(rows, r)
					want[o] = r
				}
			}
			ts.add(writeRows(t, ts, rows))
		}
		oldest := rapid.Bool().Draw(t, "with the oldest")
		run := slices.Clone(ts.list)
		if !oldest {
			run = run[1:]
		}
		if err := ts.merge(run, oldest, func() error { return nil }); err != nil {
			t.Fatal(err)
		}
		for _, o := range pool {
			r, ok, err := ts.find(o)
			if err != nil {
				t.Fatal(err)
			}
			w, there := want[o]
			if len(r.record) != len(w.record) || !bytes.Equal(r.record, w.record) || ok && r.at != w.at {
				t.Fatalf("got %v, %v, want %v, %v", r, ok, w, there)
			}
		}
		if n := len(ts.list); oldest && n != 1 || !oldest && n != 2 {
			t.Fatalf("%d tables are left", n)
		}
	})
}

func TestADamagedTableIsRefusedByName(t *testing.T) {
	ts := newTables(t)
	var rows []row
	for i, o := range spread(300, false) {
		rows = append(rows, row{o, 1, bytes.Repeat([]byte{byte(i)}, 50)})
	}
	tab := writeRows(t, ts, rows)
	size, err := tab.file.Size()
	if err != nil {
		t.Fatal(err)
	}
	for off := int64(0); off < size; off += 97 {
		var b [1]byte
		if _, err := tab.file.ReadAt(b[:], off); err != nil {
			t.Fatal(err)
		}
		tab.file.WriteAt([]byte{b[0] ^ 0x10}, off)
		if _, ok := errors.AsType[*TableError](readWhole(ts, tab.id, rows)); !ok {
			t.Errorf("byte %d of %d flipped: no TableError", off, size)
		}
		tab.file.WriteAt(b[:], off)
	}
	if err := readWhole(ts, tab.id, rows); err != nil {
		t.Errorf("mended again: %v", err)
	}
	tab.file.Truncate(size - 1)
	if _, ok := errors.AsType[*TableError](readWhole(ts, tab.id, rows)); !ok {
		t.Error("cut short: no TableError")
	}
}

// readWhole opens a table and looks for all rows.
func readWhole(ts *tables, id uint64, rows []row) error {
	t, err := openTable(ts.fs, id)
	if err != nil {
		return err
	}
	defer t.file.Close()
	for _, r := range rows {
		if _, _, err := t.find(r.owner, &ts.pool); err != nil {
			return err
		}
	}
	return nil
}

// FuzzTable opens what no store wrote.
func FuzzTable(f *testing.F) {
	ts := newTables(f)
	tab := writeRows(f, ts, []row{{owner(1), 1, []byte("one")}, {owner(2), 2, nil}})
	whole, err := readFile(ts.fs, tab.name)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Fuzz(func(t *testing.T, b []byte) {
		ts := newTables(t)
		file, err := ts.fs.OpenFile(tableName(1), vfs.ReadWrite|vfs.Create)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) > 0 {
			if _, err := file.WriteAt(b, 0); err != nil {
				t.Fatal(err)
			}
		}
		tab, err := openTable(ts.fs, 1)
		if err != nil {
			return
		}
		tab.find(owner(1), &ts.pool)
		for range tab.all() {
		}
	})
}
