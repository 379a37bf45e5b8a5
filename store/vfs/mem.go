package vfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

var (
	errIsDir    = errors.New("is a directory")
	errNotDir   = errors.New("not a directory")
	errNotEmpty = errors.New("directory not empty")
)

// Mem is a file system in memory that knows what a power cut would leave of it.
//
// It is stricter than most real ones, so that what holds here holds there: a
// file's name is durable only after SyncDir of its directory, its bytes only
// after Sync, and what is not durable survives piece by piece as chance has it;
// see CrashClone. It has no symbolic links.
type Mem struct {
	mu    sync.Mutex
	root  *memDir
	log   []change // names that changed and are not durable, oldest first
	locks map[*memFile]bool
	boot  int
}

// node is a *memDir or a *memFile.
type node any

// memDir has its names as they are and as the disk has them.
type memDir struct {
	now, disk map[string]node
	mtime     time.Time
}

func newMemDir() *memDir {
	return &memDir{now: make(map[string]node), disk: make(map[string]node), mtime: time.Now()}
}

// change is one step of names that happens wholly or not at all.
type change []entryChange

// entryChange makes a name stand for a node, or for nothing.
type entryChange struct {
	entryKey
	to node
}

type entryKey struct {
	dir  *memDir
	name string
}

// NewMem returns an empty file system.
func NewMem() *Mem {
	return &Mem{root: newMemDir(), locks: make(map[*memFile]bool), boot: 1}
}

// commit makes a change visible and remembers that the disk does not have it.
func (m *Mem) commit(c ...entryChange) {
	for _, e := range c {
		if e.to == nil {
			delete(e.dir.now, e.name)
		} else {
			e.dir.now[e.name] = e.to
		}
		e.dir.mtime = time.Now()
	}
	m.log = append(m.log, c)
}

// lookup finds what stands at a name, nil if nothing does.
func (m *Mem) lookup(name string) (node, error) {
	if name == "." {
		return m.root, nil
	}
	d, base, err := m.parent(name)
	if err != nil {
		return nil, err
	}
	return d.now[base], nil
}

// parent finds the directory that a name is in.
func (m *Mem) parent(name string) (*memDir, string, error) {
	d := m.root
	dir, base := split(name)
	if dir == "." {
		return d, base, nil
	}
	for seg := range strings.SplitSeq(dir, "/") {
		switch n := d.now[seg].(type) {
		case *memDir:
			d = n
		case nil:
			return nil, "", fs.ErrNotExist
		default:
			return nil, "", errNotDir
		}
	}
	return d, base, nil
}

// dir finds a directory.
func (m *Mem) dir(name string) (*memDir, error) {
	n, err := m.lookup(name)
	if err != nil {
		return nil, err
	}
	switch d := n.(type) {
	case *memDir:
		return d, nil
	case nil:
		return nil, fs.ErrNotExist
	}
	return nil, errNotDir
}

// do checks a name and calls op with m.mu held.
func (m *Mem) do(verb, name string, op func() error) error {
	if err := checkName(verb, name); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return named(verb, name, op())
}

// OpenFile implements FS.
func (m *Mem) OpenFile(name string, flag int) (File, error) {
	var h *memHandle
	err := m.do("open", name, func() error {
		f, err := m.openFile(name, flag)
		h = &memHandle{m: m, f: f, name: name, readOnly: flag&(os.O_RDWR|os.O_WRONLY) == 0}
		return err
	})
	if err != nil {
		return nil, err
	}
	return h, nil
}

func (m *Mem) openFile(name string, flag int) (*memFile, error) {
	if name == "." {
		return nil, errIsDir
	}
	d, base, err := m.parent(name)
	if err != nil {
		return nil, err
	}
	switch f := d.now[base].(type) {
	case nil:
		if flag&os.O_CREATE == 0 {
			return nil, fs.ErrNotExist
		}
		f2 := newMemFile()
		m.commit(entryChange{entryKey{d, base}, f2})
		return f2, nil
	case *memFile:
		if flag&os.O_EXCL != 0 {
			return nil, fs.ErrExist
		}
		if flag&os.O_TRUNC != 0 {
			f.truncate(0)
		}
		return f, nil
	}
	return nil, errIsDir
}

// MkdirAll implements FS.
func (m *Mem) MkdirAll(name string) error {
	return m.do("mkdir", name, func() error {
		d := m.root
		if name == "." {
			return nil
		}
		for seg := range strings.SplitSeq(name, "/") {
			switch n := d.now[seg].(type) {
			case *memDir:
				d = n
			case nil:
				sub := newMemDir()
				m.commit(entryChange{entryKey{d, seg}, sub})
				d = sub
			default:
				return errNotDir
			}
		}
		return nil
	})
}

// Rename implements FS.
func (m *Mem) Rename(from, to string) error { return m.move("rename", from, to, false) }

