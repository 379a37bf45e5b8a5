package storetest

import (
	"sync"
	"testing"

	"github.com/seed-9a1263fe/haul/store"
)

var writing = map[string]func(*testing.T, Subject){
	"WritingShowsNothing": func(t *testing.T, s Subject) {
		o := s.begin(t, 1, "a.bin", 10)
		write(t, o, content(1, 10), 0)
		commit(t, o, 0, 10)
		s.wantNoFile(t, "a.bin")
		s.wantState(t, 1, store.Unfinished, 10)
	},

	"NothingIsWrittenBeforeReset": func(t *testing.T, s Subject) {
		o := s.open(t, 1, "a.bin")
		if _, err := o.WriteAt([]byte("x"), 0); err == nil {
			t.Error("a write before the first reset was taken")
		}
		_, err := o.Publish(t.Context(), store.Want{})
		wantErr(t, "publish before the first reset", err, store.ErrIncomplete)
	},

	"RangesOutsideAreRefused": func(t *testing.T, s Subject) {
		o := s.begin(t, 1, "a.bin", 10)
		for _, off := range []int64{-1, 6, 10, 1 << 40, 1<<63 - 1} {
			if _, err := o.WriteAt(content(1, 5), off); err == nil {
				t.Errorf("a write of 5 bytes at %d was taken in an object of 10", off)
			}
		}
		write(t, o, content(1, 10), 0)
		for _, r := range []store.Range{span(-1, 5), span(5, 11), span(7, 3)} {
			if err := o.Commit(t.Context(), r); err == nil {
				t.Errorf("commit of %v was taken in an object of 10", r)
			}
		}
		wantExtents(t, o)
	},

	"OnlyWhatWasWrittenIsCommitted": func(t *testing.T, s Subject) {
		o := s.begin(t, 1, "a.bin", 30)
		write(t, o, content(1, 10), 0)
		write(t, o, content(1, 10), 20)
		if err := o.Commit(t.Context(), span(0, 30)); err == nil {
			t.Error("a range with a hole was committed")
		}
		wantExtents(t, o)
	},

	"CommitsAddUp": func(t *testing.T, s Subject) {
		data := content(1, 40)
		o := s.begin(t, 1, "a.bin", 40)
		for _, off := range []int{30, 0, 10, 20} {
			write(t, o, data[off:off+10], off)
			commit(t, o, off, off+10)
		}
		wantExtents(t, o, span(0, 40))
		commit(t, o, 5, 35) // again, as after an answer that was lost
		wantExtents(t, o, span(0, 40))
	},

	"APartOfAWriteIsCommitted": func(t *testing.T, s Subject) {
		data := content(1, 40)
		o := s.begin(t, 1, "a.bin", 40)
		write(t, o, data, 0)
		commit(t, o, 10, 15)
		commit(t, o, 0, 12)
		wantExtents(t, o, span(0, 15))
		_, err := o.Publish(t.Context(), store.Want{})
		must(t, err)
		s.wantFile(t, "a.bin", data)
	},

	"WhatWasNotCommittedIsWrittenAgain": func(t *testing.T, s Subject) {
		data := content(1, 40)
		o := s.begin(t, 1, "a.bin", 40)
		write(t, o, content(2, 40), 0)
		write(t, o, data[10:30], 10)
		write(t, o, data[:20], 0)
		commit(t, o, 5, 25)
		write(t, o, data[25:], 25)
		write(t, o, data[:5], 0)
		_, err := o.Publish(t.Context(), store.Want{SHA256: true})
		must(t, err)
		s.wantFile(t, "a.bin", data)
	},

	"WhatIsCommittedStaysAsItIs": func(t *testing.T, s Subject) {
		data := content(1, 40)
		o := s.begin(t, 1, "a.bin", 40)
		write(t, o, data, 0)
		commit(t, o, 10, 30)
		for _, off := range []int64{0, 10, 15, 29} {
			if _, err := o.WriteAt(content(2, 11), off); err == nil {
				t.Errorf("a write over committed bytes at %d was taken", off)
			}
		}
		_, err := o.Publish(t.Context(), store.Want{})
		must(t, err)
		s.wantFile(t, "a.bin", data)
	},

	"WritersOfDisjointRangesRunAtOnce": func(t *testing.T, s Subject) {
		const writers, step, rounds = 8, 1000, 20
		data := content(1, writers*rounds*step)
		o := s.begin(t, 1, "a.bin", len(data))
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for r := range rounds {
					off := (w*rounds + r) * step
					if _, err := o.WriteAt(data[off:off+step], int64(off)); err != nil {
						t.Error(err)
					}
					if r%3 == 0 {
						if err := o.Commit(t.Context(), span(off, off+step)); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		wg.Wait()
		_, err := o.Publish(t.Context(), store.Want{SHA256: true})
		must(t, err)
		s.wantFile(t, "a.bin", data)
	},

	"ResetGivesUpEveryByte": func(t *testing.T, s Subject) {
		o := s.begin(t, 1, "a.bin", 20)
		write(t, o, content(1, 20), 0)
		commit(t, o, 0, 10)
		id := store.Identity{Size: 12, ETag: `"v2"`}
		must(t, o.Reset(t.Context(), id))
		if o.Identity() != id {
			t.Errorf("identity after reset: got %+v, want %+v", o.Identity(), id)
		}
		wantExtents(t, o)
		_, err := o.Publish(t.Context(), store.Want{})
		wantErr(t, "publish after reset", err, store.ErrIncomplete)
		s.wantUnknown(t, 1)
		write(t, o, content(2, 12), 0)
		_, err = o.Publish(t.Context(), store.Want{})
		must(t, err)
		s.wantFile(t, "a.bin", content(2, 12))
	},

	"WhatIsClosedWithoutACommitIsForgotten": func(t *testing.T, s Subject) {
		o := s.begin(t, 1, "a.bin", 20)
		write(t, o, content(1, 20), 0)
		must(t, o.Close())
		s.wantUnknown(t, 1)
		s.wantTaken(t, 2, "a.bin", false)
		o = s.open(t, 1, "b.bin")
		if o.Key() != "b.bin" || !o.Identity().IsZero() {
			t.Errorf("got key %q and identity %+v, want a new object", o.Key(), o.Identity())
		}
	},
}
