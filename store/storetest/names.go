package storetest

import (
	"testing"

	"github.com/seed-9a1263fe/haul/store"
)

var names = map[string]func(*testing.T, Subject){
	"TheOwnersOwnFileIsNotInItsWay": func(t *testing.T, s Subject) {
		s.wantTaken(t, 1, "a.bin", false)
		s.put(t, 1, "a.bin", content(1, 50))
		s.wantTaken(t, 1, "a.bin", false)
		s.wantTaken(t, 2, "a.bin", true)
	},

	"AForeignFileIsNeverReplaced": func(t *testing.T, s Subject) {
		must(t, s.Plant("a.bin", content(9, 30)))
		s.wantTaken(t, 1, "a.bin", true)
		o := s.begin(t, 1, "a.bin", 50)
		write(t, o, content(1, 50), 0)
		_, err := o.Publish(t.Context(), store.Want{})
		wantErr(t, "publish over a foreign file", err, store.ErrExists)
		s.wantFile(t, "a.bin", content(9, 30))
		s.wantUnknown(t, 1)

		must(t, o.Rename(t.Context(), "a.1.bin"))
		_, err = o.Publish(t.Context(), store.Want{})
		must(t, err)
		s.wantFile(t, "a.bin", content(9, 30))
		s.wantFile(t, "a.1.bin", content(1, 50))
	},

	"AForeignFileIsReplacedOnRequest": func(t *testing.T, s Subject) {
		must(t, s.Plant("a.bin", content(9, 30)))
		o := s.begin(t, 1, "a.bin", 50)
		write(t, o, content(1, 50), 0)
		_, err := o.Publish(t.Context(), store.Want{Replace: true})
		must(t, err)
		s.wantFile(t, "a.bin", content(1, 50))
		s.wantState(t, 1, store.Published, 50)
	},

	"AnotherOwnersObjectIsForeign": func(t *testing.T, s Subject) {
		s.put(t, 1, "a.bin", content(1, 50))
		o := s.begin(t, 2, "a.bin", 50)
		write(t, o, content(2, 50), 0)
		_, err := o.Publish(t.Context(), store.Want{})
		wantErr(t, "publish over another owner's object", err, store.ErrExists)
		s.wantFile(t, "a.bin", content(1, 50))
		s.wantState(t, 1, store.Published, 50)
	},

	"AReplacedObjectIsNoLongerPublished": func(t *testing.T, s Subject) {
		s.put(t, 1, "a.bin", content(1, 50))
		o := s.begin(t, 2, "a.bin", 60)
		write(t, o, content(2, 60), 0)
		_, err := o.Publish(t.Context(), store.Want{Replace: true})
		must(t, err)
		s.wantUnknown(t, 1)
		s.wantState(t, 2, store.Published, 60)
	},

	"RenameMovesTheClaim": func(t *testing.T, s Subject) {
		o := s.begin(t, 1, "a.bin", 50)
		write(t, o, content(1, 20), 0)
		commit(t, o, 0, 20)
		must(t, o.Rename(t.Context(), "dir/b.bin"))
		if o.Key() != "dir/b.bin" {
			t.Errorf("key after rename: %q", o.Key())
		}
		s.wantTaken(t, 2, "a.bin", false)
		s.wantTaken(t, 2, "dir/b.bin", true)
		must(t, o.Close())

		o = s.open(t, 1, "a.bin")
		if o.Key() != "dir/b.bin" {
			t.Errorf("key after going on: %q", o.Key())
		}
		wantExtents(t, o, span(0, 20))
		write(t, o, content(1, 50)[20:], 20)
		_, err := o.Publish(t.Context(), store.Want{})
		must(t, err)
		s.wantFile(t, "dir/b.bin", content(1, 50))
		s.wantNoFile(t, "a.bin")
	},

	"RenameToAKeyOfAnotherIsRefused": func(t *testing.T, s Subject) {
		a, b := s.begin(t, 1, "a.bin", 50), s.begin(t, 2, "b.bin", 50)
		wantErr(t, "rename", a.Rename(t.Context(), "b.bin"), store.ErrExists)
		if a.Key() != "a.bin" {
			t.Errorf("key after a refused rename: %q", a.Key())
		}
		wantErr(t, "rename to a bad key", a.Rename(t.Context(), "../b"), store.ErrKey)
		must(t, b.Rename(t.Context(), "c.bin"))
		must(t, a.Rename(t.Context(), "b.bin"))
	},

	"LongNamesWork": func(t *testing.T, s Subject) {
		long := make([]byte, store.MaxSegment)
		for i := range long {
			long[i] = 'a' + byte(i%26)
		}
		s.put(t, 1, store.Key(long), content(1, 50))
		s.wantFile(t, store.Key(long), content(1, 50))
		long[len(long)-1] = '!'
		s.put(t, 2, store.Key(long), content(2, 50))
		s.wantFile(t, store.Key(long), content(2, 50))
	},
}
