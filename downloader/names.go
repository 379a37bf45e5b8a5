package downloader

import (
	"context"
	"fmt"
	"net/url"
	"sync"

	"github.com/seed-9a1263fe/haul/downloader/name"
	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/store"
)

// maxSuffix is the last name.N.ext that is tried.
const maxSuffix = 9999

// names hands out the keys of one run, each to one job. Jobs claim in the order
// of the list, when they are borrowed, so that of two that come to the same
// name the later one gets the suffix. A claim lives as long as its job is in
// the engine's hands; afterwards what stands in the store speaks for itself.
type names struct {
	store store.Store
	keep  bool // never rename: a name that is taken is an error
	over  bool // what the store did not write may be replaced

	mu    sync.Mutex
	taken map[store.Key]queue.ID
}

func newNames(s store.Store, cfg *Config) *names {
	return &names{store: s, keep: cfg.KeepNames, over: cfg.Overwrite, taken: map[store.Key]queue.ID{}}
}

// wanted is the key that r would like: what the list says, else what the URL
// says.
func wanted(r *Request, u *url.URL) (store.Key, error) {
	if r.Out != "" {
		return name.Join(r.Dir, r.Out)
	}
	return name.Join(r.Dir, name.Of("", u))
}

// claim gives id the key, or the first free one with a suffix.
func (n *names) claim(ctx context.Context, id queue.ID, key store.Key) (store.Key, error) {
	for i := 0; i <= maxSuffix; i++ {
		k := key
		if i > 0 {
			k = name.Suffix(key, i)
		}
		if !n.reserve(id, k) {
			continue // another job of this run: it always gets out of the way
		}
		if n.over {
			return k, nil
		}
		taken, err := n.store.Taken(ctx, store.Owner(id), k)
		if err != nil {
			n.release(id, k)
			return "", err
		}
		if !taken {
			return k, nil
		}
		n.release(id, k)
		if n.keep {
			return "", fmt.Errorf("%q: %w by a file that this program did not write for this URL", k, store.ErrExists)
		}
	}
	return "", fmt.Errorf("%q: %w, with every suffix up to %d", key, store.ErrExists, maxSuffix)
}

// reserve notes that id has the key, unless another job does.
func (n *names) reserve(id queue.ID, key store.Key) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	holder, ok := n.taken[key]
	if ok && holder != id {
		return false
	}
	n.taken[key] = id
	return true
}

// release ends the claim of id on the key, if it has one.
func (n *names) release(id queue.ID, key store.Key) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.taken[key] == id {
		delete(n.taken, key)
	}
}
