package diskstore

import (
	"bytes"
	"testing"
	"time"

	"github.com/seed-9a1263fe/haul/store"
)

func samplePublished() published {
	return published{
		key: "d/ä.bin", id: store.Identity{Size: 12, ETag: `"v"`, LastModified: time.Unix(1e9, 0).UTC()},
		size: 12, crc: 7, sha256: bytes.Repeat([]byte{9}, 32),
		mtime: time.Unix(2e9, 5), slack: 3 * time.Second, set: time.Unix(1e9, 0), over: true,
		part: "d/b.00112233.part",
	}
}

func TestRecordsAreReadAsWritten(t *testing.T) {
	for name, change := range map[string]func(*published){
		"all":         func(*published) {},
		"no digest":   func(p *published) { p.sha256 = nil },
		"usual part":  func(p *published) { p.part = "" },
		"no set time": func(p *published) { p.set = time.Time{} },
		"no identity": func(p *published) { p.id = store.Identity{Size: store.UnknownSize} },
	} {
		p := samplePublished()
		change(&p)
		var w, again writer
		w.published(p)
		r := reader{b: w.b}
		got := r.published()
		again.published(got)
		if r.err != nil || len(r.b) != 0 || !bytes.Equal(w.b, again.b) || got.key != p.key || !got.mtime.Equal(p.mtime) || got.id != p.id {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, r.err, p)
		}
	}
}

func TestATagThatIsTooLongIsLeftOut(t *testing.T) {
	var w writer
	w.identity(store.Identity{Size: 3, ETag: `"` + string(bytes.Repeat([]byte{'x'}, maxETag)) + `"`})
	r := reader{b: w.b}
	if id := r.identity(); r.err != nil || id.ETag != "" || id.Size != 3 {
		t.Errorf("got %+v, %v", id, r.err)
	}
}

func TestPartNamesAreOurs(t *testing.T) {
	long := store.Key(bytes.Repeat([]byte("ä"), 127))
	for _, key := range []store.Key{"a", "d/a.part", long, "d/" + long, "x.00000000.part.y"} {
		name := partName(store.Owner{0xab, 0xcd}, key)
		if !isPartName(name) || store.Key(name).Validate() != nil {
			t.Errorf("part of %q: %q is not a part's name", key, name)
		}
	}
	for _, name := range []string{"a", "a.part", "a.0011223.part", "a.0011223G.part", "a.00112233.PART", "a.00112233"} {
		if isPartName(name) {
			t.Errorf("%q passes for a part's name", name)
		}
	}
}

// FuzzApply gives the state records that no store wrote. It must not panic, and
// what it accepts must survive being saved.
func FuzzApply(f *testing.F) {
	for typ, fill := range sampleRecords() {
		var w writer
		fill(&w)
		f.Add(typ, w.b)
	}
	f.Fuzz(func(t *testing.T, typ uint8, body []byte) {
		st := newState()
		st.tables = new(tables)
		st.drafts[owner(1)] = &draft{owner: owner(1), key: "a", part: partName(owner(1), "a"), begun: true}
		if st.apply(typ, body) != nil {
			return
		}
		saveAndRestore(t, st)
	})
}

func owner(n byte) store.Owner { return store.Owner{n, n, n, n} }

func sampleRecords() map[uint8]func(*writer) {
	return map[uint8]func(*writer){
		recBoot:  func(w *writer) { w.string("boot"); w.time(noon) },
		recBegin: func(w *writer) { w.begin(owner(1), "a") },
		recMeta: func(w *writer) {
			w.meta(&draft{owner: owner(1), key: "a", part: "b.01010101.part", id: store.Identity{Size: 5}})
		},
		recChunk: func(w *writer) {
			w.chunk(owner(1), piece{Range: store.Range{Off: 3, End: 9}, crc: 8}, chunkDurable)
		},
		recRename:     func(w *writer) { w.begin(owner(1), "c") },
		recDrop:       func(w *writer) { w.owner(owner(1)) },
		recPublish:    func(w *writer) { w.owner(owner(1)); w.byte(0); w.published(samplePublished()) },
		recConfirm:    func(w *writer) { w.owner(owner(1)); w.byte(0); w.published(samplePublished()) },
		recWithdraw:   func(w *writer) { w.owner(owner(1)) },
		recMark:       func(*writer) {},
		recSynced:     func(w *writer) { w.epoch(1); w.time(noon) },
		recLost:       func(*writer) {},
		recCheckpoint: func(*writer) {},
	}
}

func saveAndRestore(t *testing.T, st state) {
	t.Helper()
	var w writer
	st.save(&w)
	back := newState()
	back.tables = new(tables)
	if err := back.restore(bytes.NewReader(w.b)); err != nil {
		t.Fatalf("a state that was saved is refused: %v", err)
	}
	var again writer
	back.save(&again)
	if len(again.b) != len(w.b) {
		t.Errorf("saved again it has %d bytes, want %d", len(again.b), len(w.b))
	}
}

// FuzzRestore gives the state checkpoints that no store wrote.
func FuzzRestore(f *testing.F) {
	st := newState()
	st.tables = &tables{next: 3, list: []*table{{id: 1}}, old: []oldTable{{2, 1}}}
	for typ, fill := range sampleRecords() {
		var w writer
		fill(&w)
		if err := st.apply(typ, w.b); err != nil {
			f.Fatal(err)
		}
	}
	var w writer
	st.save(&w)
	f.Add(w.b)
	f.Fuzz(func(t *testing.T, b []byte) {
		st := newState()
		st.tables = new(tables)
		if st.restore(bytes.NewReader(b)) == nil {
			saveAndRestore(t, st)
		}
	})
}
