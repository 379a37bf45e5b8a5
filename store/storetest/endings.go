package storetest

import (
	"context"
	"testing"

	"github.com/seed-9a1263fe/haul/store"
)

var endings = map[string]func(*testing.T, Subject){
	"DiscardForgets": func(t *testing.T, s Subject) {
		o := s.begin(t, 1, "a.bin", 50)
		write(t, o, content(1, 50), 0)
		commit(t, o, 0, 50)
		must(t, o.Discard(t.Context()))
		s.wantUnknown(t, 1)
		s.wantTaken(t, 2, "a.bin", false)
		o = s.open(t, 1, "a.bin")
		wantExtents(t, o)
	},

	"NothingButCloseAfterTheEnd": func(t *testing.T, s Subject) {
		ends := map[string]func(store.Object) error{
			"publish": func(o store.Object) error { _, err := o.Publish(t.Context(), store.Want{}); return err },
			"discard": func(o store.Object) error { return o.Discard(t.Context()) },
			"close":   func(o store.Object) error { return o.Close() },
		}
		n := 0
		for name, end := range ends {
			n++
			o := s.begin(t, n, store.Key(name), 5)
			write(t, o, content(1, 5), 0)
			must(t, end(o))
			_, err := o.WriteAt([]byte("x"), 0)
			wantErr(t, "write after "+name, err, store.ErrClosed)
			wantErr(t, "commit after "+name, o.Commit(t.Context(), span(0, 5)), store.ErrClosed)
			wantErr(t, "reset after "+name, o.Reset(t.Context(), size(5)), store.ErrClosed)
			wantErr(t, "rename after "+name, o.Rename(t.Context(), "other"), store.ErrClosed)
			wantErr(t, "discard after "+name, o.Discard(t.Context()), store.ErrClosed)
			_, err = o.Publish(t.Context(), store.Want{})
			wantErr(t, "publish after "+name, err, store.ErrClosed)
			if err := o.Close(); err != nil {
				t.Errorf("close after %s: %v", name, err)
			}
		}
	},

	"CloseOfTheStoreClosesObjects": func(t *testing.T, s Subject) {
		o := s.begin(t, 1, "a.bin", 5)
		write(t, o, content(1, 5), 0)
		s.put(t, 2, "b.bin", content(2, 5))
		must(t, s.Store.Close())
		_, err := o.WriteAt([]byte("x"), 0)
		wantErr(t, "write", err, store.ErrClosed)
		wantErr(t, "commit", o.Commit(t.Context(), span(0, 5)), store.ErrClosed)
		if err := o.Close(); err != nil {
			t.Errorf("close of an object after its store: %v", err)
		}
		s.wantNoFile(t, "a.bin")
		s.wantFile(t, "b.bin", content(2, 5))
	},

	"AClosedStoreDoesNothing": func(t *testing.T, s Subject) {
		must(t, s.Store.Close())
		_, err := s.Store.Stat(t.Context(), owner(1))
		wantErr(t, "stat", err, store.ErrClosed)
		_, err = s.Store.Taken(t.Context(), owner(1), "a")
		wantErr(t, "taken", err, store.ErrClosed)
		_, err = s.Store.Open(t.Context(), owner(1), "a")
		wantErr(t, "open", err, store.ErrClosed)
		if err := s.Store.Close(); err != nil {
			t.Errorf("second close: %v", err)
		}
	},

	"ACanceledOpenDoesNothing": func(t *testing.T, s Subject) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := s.Store.Open(ctx, owner(1), "a")
		wantErr(t, "open", err, context.Canceled)
		s.open(t, 1, "a")
	},
}
