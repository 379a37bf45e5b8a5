package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"syscall"

	"github.com/seed-9a1263fe/haul/downloader/session"
	"github.com/seed-9a1263fe/haul/queue/fileq"
	"github.com/seed-9a1263fe/haul/store"
	"github.com/seed-9a1263fe/haul/store/diskstore"
	"github.com/seed-9a1263fe/haul/store/vfs"
)

// queueDir is where the queue keeps its files, below the output directory.
var queueDir = path.Join(store.StateDir, "queue")

// place is an output directory with what a run keeps in it: the files, and the
// state of store and queue.
//
// The queue reads list files as it goes and remembers two bits a job. What
// cannot be read again, standard input for one, is copied to its spool until it
// is done. It lends what this run is given and nothing else: what an earlier run
// was given and did not do is owed when it is given again.
type place struct {
	dir   string
	fs    *vfs.OS
	store store.Store
	queue *fileq.Queue
}

// openPlace takes the directory for this run. Every error says why it cannot be
// used, and leaves with exitPlace.
func openPlace(o *options, log *slog.Logger) (_ *place, err error) {
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
	p.queue, err = fileq.Open(p.fs, queueDir, fileq.Config{Dedupe: dedupes[o.dedupe], Recheck: true, Logger: log})
	if err != nil {
		return nil, err
	}
	return p, nil
}

var dedupes = map[string]fileq.Dedupe{
	"exact":    fileq.Exact,
	"adjacent": fileq.Adjacent,
	"none":     fileq.None,
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