// RenameExcl implements FS.
func (m *Mem) RenameExcl(from, to string) error { return m.move("rename", from, to, true) }

func (m *Mem) move(verb, from, to string, exclusive bool) error {
	if err := checkName(verb, to); err != nil {
		return err
	}
	return m.do(verb, from, func() error {
		a, x, err := m.parent(from)
		if err != nil {
			return err
		}
		b, y, err := m.parent(to)
		if err != nil {
			return err
		}
		f, isFile := a.now[x].(*memFile)
		_, ontoDir := b.now[y].(*memDir)
		switch {
		case a.now[x] == nil:
			return fs.ErrNotExist
		case exclusive && b.now[y] != nil:
			return fs.ErrExist
		case !isFile || ontoDir:
			return errIsDir
		case a == b && x == y:
			return nil
		}
		m.commit(entryChange{entryKey{a, x}, nil}, entryChange{entryKey{b, y}, f})
		return nil
	})
}

// Remove implements FS.
func (m *Mem) Remove(name string) error {
	return m.do("remove", name, func() error {
		d, base, err := m.parent(name)
		if err != nil {
			return err
		}
		n := d.now[base]
		if n == nil {
			return fs.ErrNotExist
		}
		if sub, ok := n.(*memDir); ok && len(sub.now) > 0 {
			return errNotEmpty
		}
		m.commit(entryChange{entryKey{d, base}, nil})
		return nil
	})
}

// Stat implements FS.
func (m *Mem) Stat(name string) (info fs.FileInfo, err error) {
	err = m.do("stat", name, func() error {
		n, err := m.lookup(name)
		if err != nil {
			return err
		}
		if n == nil {
			return fs.ErrNotExist
		}
		info = infoOf(path.Base(name), n)
		return nil
	})
	return info, err
}

// ReadDir implements FS.
func (m *Mem) ReadDir(name string) (entries []fs.DirEntry, err error) {
	err = m.do("readdir", name, func() error {
		d, err := m.dir(name)
		if err != nil {
			return err
		}
		for _, base := range slices.Sorted(maps.Keys(d.now)) {
			entries = append(entries, fs.FileInfoToDirEntry(infoOf(base, d.now[base])))
		}
		return nil
	})
	return entries, err
}

// Chtimes implements FS. The time is durable after SyncAll.
func (m *Mem) Chtimes(name string, mtime time.Time) error {
	return m.do("chtimes", name, func() error {
		n, err := m.lookup(name)
		if err != nil {
			return err
		}
		switch n := n.(type) {
		case *memFile:
			n.now.mtime = mtime
		case *memDir:
			n.mtime = mtime
		default:
			return fs.ErrNotExist
		}
		return nil
	})
}

// Lock implements FS.
func (m *Mem) Lock(name, info string) (io.Closer, error) {
	var lock *memLock
	err := m.do("lock", name, func() error {
		f, err := m.openFile(name, os.O_RDWR|os.O_CREATE)
		if err != nil {
			return err
		}
		if m.locks[f] {
			holder := make([]byte, min(f.now.size, maxHolder))
			f.readAt(holder, 0)
			return &LockedError{Name: name, Holder: string(holder)}
		}
		m.locks[f] = true
		f.truncate(0)
		f.writeAt([]byte(info), 0)
		lock = &memLock{m, f}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return lock, nil
}

// memLock is a lock that is held.
type memLock struct {
	m *Mem
	f *memFile
}

// Close ends the lock. A second Close is fs.ErrClosed.
func (l *memLock) Close() error {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	if !l.m.locks[l.f] {
		return fs.ErrClosed
	}
	delete(l.m.locks, l.f)
	return nil
}

// Free implements FS. There is always plenty; Faulty knows how to run out.
func (m *Mem) Free() (int64, error) { return 1 << 50, nil }

// BootID implements FS. It changes with CrashClone.
func (m *Mem) BootID() string { return fmt.Sprintf("boot %d", m.boot) }

// Close implements FS.
func (m *Mem) Close() error { return nil }

// memInfo describes a node.
type memInfo struct {
	name  string
	size  int64
	mode  fs.FileMode
	mtime time.Time
}

func infoOf(name string, n node) memInfo {
	if f, ok := n.(*memFile); ok {
		return memInfo{name, f.now.size, 0o644, f.now.mtime}
	}
	return memInfo{name, 0, fs.ModeDir | 0o755, n.(*memDir).mtime}
}

func (i memInfo) Name() string       { return i.name }
func (i memInfo) Size() int64        { return i.size }
func (i memInfo) Mode() fs.FileMode  { return i.mode }
func (i memInfo) ModTime() time.Time { return i.mtime }
func (i memInfo) IsDir() bool        { return i.mode.IsDir() }
func (i memInfo) Sys() any           { return nil }
