package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"

	"github.com/seed-9a1263fe/haul/downloader"
	"github.com/seed-9a1263fe/haul/downloader/list"
	"github.com/seed-9a1263fe/haul/queue"
)

// source is a list, or the URLs of the command line.
type source struct {
	name string
	urls []string  // of the command line
	in   io.Reader // of a list
	file *os.File  // in, when it is to be closed
	cfg  list.Config
}

// openSources opens all that options and args name. A list that is not there
// ends the program before anything is done.
func openSources(ctx context.Context, o *options, args []string, stdin io.Reader, log *slog.Logger) ([]*source, error) {
	if err := checkSources(o, args); err != nil {
		return nil, err
	}
	var all []*source
	if o.retryFrom != "" {
		s, err := openList(o.retryFrom, list.Results, log)
		if err != nil {
			return nil, err
		}
		s.cfg.Only = onlyKinds(o.only)
		all = append(all, s)
	}
	for _, name := range o.lists {
		if name == "-" {
			all = append(all, listSource("-", interruptible(ctx, stdin), list.Format(o.format), log))
			continue
		}
		s, err := openList(name, list.Format(o.format), log)
		if err != nil {
			return nil, errors.Join(err, closeSources(all))
		}
		all = append(all, s)
	}
	if len(args) > 0 {
		all = append(all, &source{name: "command line", urls: args})
	}
	return all, nil
}

// checkSources refuses what gives no work, and options that are for one URL.
func checkSources(o *options, args []string) error {
	if len(args)+len(o.lists) == 0 && o.retryFrom == "" {
		return usageErrorf("nothing to download: give URLs, or a list with -i FILE")
	}
	single := len(args) == 1 && len(o.lists) == 0 && o.retryFrom == ""
	switch {
	case o.out != "" && !single:
		return usageErrorf("-o is the name of a single URL's file; in a list, write out=NAME below each URL")
	case !o.checksum.IsZero() && !single:
		return usageErrorf("--checksum is for a single URL; in a list, write checksum=TYPE=HEX below each URL")
	case len(o.only) > 0 && o.retryFrom == "":
		return usageErrorf("--only chooses jobs of --retry-from, which was not given")
	}
	stdins := 0
	for _, name := range o.lists {
		if name == "-" {
			stdins++
		}
	}
	if stdins > 1 {
		return usageErrorf("-i - was given %d times, but standard input can be read only once", stdins)
	}
	for _, arg := range args {
		if !strings.Contains(arg, ":") {
			return usageErrorf("%q is neither a URL nor a command%s", arg, meantCommand(arg))
		}
	}
	return nil
}

func meantCommand(arg string) string {
	names := []string{"get", "status", "verify", "state", "demo", "completion", "man", "version", "help"}
	if near := nearest(arg, names); near != "" {
		return fmt.Sprintf("; did you mean haul %s?", near)
	}
	if strings.Contains(arg, ".") {
		return "; did you mean https://" + printable(arg) + "?"
	}
	return ""
}

// onlyKinds reads the kinds that --only chooses; "failed" is all of them.
func onlyKinds(only []string) []downloader.Kind {
	var kinds []downloader.Kind
	for _, s := range only {
		for kind := range strings.SplitSeq(s, ",") {
			if kind == "failed" {
				return nil
			}
			kinds = append(kinds, downloader.Kind(strings.TrimSpace(kind)))
		}
	}
	return kinds
}

func openList(name string, format list.Format, log *slog.Logger) (*source, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, usageErrorf("list: %w", err)
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, errors.Join(usageErrorf("list %s: is a directory", name), f.Close())
	}
	s := listSource(name, f, format, log)
	s.file = f
	return s, nil
}

func listSource(name string, in io.Reader, format list.Format, log *slog.Logger) *source {
	ignored := func(line int64, what string) {
		log.Info("list option has no meaning here and is ignored", "at", placeOf(name, line), "what", what)
	}
	return &source{name: name, in: in, cfg: list.Config{Name: name, Format: format, Ignored: ignored}}
}

func closeSources(all []*source) error {
	var errs []error
	for _, s := range all {
		if s.file != nil {
			errs = append(errs, s.file.Close())
		}
	}
	return errors.Join(errs...)
}

// requests yields what the source asks for.
func (s *source) requests(o *options) iter.Seq2[downloader.Request, error] {
	if s.in == nil {
		return commandLine(s.urls, o)
	}
	return func(yield func(downloader.Request, error) bool) {
		opened, err := list.Open(s.in, s.cfg)
		if err != nil {
			yield(downloader.Request{}, err)
			return
		}
		defer opened.Close()
		for e, err := range opened.Requests() {
			if !yield(e.Request, err) || err != nil {
				return
			}
		}
	}
}

// commandLine makes requests of URLs that were given as arguments.
func commandLine(urls []string, o *options) iter.Seq2[downloader.Request, error] {
	return func(yield func(downloader.Request, error) bool) {
		for _, raw := range urls {
			r := downloader.Request{URLs: []string{raw}, Out: o.out, Checksum: o.checksum}
			url, err := list.CleanURL(raw)
			if err == nil {
				r.URLs[0] = url
			} else if !errors.As(err, &r.Defect) {
				yield(r, err)
				return
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// feed hands the jobs of all sources to a queue, in their order. Its counts may
// be read at any time.
type feed struct {
	queue   queue.Queue
	options *options
	log     *slog.Logger

	jobs   atomic.Int64 // handed over; jobs known twice count once their source is through
	listed atomic.Bool  // all sources are read
	broken atomic.Int64 // sources that could not be read to their end
}

// run feeds the sources and seals the queue. A source that breaks off is told
// of and counted, and the next one goes on; an error is returned when the queue
// takes no more, or when there was nothing to be had of any source.
func (f *feed) run(ctx context.Context, sources []*source) error {
	var unread error
	for _, s := range sources {
		read, err := f.put(ctx, s)
		switch {
		case read != nil:
			f.broken.Add(1)
			f.log.Error("list could not be read to its end", "list", s.name, "why", read)
			unread = read
		case err != nil:
			return err
		}
	}
	f.listed.Store(true)
	if unread != nil && f.jobs.Load() == 0 {
		return usageErrorf("no list could be used: %w", unread)
	}
	return f.queue.Seal(ctx)
}

// put hands over one source. read is the source's own error.
func (f *feed) put(ctx context.Context, s *source) (read, err error) {
	jobs := func(yield func(queue.Job, error) bool) {
		for r, e := range s.requests(f.options) {
			if e != nil {
				read = e
				return
			}
			f.jobs.Add(1)
			if !yield(r.Job(), nil) {
				return
			}
		}
	}
	added, err := f.queue.Put(ctx, jobs)
	f.jobs.Add(-added.Known)
	return read, err
}

// interruptible returns a reader of r that fails once ctx is done. A Read of r
// that hangs then, as standard input may, is left to end with the process: there
// is no way to call it back.
func interruptible(ctx context.Context, r io.Reader) io.Reader {
	pr, pw := io.Pipe()
	context.AfterFunc(ctx, func() { pw.CloseWithError(context.Cause(ctx)) })
	go func() {
		_, err := io.CopyBuffer(pw, r, make([]byte, 64<<10))
		pw.CloseWithError(err)
	}()
	return pr
}
