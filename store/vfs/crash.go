package vfs

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"slices"
)

// SyncDir implements FS. A change of names in two directories becomes durable
// in both, with all that it builds upon.
func (m *Mem) SyncDir(name string) error {
	return m.do("syncdir", name, func() error {
		d, err := m.dir(name)
		if err != nil {
			return err
		}
		needed := make(map[entryKey]bool)
		keep := make([]bool, len(m.log))
		for i, c := range slices.Backward(m.log) {
			for _, e := range c {
				keep[i] = keep[i] || e.dir == d || needed[e.entryKey]
			}
			for _, e := range c {
				needed[e.entryKey] = needed[e.entryKey] || keep[i]
			}
		}
		m.settle(keep)
		return nil
	})
}

// settle brings the changes to keep to the disk, in order, and leaves the rest
// in the log.
func (m *Mem) settle(keep []bool) {
	var left []change
	for i, c := range m.log {
		if !keep[i] {
			left = append(left, c)
			continue
		}
		for _, e := range c {
			if e.to == nil {
				delete(e.dir.disk, e.name)
			} else {
				e.dir.disk[e.name] = e.to
			}
		}
	}
	m.log = left
}

// SyncAll implements FS.
func (m *Mem) SyncAll() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.settle(slices.Repeat([]bool{true}, len(m.log)))
	m.root.each(func(f *memFile) {
		f.sync()
		f.disk.mtime = f.now.mtime
	})
	return nil
}

// each calls fn for every file below d.
func (d *memDir) each(fn func(*memFile)) {
	for _, n := range d.now {
		switch n := n.(type) {
		case *memFile:
			fn(n)
		case *memDir:
			n.each(fn)
		}
	}
}

// KillClone returns the file system as the next process finds it after this one
// was killed: all that was written is there, no lock is held, and what was not
// durable still is not.
func (m *Mem) KillClone() *Mem {
	m.mu.Lock()
	defer m.mu.Unlock()
	copies := make(map[node]node)
	c := NewMem()
	c.boot = m.boot
	c.root = cloneLive(m.root, copies)
	for _, ch := range m.log {
		var mine change
		for _, e := range ch {
			e.dir = cloneLive(e.dir, copies)
			e.to = cloneNode(e.to, copies)
			mine = append(mine, e)
		}
		c.log = append(c.log, mine)
	}
	return c
}

func cloneNode(n node, copies map[node]node) node {
	switch n := n.(type) {
	case *memDir:
		return cloneLive(n, copies)
	case *memFile:
		if copies[n] == nil {
			copies[n] = n.clone()
		}
		return copies[n]
	}
	return nil
}

func cloneLive(d *memDir, copies map[node]node) *memDir {
	if c := copies[d]; c != nil {
		return c.(*memDir)
	}
	c := newMemDir()
	c.mtime = d.mtime
	copies[d] = c
	for name, n := range d.now {
		c.now[name] = cloneNode(n, copies)
	}
	for name, n := range d.disk {
		c.disk[name] = cloneNode(n, copies)
	}
	return c
}

// CrashClone returns the file system as it might be found after a power cut at
// this moment: all that is durable, and of the rest each piece with probability
// keep. A piece is a block of 4 KiB, which may also be torn between two sectors
// of 512 bytes; the length of a file; its time; or one change of names, which
// is kept wholly or not at all, and never without an earlier one of the same
// names. The same rng gives the same clone.
func (m *Mem) CrashClone(rng *rand.Rand, keep float64) *Mem {
	m.mu.Lock()
	defer m.mu.Unlock()
	cut := &crash{rng: rng, keep: keep, names: make(map[*memDir]map[string]node), copies: make(map[node]node)}
	cut.chooseNames(m.log)
	c := NewMem()
	c.boot = m.boot + 1
	c.root = cut.dir(m.root)
	return c
}

// crash is what chance decides in one power cut.
type crash struct {
	rng    *rand.Rand
	keep   float64
	names  map[*memDir]map[string]node // of directories that differ from disk
	copies map[node]node
}

func (c *crash) kept() bool { return c.rng.Float64() < c.keep }

// chooseNames decides which changes of names reached the disk.
func (c *crash) chooseNames(log []change) {
	lost := make(map[entryKey]bool)
	for _, ch := range log {
		ok := c.kept()
		for _, e := range ch {
			ok = ok && !lost[e.entryKey]
		}
		for _, e := range ch {
			if ok {
				c.rename(e)
			} else {
				lost[e.entryKey] = true
			}
		}
	}
}

func (c *crash) rename(e entryChange) {
	names := c.names[e.dir]
	if names == nil {
		names = maps.Clone(e.dir.disk)
		c.names[e.dir] = names
	}
	if e.to == nil {
		delete(names, e.name)
	} else {
		names[e.name] = e.to
	}
}

// dir returns what is left of a directory, in the order of names, so that the
// same rng decides the same.
func (c *crash) dir(d *memDir) *memDir {
	names := c.names[d]
	if names == nil {
		names = d.disk
	}
	left := newMemDir()
	left.mtime = d.mtime
	c.copies[d] = left
	for _, name := range slices.Sorted(maps.Keys(names)) {
		n := names[name]
		if c.copies[n] == nil {
			switch n := n.(type) {
			case *memDir:
				c.dir(n)
			case *memFile:
				c.copies[n] = c.file(n)
			}
		}
		left.now[name] = c.copies[n]
		left.disk[name] = c.copies[n]
	}
	return left
}

// file returns what is left of a file.
func (c *crash) file(f *memFile) *memFile {
	left := newMemFile()
	left.disk = image{f.disk.size, maps.Clone(f.disk.blocks), f.disk.mtime}
	for _, i := range slices.SortedFunc(maps.Keys(f.dirty), cmp.Compare) {
		if c.kept() {
			left.disk.blocks[i] = c.tear(f.disk.blocks[i], f.now.blocks[i])
		}
	}
	if f.resized && c.kept() {
		left.disk.size = f.now.size
	}
	if c.kept() {
		left.disk.mtime = f.now.mtime
	}
	left.disk.trim()
	left.now = image{left.disk.size, maps.Clone(left.disk.blocks), left.disk.mtime}
	return left
}

// tear returns the new block, or one in eight times a mix of both. The result
// shares nothing with either, since the new one may still be written to.
func (c *crash) tear(before, after *block) *block {
	mixed := new(block)
	if after != nil {
		*mixed = *after
	}
	if c.rng.IntN(8) > 0 {
		return mixed
	}
	at := c.rng.IntN(blockSize/sectorSize) * sectorSize
	clear(mixed[at:])
	if before != nil {
		copy(mixed[at:], before[at:])
	}
	return mixed
}

// trim clears what lies behind the end, which no system ever shows.
func (im *image) trim() {
	for i, b := range im.blocks {
		switch at := im.size - i*blockSize; {
		case at <= 0:
			delete(im.blocks, i)
		case at < blockSize:
			mine := *b
			clear(mine[at:])
			im.blocks[i] = &mine
		}
	}
}
