package storetest

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/seed-9a1263fe/haul/store"
)

var publishing = map[string]func(*testing.T, Subject){
	"PublishShowsTheWhole": func(t *testing.T, s Subject) {
		data := content(1, 1000)
		info := s.put(t, 1, "dir/sub/a.bin", data)
		if info.State != store.Published || info.Key != "dir/sub/a.bin" || info.Present != 1000 || info.Identity.Size != 1000 {
			t.Errorf("publish tells %+v", info)
		}
		s.wantFile(t, "dir/sub/a.bin", data)
		s.wantState(t, 1, store.Published, 1000)
	},

	"AnEmptyObjectIsWhole": func(t *testing.T, s Subject) {
		s.put(t, 1, "empty", nil)
		s.wantFile(t, "empty", nil)
		s.wantState(t, 1, store.Published, 0)
	},

	"WrittenAndCommittedMakeTheWhole": func(t *testing.T, s Subject) {
		data := content(1, 100)
		o := s.begin(t, 1, "a.bin", 100)
		write(t, o, data[50:], 50)
		commit(t, o, 50, 100)
		must(t, o.Close())
		o = s.open(t, 1, "a.bin")
		write(t, o, data[:50], 0)
		info, err := o.Publish(t.Context(), store.Want{SHA256: true})
		must(t, err)
		if sum := sha256.Sum256(data); !bytes.Equal(info.SHA256, sum[:]) {
			t.Errorf("sha256: got %x, want %x", info.SHA256, sum)
		}
		s.wantFile(t, "a.bin", data)
	},

	"AnIncompleteObjectStaysOpen": func(t *testing.T, s Subject) {
		data := content(1, 100)
		o := s.begin(t, 1, "a.bin", 100)
		write(t, o, data[:99], 0)
		_, err := o.Publish(t.Context(), store.Want{})
		wantErr(t, "publish", err, store.ErrIncomplete)
		s.wantNoFile(t, "a.bin")
		write(t, o, data[99:], 99)
		_, err = o.Publish(t.Context(), store.Want{})
		must(t, err)
		s.wantFile(t, "a.bin", data)
	},

	"AnUnknownSizeIsWhereTheRunEnds": func(t *testing.T, s Subject) {
		data := content(1, 100)
		o := s.open(t, 1, "a.bin")
		must(t, o.Reset(t.Context(), store.Identity{Size: store.UnknownSize, ETag: `W/"x"`}))
		write(t, o, data[50:], 50)
		_, err := o.Publish(t.Context(), store.Want{})
		wantErr(t, "publish of a run that does not begin at zero", err, store.ErrIncomplete)
		write(t, o, data[:50], 0)
		info, err := o.Publish(t.Context(), store.Want{})
		must(t, err)
		if info.Identity.Size != 100 || info.Present != 100 {
			t.Errorf("size: got %d, present %d, want 100", info.Identity.Size, info.Present)
		}
		s.wantFile(t, "a.bin", data)
	},

	"AnUnknownSizeMayBeZero": func(t *testing.T, s Subject) {
		o := s.open(t, 1, "a.bin")
		must(t, o.Reset(t.Context(), store.Identity{Size: store.UnknownSize}))
		_, err := o.Publish(t.Context(), store.Want{})
		must(t, err)
		s.wantFile(t, "a.bin", nil)
	},

	"ALongerAttemptLeavesNoTail": func(t *testing.T, s Subject) {
		o := s.open(t, 1, "a.bin")
		must(t, o.Reset(t.Context(), store.Identity{Size: store.UnknownSize, ETag: `"x"`}))
		write(t, o, content(1, 5000), 0)
		commit(t, o, 0, 100)
		must(t, o.Close())
		o = s.open(t, 1, "a.bin")
		write(t, o, content(1, 5000)[100:200], 100)
		_, err := o.Publish(t.Context(), store.Want{})
		must(t, err)
		s.wantFile(t, "a.bin", content(1, 5000)[:200])
	},

	"DigestsAreCompared": func(t *testing.T, s Subject) {
		data := content(1, 5000)
		sums := map[string]string{}
		a, b := sha256.Sum256(data), md5.Sum(data)
		sums["sha-256"], sums["md5"] = hex.EncodeToString(a[:]), hex.EncodeToString(b[:])
		n := 0
		for algorithm, sum := range sums {
			n++
			right, err := store.ParseDigest(algorithm, sum)
			must(t, err)
			wrong := right
			wrong.Sum = string(bytes.Repeat([]byte{7}, len(right.Sum)))
			key := store.Key(algorithm)
			o := s.begin(t, n, key, len(data))
			write(t, o, data, 0)
			_, err = o.Publish(t.Context(), store.Want{Digests: []store.Digest{wrong}})
			wantErr(t, algorithm, err, store.ErrMismatch)
			s.wantNoFile(t, key)
			_, err = o.Publish(t.Context(), store.Want{Digests: []store.Digest{right, wrong}})
			wantErr(t, algorithm, err, store.ErrMismatch)
			s.wantNoFile(t, key)
			_, err = o.Publish(t.Context(), store.Want{Digests: []store.Digest{right}})
			must(t, err)
			s.wantFile(t, key, data)
		}
	},

	"AMismatchCanBeWrittenAgain": func(t *testing.T, s Subject) {
		data := content(1, 3000)
		sum := sha256.Sum256(data)
		want := store.Want{Digests: []store.Digest{{Algorithm: "sha-256", Sum: string(sum[:])}}, SHA256: true}
		o := s.begin(t, 1, "a.bin", len(data))
		write(t, o, content(2, 3000), 0)
		_, err := o.Publish(t.Context(), want)
		wantErr(t, "publish of other bytes", err, store.ErrMismatch)
		write(t, o, data, 0)
		_, err = o.Publish(t.Context(), want)
		must(t, err)
		s.wantFile(t, "a.bin", data)
	},

	"AnUnknownAlgorithmIsNoSuccess": func(t *testing.T, s Subject) {
		o := s.begin(t, 1, "a.bin", 1)
		write(t, o, []byte("x"), 0)
		if _, err := o.Publish(t.Context(), store.Want{Digests: []store.Digest{{Algorithm: "rot13", Sum: "x"}}}); err == nil {
			t.Error("published against a digest that nobody can compute")
		}
		s.wantNoFile(t, "a.bin")
	},

	"ACanceledPublishDoesNothing": func(t *testing.T, s Subject) {
		o := s.begin(t, 1, "a.bin", 1)
		write(t, o, []byte("x"), 0)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := o.Publish(ctx, store.Want{})
		wantErr(t, "publish", err, context.Canceled)
		s.wantNoFile(t, "a.bin")
	},

	"APublishedObjectIsBegunAnewBesideIt": func(t *testing.T, s Subject) {
		s.put(t, 1, "a.bin", content(1, 50))
		o := s.open(t, 1, "a.bin")
		wantExtents(t, o)
		if !o.Identity().IsZero() {
			t.Errorf("identity of an object begun anew: %+v", o.Identity())
		}
		must(t, o.Reset(t.Context(), size(70)))
		write(t, o, content(2, 70), 0)
		s.wantFile(t, "a.bin", content(1, 50))
		s.wantState(t, 1, store.Published, 50)
		_, err := o.Publish(t.Context(), store.Want{})
		must(t, err)
		s.wantFile(t, "a.bin", content(2, 70))
		s.wantState(t, 1, store.Published, 70)
	},

	"AnAttemptThatIsDiscardedLeavesThePublished": func(t *testing.T, s Subject) {
		s.put(t, 1, "a.bin", content(1, 50))
		o := s.begin(t, 1, "a.bin", 70)
		write(t, o, content(2, 60), 0)
		commit(t, o, 0, 60)
		must(t, o.Discard(t.Context()))
		s.wantFile(t, "a.bin", content(1, 50))
		s.wantState(t, 1, store.Published, 50)
	},

	"StatNoticesThatTheFileIsGone": func(t *testing.T, s Subject) {
		s.put(t, 1, "a.bin", content(1, 50))
		must(t, s.Remove("a.bin"))
		s.wantUnknown(t, 1)
		s.put(t, 1, "a.bin", content(1, 50))
		s.wantState(t, 1, store.Published, 50)
	},

	"StatNoticesThatTheFileIsAnother": func(t *testing.T, s Subject) {
		s.put(t, 1, "a.bin", content(1, 50))
		must(t, s.Plant("a.bin", content(3, 49)))
		s.wantUnknown(t, 1)
		s.wantTaken(t, 1, "a.bin", true)
	},
}
