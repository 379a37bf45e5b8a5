package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/seed-9a1263fe/haul/store"
	"github.com/seed-9a1263fe/haul/store/diskstore"
)

func newVerify(io stdio) *cobra.Command {
	o := defaultOptions()
	cmd := &cobra.Command{
		Use:   "verify [-d DIR] [-i LIST]",
		Short: "Read every complete file again and compare it with its record",
		Long: `Reads every complete file again, all of them or those of lists, and compares size
and digest with what was recorded when it was downloaded. Files that differ are
named on standard output, and the exit code is then 1. Nothing is changed: remove
what is named and run the download again to mend it.`,
		Args:                  noArgs,
		DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return verify(cmd.Context(), o, io)
		},
	}
	f := addPlaceFlags(cmd.Flags(), o)
	f.add(listValue{&o.lists, "FILE", notEmpty}, "input-file", "i", "only the jobs of list `FILE`; may be given several times")
	f.choice(&o.format, "input-format", "", "lists are in `FORMAT`", "auto", "plain", "jsonl", "csv", "tsv", "metalink")
	return cmd
}

func verify(ctx context.Context, o *options, io stdio) error {
	m, err := recall(o.dir)
	if err != nil {
		return err
	}
	defer m.close() // it was only read
	v := &verifier{memory: m, out: io.out}
	if len(o.lists) > 0 {
		if v.only, err = ownersOf(ctx, o, io); err != nil {
			return err
		}
	}
	began := time.Now()
	if err := v.run(ctx); err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	took := time.Since(began)
	fmt.Fprintf(io.err, "haul: %s read again, %d as recorded, %d not; %s in %s, %s/s\n",
		plural(v.right+v.wrong, "file", "files"), v.right, v.wrong, formatSize(v.bytes), formatDuration(took), formatSize(perSecond(v.bytes, took)))
	if missing := int64(len(v.only)) - v.right - v.wrong; v.only != nil && missing > 0 {
		fmt.Fprintf(io.err, "haul: %s of the list not complete\n", plural(missing, "job is", "jobs are"))
	}
	if v.wrong > 0 {
		return errJobsFailed
	}
	return nil
}

// ownersOf are the jobs of the lists. They take some 50 bytes of memory each.
func ownersOf(ctx context.Context, o *options, io stdio) (map[store.Owner]bool, error) {
	sources, err := openSources(ctx, o, nil, io.in, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	defer closeSources(sources) // they were only read
	only := map[store.Owner]bool{}
	for _, s := range sources {
		for r, err := range s.requests(o) {
			if err != nil {
				return nil, usageErrorf("%w", err)
			}
			only[store.Owner(r.ID())] = true
		}
	}
	return only, nil
}

// verifier reads files again, a few at once.
type verifier struct {
	memory *memory
	only   map[store.Owner]bool // nil for all

	mu           sync.Mutex
	out          io.Writer
	right, wrong int64
	bytes        int64
}

func (v *verifier) run(ctx context.Context) error {
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	var unread error
	for r, err := range v.memory.files.Published(gctx) {
		if err != nil {
			unread = err
			break
		}
		if v.only == nil || v.only[r.Owner] {
			group.Go(func() error { return v.check(gctx, r) })
		}
	}
	err := group.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return cmp.Or(err, unread)
}

// check reads one file. Only what ends the whole work is an error.
func (v *verifier) check(ctx context.Context, r diskstore.Record) error {
	err := v.memory.files.Verify(ctx, r)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.bytes += r.Present
	if err == nil {
		v.right++
		return nil
	}
	v.wrong++
	_, err = fmt.Fprintf(v.out, "%s\t%s\n", printable(string(r.Key)), printable(err.Error()))
	return err
}
