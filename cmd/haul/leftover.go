package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/seed-9a1263fe/haul/downloader"
	"github.com/seed-9a1263fe/haul/downloader/list"
	"github.com/seed-9a1263fe/haul/queue/fileq"
	"github.com/seed-9a1263fe/haul/store"
)

// leftover writes what a run leaves to do as a list that -i takes, which aria2
// calls a session. The file appears under its name when it is whole, so that the
// list of an earlier run may be both read and replaced.
type leftover struct {
	name string
	file *os.File

	mu       sync.Mutex
	out      *bufio.Writer
	unspoken int64 // jobs that such a list has no words for
	err      error
}

func openLeftover(name string) (*leftover, error) {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*.tmp")
	if err != nil {
		return nil, usageErrorf("--save-session: %w", err)
	}
	return &leftover{name: name, file: f, out: bufio.NewWriter(f)}, nil
}

// add writes a job. It may be called from many goroutines.
func (l *leftover) add(r *downloader.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return
	}
	err := list.WritePlain(l.out, *r)
	if errors.Is(err, list.ErrNotPlain) {
		l.unspoken++
		return
	}
	l.err = err
}

// addLists writes the jobs of lists that are not complete, in their order.
func (l *leftover) addLists(ctx context.Context, sources []*source, s store.Store) error {
	for _, src := range sources {
		whole := io.NewSectionReader(src.file, 0, src.info.Size())
		for e, err := range src.again.Requests(whole, 1) {
			if err != nil {
				return err
			}
			info, err := s.Stat(ctx, store.Owner(e.Request.ID()))
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			if info.State != store.Published {
				l.add(&e.Request)
			}
		}
	}
	return nil
}

// addOwed writes the jobs that a queue still owes. What is done is known to the
// queue, or else to the store.
func (l *leftover) addOwed(ctx context.Context, q *fileq.Queue) error {
	for job, err := range q.Rest(ctx) {
		if err != nil {
			return err
		}
		if job.Done {
			return nil // these come last
		}
		var r downloader.Request
		if err := r.UnmarshalBinary(job.Body); err != nil {
			return err
		}
		l.add(&r)
	}
	return nil
}

// close puts the file in its place.
func (l *leftover) close() error {
	err := errors.Join(l.err, l.out.Flush(), l.file.Sync(), l.file.Close())
	if err == nil {
		err = os.Rename(l.file.Name(), l.name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("--save-session: %w", err), os.Remove(l.file.Name()))
	}
	return nil
}

// drop gives the file up.
func (l *leftover) drop() error {
	return errors.Join(l.file.Close(), os.Remove(l.file.Name()))
}
