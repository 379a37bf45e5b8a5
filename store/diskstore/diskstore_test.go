package diskstore_test

import (
	"io"
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

func TestContractAcrossProcesses(t *testing.T) {
	for name, cfg := range configs {
		t.Run(name, func(t *testing.T) {
			storetest.SuiteLasting(t, func(t *testing.T) storetest.Lasting { return onMem(t, cfg) })
		})
	}
}

// onMem returns a new store in memory that can be killed.
func onMem(t *testing.T, cfg diskstore.Config) storetest.Lasting {
	disk := vfs.NewMem()
	first := memSubject(t, disk, cfg)
	return storetest.Lasting{
		Subject: first,
		Reopen: func(t *testing.T) storetest.Subject {
			if err := first.Store.Close(); err != nil {
				t.Fatal(err)
			}
			return memSubject(t, disk, cfg)
		},
		Kill: func(t *testing.T) storetest.Subject { return memSubject(t, disk.KillClone(), cfg) },
	}
}

func memSubject(t *testing.T, disk *vfs.Mem, cfg diskstore.Config) storetest.Subject {
	s, err := diskstore.Open(disk, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return storetest.Subject{
		Store:  s,
		Read:   func(key store.Key) ([]byte, error) { return read(disk, key) },
		Plant:  func(key store.Key, data []byte) error { return plant(disk, key, data) },
		Remove: func(key store.Key) error { return disk.Remove(string(key)) },
	}
}

func read(disk *vfs.Mem, key store.Key) ([]byte, error) {
	f, err := disk.OpenFile(string(key), vfs.ReadOnly)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	n, err := f.Size()
	if err != nil {
		return nil, err
	}
	p := make([]byte, n)
	if _, err := f.ReadAt(p, 0); err != nil && err != io.EOF {
		return nil, err
	}
	return p, nil
}

func plant(disk *vfs.Mem, key store.Key, data []byte) error {
	f, err := disk.OpenFile(string(key), vfs.ReadWrite|vfs.Create|vfs.Trunc)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteAt(data, 0)
	return err
}
