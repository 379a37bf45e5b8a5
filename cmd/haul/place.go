package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"syscall"

	"github.com/seed-9a1263fe/haul/downloader/session"
	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/queue/memq"
	"github.com/seed-9a1263fe/haul/store"
	"github.com/seed-9a1263fe/haul/store/diskstore"
	"github.com/seed-9a1263fe/haul/store/vfs"
)

// place is an output directory with what a run keeps in it: the files, and the
// state of store and queue.
type place struct {
	dir   string
	fs    *vfs.OS
	store store.Store
	queue queue.Queue
}

// openPlace takes the directory for this run. Every error says why it cannot be
// used, and leaves with exitPlace.
func openPlace(ctx context.Context, o *options, log *slog.Logger) (*place, error) {
	p := &place{dir: o.dir}
	var err error
	if p.fs, err = vfs.NewOS(o.dir); err != nil {
		return nil, explainPlace(o.dir, err)
	}
	cfg := diskstore.Config{
		Allocation: allocations[o.fileAllocation],
		SHA256:     o.results != "",
		Logger:     log,
	}
	if cfg.Durability, err = diskstore.ParseDurability(o.durability); err != nil {
		return nil, errors.Join(&exitError{exitUsage, err}, p.close())
	}
	if p.store, err = diskstore.Open(p.fs, cfg); err != nil {
		return nil, errors.Join(explainPlace(o.dir, err), p.close())
	}
	p.queue = memq.New(memq.Config{})
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
	switch {
	case err == nil, errors.As(err, &stopped):
		return err
	case errors.Is(err, session.ErrConfig):
		return &exitError{exitUsage, err}
	case errors.Is(err, store.ErrNoSpace), errors.Is(err, store.ErrInUse), errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return explainPlace(dir, err)
	}
	return fmt.Errorf("the run could not go on: %w", err)
}
