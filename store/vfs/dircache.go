package vfs

import (
	"container/list"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// maxDirs bounds the directories that are kept open, with two descriptors each.
const maxDirs = 64

// dir is an open directory: root for what the standard library does in it, file
// for system calls that it has no name for.
type dir struct {
	top  *os.Root // of the whole OS
	name string   // below top, in the system's spelling
	root *os.Root
	file *os.File
}

func openDir(root *os.Root, name string) (*dir, error) {
	name = filepath.FromSlash(name)
	sub, err := root.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	file, err := sub.Open(".")
	if err != nil {
		return nil, errors.Join(err, sub.Close())
	}
	return &dir{top: root, name: name, root: sub, file: file}, nil
}

func (d *dir) close() error { return errors.Join(d.file.Close(), d.root.Close()) }

// entry is a directory in the cache. It is closed when it is out of the cache
// and nobody uses it.
type entry struct {
	*dir
	name  string
	users int
	place *list.Element // nil once it is out of the cache
}

// dirCache keeps the directories used last. The root stays in it for good. Any
// goroutine may use it.
type dirCache struct {
	root *os.Root
	top  *entry
	devs mounts

	mu     sync.Mutex
	byName map[string]*entry
	recent *list.List // of *entry, the one used last in front
	closed bool
}

func newDirCache(root *os.Root) (*dirCache, error) {
	top, err := openDir(root, ".")
	if err != nil {
		return nil, err
	}
	c := &dirCache{
		root:   root,
		top:    &entry{dir: top, name: "."},
		byName: make(map[string]*entry),
		recent: list.New(),
	}
	if err := c.devs.note(top.file); err != nil {
		return nil, errors.Join(err, top.close())
	}
	return c, nil
}

// use calls op with the directory of that name. If a kept directory turns out
// to have been removed meanwhile, op is called once more with the one that
// stands there now.
func (c *dirCache) use(name string, op func(*dir) error) error {
	e, kept, err := c.take(name)
	if err != nil {
		return err
	}
	err = op(e.dir)
	if kept && errors.Is(err, fs.ErrNotExist) && isRemoved(e.file) {
		c.forget(name)
		c.give(e)
		if e, _, err = c.take(name); err != nil {
			return err
		}
		err = op(e.dir)
	}
	c.give(e)
	return err
}

// take finds or opens a directory; kept says that it was open already.
func (c *dirCache) take(name string) (e *entry, kept bool, err error) {
	if e, err := c.find(name); e != nil || err != nil {
		return e, true, err
	}
	d, err := openDir(c.root, name)
	if err != nil {
		return nil, false, err
	}
	if err := c.devs.note(d.file); err != nil {
		return nil, false, errors.Join(err, d.close())
	}
	return c.add(name, d), false, nil
}

// find returns a kept directory, or nil.
func (c *dirCache) find(name string) (*entry, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, fs.ErrClosed
	}
	if name == "." {
		c.top.users++
		return c.top, nil
	}
	e := c.byName[name]
	if e != nil {
		e.users++
		c.recent.MoveToFront(e.place)
	}
	return e, nil
}

// add keeps a directory that was just opened, in place of one that another
// goroutine may have added since and of the one not used for longest.
func (c *dirCache) add(name string, d *dir) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := &entry{dir: d, name: name, users: 1}
	if c.closed {
		return e // give closes it
	}
	if old := c.byName[name]; old != nil {
		c.evict(old)
	}
	e.place = c.recent.PushFront(e)
	c.byName[name] = e
	if c.recent.Len() > maxDirs {
		c.evict(c.recent.Back().Value.(*entry))
	}
	return e
}

// evict takes e out of the cache. c.mu is held.
func (c *dirCache) evict(e *entry) {
	c.recent.Remove(e.place)
	delete(c.byName, e.name)
	e.place = nil
	if e.users == 0 {
		_ = e.dir.close() // only ever read from; nothing to lose
	}
}

// give ends the use of e.
func (c *dirCache) give(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e.users--
	if e.users == 0 && e.place == nil && (e != c.top || c.closed) {
		_ = e.dir.close() // only ever read from; nothing to lose
	}
}

// forget drops the directory of that name and all below it.
func (c *dirCache) forget(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for n, e := range c.byName {
		if n == name || strings.HasPrefix(n, name+"/") {
			c.evict(e)
		}
	}
}

// syncAll syncs the file systems that were seen.
func (c *dirCache) syncAll() error { return c.devs.syncAll() }

// close closes what nobody uses; the rest is closed as its use ends. A second
// close does nothing.
func (c *dirCache) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	for _, e := range c.byName {
		c.evict(e)
	}
	if c.top.users == 0 {
		_ = c.top.dir.close() // only ever read from; nothing to lose
	}
	return c.devs.close()
}
