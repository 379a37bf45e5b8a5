package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"syscall"

	"github.com/seed-9a1263fe/haul/downloader/session"
	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/queue/fileq"
	"github.com/seed-9a1263fe/haul/queue/memq"
	"github.com/seed-9a1263fe/haul/store"
	"github.com/seed-9a1263fe/haul/store/diskstore"
	"github.com/seed-9a1263fe/haul/store/vfs"
)

// queueDir is where the queue keeps its files, below the output directory.
var queueDir = path.Join(store.StateDir, "queue")

// place is an output directory with what a run keeps in it: the files, and the
// state of store and queue.
//
// A run of list files alone has a durable queue, which reads them as it goes and
// remembers two bits a job. A run that is also told of jobs in ways that cannot
// be read again has a queue in memory, which takes no more at a time than it can
// lend soon. A durable one would owe what such a run left to whatever is
// downloaded to the directory next. Either way the store knows what is complete.
type place struct {
	dir   string
	fs    *vfs.OS
	store store.Store
	lists *fileq.Queue // nil in a run without a durable queue
	queue queue.Queue  // lists, or one in memory
}

// openPlace takes the directory for this run, with a durable queue or without.
// Every error says why it cannot be used, and leaves with exitPlace.
func openPlace(o *options, durable bool, log *slog.Logger) (_ *place, err error) {
	p := &place{dir: o.dir}
	defer func() {
		if err != nil {
			err = errors.Join(explainPlace(o.dir, err), p.close())
		}
	}()
	if p.fs, err = vfs.NewOS(o.dir); err != nil {
		return nil, err
	}
	cfg := diskstore.Config{Allocation: allocations[o.fileAllocation], SHA256: o.results != "", Logger: log}
	if cfg.Durability, err = diskstore.ParseDurability(o.durability); err != nil {
		return nil, err
	}
	disk, err := diskstore.Open(p.fs, cfg)
	if err != nil {
		return nil, err
	}
	p.store = disk
	if !durable {
		p.queue = memq.New(memq.Config{})
		return p, nil
	}
	if p.lists, err = fileq.Open(p.fs, queueDir, fileq.Config{Recheck: true, Logger: log}); err != nil {
		return nil, err
	}
	p.queue = p.lists
	return p, nil
}

var allocations = map[string]diskstore.Allocation{
	"auto":   diskstore.AllocAuto,
	"none":   diskstore.AllocNone,
	"trunc":  diskstore.AllocTruncate,
	"falloc": diskstore.AllocReserve,
}

// close gives the directory back: first what owes, then what holds the bytes,
// then the lock with it.
func (p *place) close() error {
	var errs []error
	if p.queue != nil {
		errs = append(errs, p.queue.Close())
	}
	if p.store != nil {
		errs = append(errs, p.store.Close())
	}
	if p.fs != nil {
		errs = append(errs, p.fs.Close())
	}
	return errors.Join(errs...)
}

// explainPlace says what is wrong with a directory and what helps; nil stays nil.
func explainPlace(dir string, err error) error {
	var what string
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrInUse), errors.Is(err, vfs.ErrLocked):
		what = "another run works there; wait for it, or choose another directory with -d"
	case errors.Is(err, store.ErrNoSpace), errors.Is(err, vfs.ErrNoSpace):
		what = "the disk is full; what is committed is safe, so make room and run the same command again to go on"
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrExist):
		what = "a file stands where the directory should be; choose another with -d"
	case errors.Is(err, syscall.EROFS):
		what = "the file system is read-only"
	case errors.Is(err, fs.ErrPermission):
		what = "no permission to write there"
	case errors.Is(err, fs.ErrNotExist):
		what = "it is not there and cannot be made"
	default:
		return placeErrorf("output directory %q: %w", dir, err)
	}
	return placeErrorf("output directory %q: %s (%w)", dir, what, err)
}

// gaveUp says why a run could not go on, when it was not the fault of jobs.
func gaveUp(dir string, err error) error {
	var stopped *interruption
	var list *fileq.ListError
	switch {
	case err == nil, errors.As(err, &stopped):
		return err
	case errors.Is(err, session.ErrConfig):
		return &exitError{exitUsage, err}
	case errors.Is(err, store.ErrNoSpace), errors.Is(err, store.ErrInUse), errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return explainPlace(dir, err)
	case errors.As(err, &list):
		return fmt.Errorf("the run could not go on: %w; run the same command again to go on with the list as it is now", err)
	}
	return fmt.Errorf("the run could not go on: %w", err)
}
