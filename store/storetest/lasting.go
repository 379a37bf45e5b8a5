package storetest

import (
	"testing"

	"github.com/seed-9a1263fe/haul/store"
)

// Lasting is a store that outlives its process.
type Lasting struct {
	Subject
	// Reopen closes the store and opens it again.
	Reopen func(t *testing.T) Subject
	// Kill opens the store as a process does that comes after this one was
	// killed in the middle of whatever it did. The subject is not used again.
	Kill func(t *testing.T) Subject
}

// SuiteLasting runs what the contract promises across processes, once with a
// clean end between and once with a kill.
func SuiteLasting(t *testing.T, open func(t *testing.T) Lasting) {
	for name, next := range map[string]func(*testing.T, Lasting) Subject{
		"Reopen": func(t *testing.T, l Lasting) Subject { return l.Reopen(t) },
		"Kill":   func(t *testing.T, l Lasting) Subject { return l.Kill(t) },
	} {
		for what, test := range lasting {
			t.Run(name+"/"+what, func(t *testing.T) {
				t.Parallel()
				l := open(t)
				test(t, l.Subject, func() Subject { return next(t, l) })
			})
		}
	}
}

var lasting = map[string]func(*testing.T, Subject, func() Subject){
	"PublishedObjectsAreThere": func(t *testing.T, s Subject, next func() Subject) {
		want := map[int][]byte{1: content(1, 100), 2: nil, 3: content(3, 70_000)}
		keys := map[int]store.Key{1: "a", 2: "d/empty", 3: "d/e/large"}
		for n, data := range want {
			s.put(t, n, keys[n], data)
		}
		s = next()
		for n, data := range want {
			if info := s.wantState(t, n, store.Published, len(data)); info.Key != keys[n] {
				t.Errorf("key: got %q, want %q", info.Key, keys[n])
			}
			s.wantFile(t, keys[n], data)
			s.wantTaken(t, n, keys[n], false)
			s.wantTaken(t, 9, keys[n], true)
		}
	},

	"CommittedRangesAreThere": func(t *testing.T, s Subject, next func() Subject) {
		data := content(1, 100_000)
		o := s.open(t, 1, "d/a")
		id := store.Identity{Size: 100_000, ETag: `"v"`}
		must(t, o.Reset(t.Context(), id))
		for _, off := range []int{0, 50_000, 20_000} {
			write(t, o, data[off:off+20_000], off)
			commit(t, o, off, off+20_000)
		}
		write(t, o, data[90_000:], 90_000)
		s = next()
		s.wantState(t, 1, store.Unfinished, 60_000)
		s.wantTaken(t, 2, "d/a", true)
		o = s.open(t, 1, "other")
		if o.Key() != "d/a" || o.Identity() != id {
			t.Errorf("got key %q and identity %+v", o.Key(), o.Identity())
		}
		wantExtents(t, o, span(0, 40_000), span(50_000, 70_000))
		e := o.Extents()
		for r := range e.Missing(100_000) {
			write(t, o, data[r.Off:r.End], int(r.Off))
		}
		_, err := o.Publish(t.Context(), store.Want{SHA256: true})
		must(t, err)
		s.wantFile(t, "d/a", data)
	},

	"WhatWasGivenUpStaysGivenUp": func(t *testing.T, s Subject, next func() Subject) {
		o := s.begin(t, 1, "a", 100)
		write(t, o, content(1, 100), 0)
		commit(t, o, 0, 100)
		must(t, o.Discard(t.Context()))
		o = s.begin(t, 2, "b", 100)
		write(t, o, content(2, 100), 0)
		commit(t, o, 0, 100)
		must(t, o.Reset(t.Context(), store.Identity{Size: 80, ETag: `"new"`}))
		write(t, o, content(3, 80)[:30], 0)
		commit(t, o, 0, 30)
		s = next()
		s.wantUnknown(t, 1)
		s.wantTaken(t, 9, "a", false)
		o = s.open(t, 2, "b")
		if o.Identity().ETag != `"new"` {
			t.Errorf("identity: got %+v", o.Identity())
		}
		wantExtents(t, o, span(0, 30))
		write(t, o, content(3, 80)[30:], 30)
		_, err := o.Publish(t.Context(), store.Want{})
		must(t, err)
		s.wantFile(t, "b", content(3, 80))
	},

	"ANewNameIsKept": func(t *testing.T, s Subject, next func() Subject) {
		o := s.begin(t, 1, "a", 100)
		write(t, o, content(1, 100), 0)
		commit(t, o, 0, 50)
		must(t, o.Rename(t.Context(), "d/b"))
		commit(t, o, 50, 60)
		s = next()
		s.wantTaken(t, 2, "a", false)
		s.wantTaken(t, 2, "d/b", true)
		o = s.open(t, 1, "a")
		if o.Key() != "d/b" {
			t.Errorf("key: got %q, want d/b", o.Key())
		}
		write(t, o, content(1, 100)[60:], 60)
		_, err := o.Publish(t.Context(), store.Want{})
		must(t, err)
		s.wantFile(t, "d/b", content(1, 100))
	},

	"APublishThatWasRefusedIsNoPublish": func(t *testing.T, s Subject, next func() Subject) {
		must(t, s.Plant("a", content(9, 100)))
		o := s.begin(t, 1, "a", 100)
		write(t, o, content(1, 100), 0)
		commit(t, o, 0, 100)
		_, err := o.Publish(t.Context(), store.Want{})
		wantErr(t, "publish", err, store.ErrExists)
		s = next()
		s.wantFile(t, "a", content(9, 100))
		s.wantState(t, 1, store.Unfinished, 100)
	},

	"AnAttemptBesideWhatIsPublishedIsNotMixedUp": func(t *testing.T, s Subject, next func() Subject) {
		s.put(t, 1, "a", content(1, 100))
		o := s.begin(t, 1, "a", 100)
		write(t, o, content(2, 100)[:60], 0)
		commit(t, o, 0, 40)
		s = next()
		s.wantFile(t, "a", content(1, 100))
		s.wantState(t, 1, store.Published, 100)
		o = s.open(t, 1, "a")
		wantExtents(t, o, span(0, 40))
		write(t, o, content(2, 100)[40:], 40)
		_, err := o.Publish(t.Context(), store.Want{})
		must(t, err)
		s.wantFile(t, "a", content(2, 100))
	},
}
