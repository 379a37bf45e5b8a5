// Package storetest has the suite that every store.Store passes: each promise
// of the contract is a test.
package storetest

import (
	"testing"

	"github.com/seed-9a1263fe/haul/store"
)

// Subject is a store under test, with the view that others have of it.
type Subject struct {
	Store store.Store
	// Read returns what everybody finds under a key, or an error that wraps
	// fs.ErrNotExist.
	Read func(key store.Key) ([]byte, error)
	// Plant puts something under a key that the store did not write, over what
	// stands there.
	Plant func(key store.Key, data []byte) error
	// Remove takes away what stands under a key.
	Remove func(key store.Key) error
}

// Suite runs the contract's promises, each on a new and empty store that open
// returns. open arranges for its end with t.Cleanup; the suite closes stores
// only where it tests closing.
func Suite(t *testing.T, open func(t *testing.T) Subject) {
	for _, part := range []map[string]func(*testing.T, Subject){
		openings, writing, publishing, names, endings,
	} {
		run(t, part, open)
	}
}

func run[S any](t *testing.T, part map[string]func(*testing.T, S), open func(*testing.T) S) {
	t.Helper()
	for name, test := range part {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}
