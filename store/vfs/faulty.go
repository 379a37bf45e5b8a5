package vfs

import (
	"io"
	"io/fs"
	"sync/atomic"
	"time"
)

// Kind is what an operation does.
type Kind string

// The operations that Faulty asks its plan about.
const (
	OpOpen     Kind = "open"
	OpMkdir    Kind = "mkdir"
	OpRename   Kind = "rename" // also RenameExcl
	OpRemove   Kind = "remove"
	OpStat     Kind = "stat"
	OpReadDir  Kind = "readdir"
	OpChtimes  Kind = "chtimes"
	OpSyncDir  Kind = "syncdir"
	OpSyncAll  Kind = "syncall"
	OpLock     Kind = "lock"
	OpRead     Kind = "read"
	OpWrite    Kind = "write"
	OpTruncate Kind = "truncate"
	OpAllocate Kind = "allocate"
	OpSync     Kind = "sync"
)

// Op is one operation, before it is done.
type Op struct {
	N    int64 // from 1, over the whole file system
	Kind Kind
	Name string // of the file; the old one of a rename
	To   string // the new one of a rename
	Len  int    // bytes to read or write
}

// Changes reports whether the operation may change what is on disk.
func (o Op) Changes() bool {
	return o.Kind != OpStat && o.Kind != OpReadDir && o.Kind != OpRead
}

// Fault is what becomes of an operation. The zero Fault lets it be.
type Fault struct {
	// Err is returned instead of doing it. A file of Mem whose Sync fails takes
	// what it could not write for clean, as Linux does: later syncs succeed and
	// do not bring it to the disk.
	Err error
	// Short is how many bytes of a write are written before Err.
	Short int
	// Skip leaves it out and reports success. It is for showing that a test sees
	// what is missing.
	Skip bool
}

// Plan decides about each operation just before it is done. It is called from
// the goroutine that asks for the operation, from several at once, and may look
// at the file system below.
type Plan func(Op) Fault

// Faulty is a file system that fails as a plan has it.
type Faulty struct {
	fs   FS
	plan Plan
	n    atomic.Int64
}

// NewFaulty returns fs behind a plan.
func NewFaulty(fs FS, plan Plan) *Faulty { return &Faulty{fs: fs, plan: plan} }

// FailNth is a plan that fails the n-th operation of a kind, from 1 on, and no
// other.
func FailNth(kind Kind, n int64, fault Fault) Plan {
	var seen atomic.Int64
	return func(op Op) Fault {
		if op.Kind == kind && seen.Add(1) == n {
			return fault
		}
		return Fault{}
	}
}

// Disk is a plan that has room for so many more bytes. What does not fit is a
// short write that fails with ErrNoSpace.
type Disk struct{ room atomic.Int64 }

// NewDisk returns a disk with room for n bytes.
func NewDisk(n int64) *Disk {
	d := new(Disk)
	d.room.Store(n)
	return d
}

// Grow makes room for n more bytes.
func (d *Disk) Grow(n int64) { d.room.Add(n) }

// Plan is the Plan of the disk.
func (d *Disk) Plan(op Op) Fault {
	if op.Kind != OpWrite {
		return Fault{}
	}
	left := d.room.Add(-int64(op.Len))
	if left >= 0 {
		return Fault{}
	}
	fits := max(int64(op.Len)+left, 0)
	d.room.Add(int64(op.Len) - fits)
	return Fault{Err: ErrNoSpace, Short: int(fits)}
}

// ask asks the plan about an operation.
func (f *Faulty) ask(op Op) Fault {
	op.N = f.n.Add(1)
	return f.plan(op)
}

// do does an operation unless the plan has it otherwise.
func (f *Faulty) do(op Op, run func() error) error {
	switch fault := f.ask(op); {
	case fault.Err != nil:
		return &fs.PathError{Op: string(op.Kind), Path: op.Name, Err: fault.Err}
	case fault.Skip:
		return nil
	}
	return run()
}

// Ops is how many operations there have been.
func (f *Faulty) Ops() int64 { return f.n.Load() }

// OpenFile implements FS. A Skip of it means nothing.
func (f *Faulty) OpenFile(name string, flag int) (File, error) {
	if fault := f.ask(Op{Kind: OpOpen, Name: name}); fault.Err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fault.Err}
	}
	file, err := f.fs.OpenFile(name, flag)
	if err != nil {
		return nil, err
	}
	return &faultyFile{file, f, name}, nil
}

