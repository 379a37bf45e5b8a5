package diskstore

import (
	"context"
	"fmt"
	"path"
	"sync"

	"github.com/seed-9a1263fe/haul/store/vfs"
)

// parent is the directory of a name, "." for the root.
func parent(name string) string { return path.Dir(name) }

// group lets callers who ask for the same thing at the same time share it. What
// each gets began after it asked. The zero value is ready.
type group struct {
	mu   sync.Mutex
	next *turn      // has not begun
	one  sync.Mutex // held by the turn that runs
}

// turn is one call, for all who asked before it began.
type turn struct {
	done chan struct{}
	err  error
}

// do calls op, or waits for somebody who is about to. ctx ends only the wait.
func (g *group) do(ctx context.Context, op func() error) error {
	g.mu.Lock()
	if t := g.next; t != nil {
		g.mu.Unlock()
		select {
		case <-t.done:
			return t.err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	t := &turn{done: make(chan struct{})}
	g.next = t
	g.mu.Unlock()
	g.one.Lock()
	defer g.one.Unlock()
	g.mu.Lock()
	g.next = nil
	g.mu.Unlock()
	t.err = op()
	close(t.done)
	return t.err
}

// maxDirs bounds how many directories are remembered.
const maxDirs = 4096

// dirs syncs directories, in groups, and remembers which ones have a durable
// name themselves. The zero value is ready.
type dirs struct {
	mu    sync.Mutex
	known map[string]*group
}

// sync makes durable which names dir holds, and its own name on the first time.
func (d *dirs) sync(ctx context.Context, fsys vfs.FS, dir string) error {
	d.mu.Lock()
	g := d.known[dir]
	d.mu.Unlock()
	if g == nil {
		if err := syncAbove(fsys, dir); err != nil {
			return err
		}
		g = d.remember(dir)
	}
	err := g.do(ctx, func() error { return fsys.SyncDir(dir) })
	if err != nil {
		return fmt.Errorf("sync directory %q: %w", dir, err)
	}
	return nil
}

// syncAbove makes a directory's own name durable, from the root down.
func syncAbove(fsys vfs.FS, dir string) error {
	if dir == "." {
		return nil
	}
	above := parent(dir)
	if err := syncAbove(fsys, above); err != nil {
		return err
	}
	if err := fsys.SyncDir(above); err != nil {
		return fmt.Errorf("sync directory %q: %w", above, err)
	}
	return nil
}

// remember keeps a directory, and forgets all others when there are too many.
func (d *dirs) remember(dir string) *group {
	d.mu.Lock()
	defer d.mu.Unlock()
	if g := d.known[dir]; g != nil {
		return g
	}
	if d.known == nil || len(d.known) >= maxDirs {
		d.known = make(map[string]*group)
	}
	g := new(group)
	d.known[dir] = g
	return g
}
