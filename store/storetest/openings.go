package storetest

import (
	"testing"
	"time"

	"github.com/seed-9a1263fe/haul/store"
)

var openings = map[string]func(*testing.T, Subject){
	"StatKnowsNothingOfAStranger": func(t *testing.T, s Subject) {
		s.wantUnknown(t, 1)
	},

	"ANewObjectHasItsKeyAndNothingElse": func(t *testing.T, s Subject) {
		o := s.open(t, 1, "a.bin")
		if o.Key() != "a.bin" || !o.Identity().IsZero() {
			t.Errorf("got key %q and identity %+v, want a.bin and none", o.Key(), o.Identity())
		}
		wantExtents(t, o)
		s.wantUnknown(t, 1)
	},

	"OneOwnerOpensOnce": func(t *testing.T, s Subject) {
		o := s.open(t, 1, "a.bin")
		_, err := s.Store.Open(t.Context(), owner(1), "b.bin")
		wantErr(t, "second open", err, store.ErrBusy)
		must(t, o.Close())
		s.open(t, 1, "b.bin")
	},

	"OneKeyIsOpenOnce": func(t *testing.T, s Subject) {
		o := s.open(t, 1, "a.bin")
		_, err := s.Store.Open(t.Context(), owner(2), "a.bin")
		wantErr(t, "open of a key in use", err, store.ErrBusy)
		must(t, o.Discard(t.Context()))
		s.open(t, 2, "a.bin")
	},

	"AKeyOnItsWayToAnotherIsTaken": func(t *testing.T, s Subject) {
		o := s.begin(t, 1, "a.bin", 10)
		s.wantTaken(t, 1, "a.bin", false)
		s.wantTaken(t, 2, "a.bin", true)
		write(t, o, content(1, 5), 0)
		commit(t, o, 0, 5)
		must(t, o.Close())
		s.wantTaken(t, 2, "a.bin", true)
		_, err := s.Store.Open(t.Context(), owner(2), "a.bin")
		wantErr(t, "open of a key that is kept for another", err, store.ErrExists)
	},

	"GoingOnKeepsKeyIdentityAndExtents": func(t *testing.T, s Subject) {
		id := store.Identity{Size: 100, ETag: `"v1"`, LastModified: time.Unix(1e9, 0).UTC()}
		o := s.open(t, 1, "a.bin")
		must(t, o.Reset(t.Context(), id))
		write(t, o, content(1, 40), 0)
		commit(t, o, 0, 30)
		must(t, o.Close())
		s.wantState(t, 1, store.Unfinished, 30)

		o = s.open(t, 1, "other.bin")
		if o.Key() != "a.bin" {
			t.Errorf("key after going on: got %q, want a.bin", o.Key())
		}
		if got := o.Identity(); got.Size != id.Size || got.ETag != id.ETag || !got.LastModified.Equal(id.LastModified) {
			t.Errorf("identity after going on: got %+v, want %+v", got, id)
		}
		wantExtents(t, o, span(0, 30))
	},

	"WhatWasNotCommittedIsOwedAgain": func(t *testing.T, s Subject) {
		o := s.begin(t, 1, "a.bin", 20)
		write(t, o, content(1, 20), 0)
		commit(t, o, 0, 10)
		must(t, o.Close())
		o = s.open(t, 1, "a.bin")
		_, err := o.Publish(t.Context(), store.Want{})
		wantErr(t, "publish", err, store.ErrIncomplete)
		write(t, o, content(1, 20)[10:], 10)
		_, err = o.Publish(t.Context(), store.Want{})
		must(t, err)
		s.wantFile(t, "a.bin", content(1, 20))
	},

	"BadKeysAreRefused": func(t *testing.T, s Subject) {
		for _, key := range []store.Key{"", "/a", "../a", "a/../b", "a//b", "a\\b", "a\x00b", ".haul/x"} {
			_, err := s.Store.Open(t.Context(), owner(1), key)
			wantErr(t, "open "+string(key), err, store.ErrKey)
			_, err = s.Store.Taken(t.Context(), owner(1), key)
			wantErr(t, "taken "+string(key), err, store.ErrKey)
		}
	},
}
