package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io/fs"
	"slices"
	"testing"

	"github.com/seed-9a1263fe/haul/store"
)

// owner returns an owner that spreads as a hash does.
func owner(n int) store.Owner {
	sum := sha256.Sum256(binary.LittleEndian.AppendUint64(nil, uint64(n)))
	return store.Owner(sum[:16])
}

// content returns n bytes that differ for each seed and hardly repeat.
func content(seed, n int) []byte {
	p := make([]byte, 0, n+32)
	for i := 0; len(p) < n; i++ {
		sum := sha256.Sum256(binary.LittleEndian.AppendUint32([]byte{byte(seed)}, uint32(i)))
		p = append(p, sum[:]...)
	}
	return p[:n]
}

func size(n int) store.Identity { return store.Identity{Size: int64(n)} }

func span(off, end int) store.Range { return store.Range{Off: int64(off), End: int64(end)} }

// must ends the test when a step that is not tested fails.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got error %v, want %v", what, err, want)
	}
}

func (s Subject) open(t *testing.T, n int, key store.Key) store.Object {
	t.Helper()
	o, err := s.Store.Open(t.Context(), owner(n), key)
	must(t, err)
	return o
}

// begin opens a new object of a known size.
func (s Subject) begin(t *testing.T, n int, key store.Key, length int) store.Object {
	t.Helper()
	o := s.open(t, n, key)
	must(t, o.Reset(t.Context(), size(length)))
	return o
}

func write(t *testing.T, o store.Object, p []byte, off int) {
	t.Helper()
	n, err := o.WriteAt(p, int64(off))
	must(t, err)
	if n != len(p) {
		t.Fatalf("write of %d bytes at %d: took %d", len(p), off, n)
	}
}

// put publishes data in one write.
func (s Subject) put(t *testing.T, n int, key store.Key, data []byte) store.Info {
	t.Helper()
	o := s.begin(t, n, key, len(data))
	if len(data) > 0 {
		write(t, o, data, 0)
	}
	info, err := o.Publish(t.Context(), store.Want{})
	must(t, err)
	return info
}

func (s Subject) wantFile(t *testing.T, key store.Key, want []byte) {
	t.Helper()
	got, err := s.Read(key)
	if err != nil {
		t.Errorf("read %q: %v", key, err)
	} else if !bytes.Equal(got, want) {
		t.Errorf("%q holds %d bytes that are not the %d that were published", key, len(got), len(want))
	}
}

func (s Subject) wantNoFile(t *testing.T, key store.Key) {
	t.Helper()
	if _, err := s.Read(key); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%q is visible (error %v), want it not to be", key, err)
	}
}

func (s Subject) wantTaken(t *testing.T, n int, key store.Key, want bool) {
	t.Helper()
	got, err := s.Store.Taken(t.Context(), owner(n), key)
	must(t, err)
	if got != want {
		t.Errorf("owner %d: key %q taken = %v, want %v", n, key, got, want)
	}
}

func (s Subject) wantState(t *testing.T, n int, want store.State, present int) store.Info {
	t.Helper()
	info, err := s.Store.Stat(t.Context(), owner(n))
	must(t, err)
	if info.State != want || info.Present != int64(present) {
		t.Errorf("owner %d: got state %d with %d bytes, want %d with %d", n, info.State, info.Present, want, present)
	}
	return info
}

func (s Subject) wantUnknown(t *testing.T, n int) {
	t.Helper()
	_, err := s.Store.Stat(t.Context(), owner(n))
	wantErr(t, "stat", err, store.ErrNotFound)
}

func wantExtents(t *testing.T, o store.Object, want ...store.Range) {
	t.Helper()
	e := o.Extents()
	if got := slices.Collect(e.All()); !slices.Equal(got, want) {
		t.Errorf("extents: got %v, want %v", got, want)
	}
}

func commit(t *testing.T, o store.Object, off, end int) {
	t.Helper()
	must(t, o.Commit(context.WithoutCancel(t.Context()), span(off, end)))
}
