package diskstore_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-9a1263fe/haul/store"
	"github.com/seed-9a1263fe/haul/store/diskstore"
	"github.com/seed-9a1263fe/haul/store/storetest"
	"github.com/seed-9a1263fe/haul/store/vfs"
)

var configs = map[string]diskstore.Config{
	"interval": {SHA256: true},
	"strict":   {Durability: diskstore.Strict},
	"none":     {Durability: diskstore.None, Allocation: diskstore.AllocTruncate},
}

func TestContractOnOS(t *testing.T) {
	for name, cfg := range configs {
		t.Run(name, func(t *testing.T) {
			storetest.Suite(t, func(t *testing.T) storetest.Subject { return onOS(t, cfg) })
		})
	}
}

// onOS returns a new store in a directory of its own.
func onOS(t *testing.T, cfg diskstore.Config) storetest.Subject {
	dir := t.TempDir()
	fsys, err := vfs.NewOS(dir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := diskstore.Open(fsys, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := fsys.Close(); err != nil {
			t.Error(err)
		}
	})
	path := func(key store.Key) string { return filepath.Join(dir, filepath.FromSlash(string(key))) }
	return storetest.Subject{
		Store: s,
		Read:  func(key store.Key) ([]byte, error) { return os.ReadFile(path(key)) },
		Plant: func(key store.Key, data []byte) error {
			return os.WriteFile(path(key), data, 0o666)
		},
		Remove: func(key store.Key) error { return os.Remove(path(key)) },
	}
}
