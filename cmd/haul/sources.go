package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/seed-9a1263fe/haul/downloader"
	"github.com/seed-9a1263fe/haul/downloader/list"
)

// source is a list, or the URLs of the command line.
type source struct {
	name string
	urls []string  // of the command line
	in   io.Reader // of a list
	cfg  list.Config

	file *os.File // in, when it is to be closed
	// again is set when file can be read again from any entry on: then it says
	// how, and with info whether it is the list of the run before.
	again *list.Decoder
	info  fs.FileInfo
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
			all = append(all, listSource("-", newLivePipe(ctx, stdin), list.Format(o.format), log))
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
		return usageErrorf("nothing to download: give URLs, or a list with -i FILE%s", owedIn(o.dir))
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

// owedIn says that a directory knows of work, for whoever hoped to go on with it
// by naming the directory alone.
func owedIn(dir string) string {
	m, err := recall(dir)
	if err != nil {
		return "" // there is nothing to be known, or it is not for this run to tell
	}
	defer m.close() // it was only read
	n := m.jobs.Owed + m.jobs.Left + m.jobs.Failed
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("; %s of earlier runs (see haul status -d %s), which go on when they are given again", plural(n, "job is left", "jobs are left"), printable(dir))
}

func meantCommand(arg string) string {
	names := []string{"get", "status", "verify", "state", "report", "demo", "completion", "man", "version", "help"}
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
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = &fs.PathError{Op: "read", Path: name, Err: errors.New("is a directory")}
	}
	if err != nil {
		return nil, errors.Join(usageErrorf("list: %w", err), f.Close())
	}
	s := listSource(name, f, format, log)
	s.file, s.info = f, info
	if format != list.Results { // of which another --only would make another list
		s.findAgain()
	}
	return s, nil
}

// findAgain looks whether the list can be read again from any entry on. A list
// with a fault in its head cannot; what is wrong is told when it is read.
func (s *source) findAgain() {
	if !s.info.Mode().IsRegular() {
		return
	}
	opened, err := list.Open(io.NewSectionReader(s.file, 0, s.info.Size()), s.cfg)
	if err != nil {
		return
	}
	defer opened.Close()
	if opened.Compressed != "" || !opened.Decoder.Format().Enterable() {
		return
	}
	for _, err := range opened.Requests() {
		if err != nil {
			return
		}
		break
	}
	s.again = opened.Decoder
}

// rereadable reports whether every source is a list that can be read again.
func rereadable(all []*source) bool {
	return !slices.ContainsFunc(all, func(s *source) bool { return s.again == nil })
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