// MkdirAll implements FS.
func (f *Faulty) MkdirAll(name string) error {
	return f.do(Op{Kind: OpMkdir, Name: name}, func() error { return f.fs.MkdirAll(name) })
}

// Rename implements FS.
func (f *Faulty) Rename(from, to string) error {
	return f.do(Op{Kind: OpRename, Name: from, To: to}, func() error { return f.fs.Rename(from, to) })
}

// RenameExcl implements FS.
func (f *Faulty) RenameExcl(from, to string) error {
	return f.do(Op{Kind: OpRename, Name: from, To: to}, func() error { return f.fs.RenameExcl(from, to) })
}

// Remove implements FS.
func (f *Faulty) Remove(name string) error {
	return f.do(Op{Kind: OpRemove, Name: name}, func() error { return f.fs.Remove(name) })
}

// Stat implements FS. A Skip of it means nothing.
func (f *Faulty) Stat(name string) (fs.FileInfo, error) {
	if fault := f.ask(Op{Kind: OpStat, Name: name}); fault.Err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fault.Err}
	}
	return f.fs.Stat(name)
}

// ReadDir implements FS. A Skip of it means nothing.
func (f *Faulty) ReadDir(name string) ([]fs.DirEntry, error) {
	if fault := f.ask(Op{Kind: OpReadDir, Name: name}); fault.Err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fault.Err}
	}
	return f.fs.ReadDir(name)
}

// Chtimes implements FS.
func (f *Faulty) Chtimes(name string, mtime time.Time) error {
	return f.do(Op{Kind: OpChtimes, Name: name}, func() error { return f.fs.Chtimes(name, mtime) })
}

// SyncDir implements FS.
func (f *Faulty) SyncDir(name string) error {
	return f.do(Op{Kind: OpSyncDir, Name: name}, func() error { return f.fs.SyncDir(name) })
}

// SyncAll implements FS.
func (f *Faulty) SyncAll() error {
	return f.do(Op{Kind: OpSyncAll, Name: "."}, f.fs.SyncAll)
}

// Lock implements FS. A Skip of it means nothing.
func (f *Faulty) Lock(name, info string) (io.Closer, error) {
	if fault := f.ask(Op{Kind: OpLock, Name: name}); fault.Err != nil {
		return nil, &fs.PathError{Op: "lock", Path: name, Err: fault.Err}
	}
	return f.fs.Lock(name, info)
}

// Free implements FS.
func (f *Faulty) Free() (int64, error) { return f.fs.Free() }

// BootID implements FS.
func (f *Faulty) BootID() string { return f.fs.BootID() }

// Close implements FS.
func (f *Faulty) Close() error { return f.fs.Close() }

// faultyFile is an open file of Faulty.
type faultyFile struct {
	File
	fs   *Faulty
	name string
}

// ReadAt implements File. A Skip of it means nothing.
func (f *faultyFile) ReadAt(p []byte, off int64) (int, error) {
	if fault := f.fs.ask(Op{Kind: OpRead, Name: f.name, Len: len(p)}); fault.Err != nil {
		return 0, &fs.PathError{Op: "read", Path: f.name, Err: fault.Err}
	}
	return f.File.ReadAt(p, off)
}

// WriteAt implements File.
func (f *faultyFile) WriteAt(p []byte, off int64) (int, error) {
	fault := f.fs.ask(Op{Kind: OpWrite, Name: f.name, Len: len(p)})
	switch {
	case fault.Err != nil:
		n, err := f.File.WriteAt(p[:min(fault.Short, len(p))], off)
		if err == nil {
			err = &fs.PathError{Op: "write", Path: f.name, Err: fault.Err}
		}
		return n, err
	case fault.Skip:
		return len(p), nil
	}
	return f.File.WriteAt(p, off)
}

// Truncate implements File.
func (f *faultyFile) Truncate(size int64) error {
	return f.fs.do(Op{Kind: OpTruncate, Name: f.name}, func() error { return f.File.Truncate(size) })
}

// Allocate implements File.
func (f *faultyFile) Allocate(size int64) error {
	return f.fs.do(Op{Kind: OpAllocate, Name: f.name}, func() error { return f.File.Allocate(size) })
}

// Sync implements File.
func (f *faultyFile) Sync() error {
	fault := f.fs.ask(Op{Kind: OpSync, Name: f.name})
	switch {
	case fault.Err != nil:
		if m, ok := f.File.(interface{ forget() }); ok {
			m.forget()
		}
		return &fs.PathError{Op: "sync", Path: f.name, Err: fault.Err}
	case fault.Skip:
		return nil
	}
	return f.File.Sync()
}
