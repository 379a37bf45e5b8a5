package main

import (
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"path/filepath"
	"sync/atomic"

	"github.com/seed-9a1263fe/haul/downloader/list"
	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/queue/fileq"
)

// feed hands the jobs of all sources to a queue, in their order. Its counts may
// be read at any time.
type feed struct {
	place   *place
	options *options
	log     *slog.Logger

	listed atomic.Bool  // all sources are read
	broken atomic.Int64 // sources that could not be read to their end
}

// run feeds the sources and seals the queue. A source that breaks off is told
// of and counted, and the next one goes on; an error is returned when the queue
// takes no more, or when there was nothing to be had of any source.
func (f *feed) run(ctx context.Context, sources []*source) error {
	var unread error
	for _, s := range sources {
		read, err := f.hand(ctx, s)
		switch {
		case err != nil:
			return err
		case read != nil && ctx.Err() == nil:
			f.broken.Add(1)
			f.log.Error("list could not be read to its end", "list", s.name, "why", read)
			unread = read
		}
	}
	f.listed.Store(true)
	if jobs, _ := f.count(); unread != nil && jobs == 0 {
		return usageErrorf("no list could be used: %w", unread)
	}
	return f.place.queue.Seal(ctx)
}

// hand gives one source to the queue. read is the source's own error.
func (f *feed) hand(ctx context.Context, s *source) (read, err error) {
	if s.again == nil {
		return f.put(ctx, s)
	}
	name, err := listName(s)
	if err != nil {
		return nil, err
	}
	err = f.place.queue.AddList(ctx, fileq.List{
		Name: name, Reader: s.file, Size: s.info.Size(), ModTime: s.info.ModTime(), Inode: inodeOf(s.info),
		Format: jobsOf{s.again},
	})
	var bad *fileq.ListError
	if errors.As(err, &bad) {
		return bad, nil
	}
	return nil, err
}

// listName is what the queue calls a list from run to run. The format is part of
// it where it may have been chosen: the same bytes are other jobs in another one.
func listName(s *source) (string, error) {
	name, err := filepath.Abs(s.file.Name())
	if format := s.again.Format(); format != list.Plain {
		name += " (" + string(format) + ")"
	}
	return name, err
}

func (f *feed) put(ctx context.Context, s *source) (read, err error) {
	jobs := func(yield func(queue.Job, error) bool) {
		for r, e := range s.requests(f.options) {
			if e != nil {
				read = e
				return
			}
			if !yield(r.Job(), nil) {
				return
			}
		}
	}
	_, err = f.place.queue.Put(ctx, jobs)
	return read, err
}

// count is how many jobs are known of by now, those that were settled included,
// and whether there will be no more.
func (f *feed) count() (jobs int64, all bool) {
	stats := f.place.queue.Stats()
	jobs, all = stats.Put.Done+stats.Put.Owed+stats.Put.Failed, f.listed.Load()
	for _, l := range stats.Lists {
		if l.Added {
			jobs += l.Done + l.Owed + l.Failed
			all = all && l.Read >= l.Size
		}
	}
	return jobs, all
}

// jobsOf cuts a list into jobs for the queue.
type jobsOf struct{ *list.Decoder }

// Jobs is as fileq.Format has it.
func (d jobsOf) Jobs(r io.Reader, line int64) iter.Seq2[fileq.Entry, error] {
	return func(yield func(fileq.Entry, error) bool) {
		for e, err := range d.Requests(r, line) {
			if err != nil {
				yield(fileq.Entry{}, err)
				return
			}
			if !yield(fileq.Entry{Job: e.Request.Job(), Size: e.Size, Lines: e.Lines}, nil) {
				return
			}
		}
	}
}
