package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/seed-9a1263fe/haul/downloader"
)

// newDownload makes a command that downloads what its flags and arguments name.
func newDownload(use string, io stdio, env environment) *cobra.Command {
	o := defaultOptions()
	cmd := &cobra.Command{
		Use:                   use,
		Args:                  cobra.ArbitraryArgs,
		DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			_, err := download(cmd.Context(), o, args, io, env)
			return err
		},
	}
	addDownloadFlags(cmd.Flags(), o)
	return cmd
}

// transfer is one download: what it works with, from the first list to the summary.
type transfer struct {
	options *options
	screen  *screen
	color   bool
	log     *slog.Logger
	sources []*source
	place   *place
	feed    *feed
	engine  *downloader.Engine
	tally   *tally
	results *recorder // nil unless they are asked for
	left    *leftover // likewise
	hook    *hook     // likewise
	began   time.Time
}

// errNoReader ends a run whose results nobody reads any more.
var errNoReader = errors.New("standard output was closed")

// download is the whole of a download. It returns how the run stood at its end.
func download(ctx context.Context, o *options, args []string, io stdio, env environment) (_ state, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	t := newTransfer(o, io, env)
	if t.sources, err = openSources(ctx, o, args, io.in, t.log); err != nil {
		return state{}, err
	}
	defer closeSources(t.sources) // they were only read
	cfg, err := engineConfig(o, env, t.log)
	if err != nil {
		return state{}, err
	}
	if o.dryRun {
		return state{}, dryRun(ctx, t.sources, cfg, o, io.out)
	}
	if t.place, err = openPlace(o, t.log); err != nil {
		return state{}, err
	}
	defer func() {
		if bad := explainPlace(o.dir, t.place.close()); bad != nil && exitCode(err) <= exitFailed {
			err = bad
		}
	}()
	cfg.Observe = t.observe
	if t.engine, err = downloader.New(t.place.queue, t.place.store, cfg); err != nil {
		return state{}, &exitError{exitUsage, err}
	}
	if err := t.openOutputs(ctx, io, func() { cancel(errNoReader) }); err != nil {
		return state{}, err
	}
	t.feed = &feed{place: t.place, options: o, log: t.log}
	return t.finish(t.work(ctx))
}

// openOutputs opens what is written beside the files. gone is called when nobody
// reads the results any more. After an error nothing is open.
func (t *transfer) openOutputs(ctx context.Context, io stdio, gone func()) (err error) {
	defer func() {
		if err == nil {
			return
		}
		if t.left != nil {
			err = errors.Join(err, t.left.drop())
		}
		if t.results != nil {
			err = errors.Join(err, t.results.close())
		}
	}()
	o := t.options
	if o.saveSession != "" {
		if t.left, err = openLeftover(o.saveSession); err != nil {
			return err
		}
	}
	if o.results != "" {
		if t.results, err = openRecorder(ctx, o.results, io.out, gone); err != nil {
			return err
		}
	}
	if o.onComplete != "" {
		t.hook, err = startHook(ctx, o, t.screen, t.log)
	}
	return err
}

// closeOutputs ends what openOutputs opened, and says what was not written.
func (t *transfer) closeOutputs() error {
	var errs []error
	if t.hook != nil {
		t.hook.close()
	}
	if t.results != nil {
		errs = append(errs, t.results.close())
	}
	if t.left != nil {
		errs = append(errs, t.saveLeft())
	}
	return errors.Join(errs...)
}

// newTransfer makes a transfer that can speak, and nothing else yet.
func newTransfer(o *options, io stdio, env environment) *transfer {
	_, plain := env.lookup("NO_COLOR")
	t := &transfer{options: o, screen: newScreen(io.err, env), color: !plain, began: time.Now()}
	t.log = newLogger(t.screen, o)
	t.tally = newTally(t.log, logLevel(o) <= slog.LevelInfo)
	return t
}

// work feeds the queue and runs the engine, and shows how it goes.
func (t *transfer) work(ctx context.Context) error {
	unhook := onSnapshotSignal(func() { t.showSnapshot() })
	defer unhook()
	var shown *progress
	if !t.options.quiet && !t.options.noProgress {
		shown = startProgress(t.screen, t.color, t.state)
	}
	defer shown.end()

	// The feed has no purpose once the engine has ended, and the engine cannot
	// end well without the feed.
	group, gctx := errgroup.WithContext(ctx)
	feedCtx, stopFeed := context.WithCancelCause(gctx)
	group.Go(func() error {
		err := t.feed.run(feedCtx, t.sources)
		if context.Cause(feedCtx) != nil {
			return nil // the engine's error says why
		}
		return err
	})
	group.Go(func() error {
		defer stopFeed(context.Canceled)
		return t.engine.Run(gctx)
	})
	err := group.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// finish tells how the run went and returns what it is to leave with.
func (t *transfer) finish(err error) (state, error) {
	err = gaveUp(t.options.dir, err)
	if bad := t.closeOutputs(); bad != nil {
		err = errors.Join(err, bad)
	}
	s := t.state()
	if !t.options.quiet {
		writeSummary(t.screen, &s, time.Since(t.began), t.tally.byCount())
	}
	var stopped *interruption
	if errors.As(err, &stopped) && !t.options.quiet {
		fmt.Fprintln(t.screen, "haul: interrupted; what was fetched is kept, and the same command goes on from there")
	}
	if err == nil {
		err = worst(&s.Snapshot, t.feed.broken.Load())
	}
	return s, err
}

// saveLeft writes what the run leaves to do, also when it was interrupted. Lists
// that can be read again are, if there is nothing but such; otherwise failed jobs
// were written as they failed, and what was read and not done is still in the
// queue.
func (t *transfer) saveLeft() (err error) {
	ctx := context.Background()
	if rereadable(t.sources) {
		err = t.left.addLists(ctx, t.sources, t.place.store)
	} else {
		err = t.left.addOwed(ctx, t.place.queue)
	}
	if n := t.left.unspoken; n > 0 {
		t.log.Warn("the saved list leaves out jobs that cannot be written in it", "jobs", n)
	}
	return errors.Join(err, t.left.close())
}

// observe takes the engine's events, from many goroutines.
func (t *transfer) observe(ev downloader.Event) {
	f, ok := ev.(downloader.Finished)
	if !ok {
		return
	}
	if f.Result.Status == downloader.Failed {
		t.tally.add(&f.Result)
		if t.left != nil && !rereadable(t.sources) {
			t.left.add(f.Result.Request)
		}
	}
	if t.results != nil {
		t.results.add(&f.Result)
	}
	if t.hook != nil && f.Result.Status == downloader.Complete {
		t.hook.add(&f.Result)
	}
}

// state is how the run stands.
func (t *transfer) state() state {
	jobs, all := t.feed.count()
	return state{Snapshot: t.engine.Snapshot(), Jobs: jobs, Listed: all}
}

// showSnapshot writes how the run stands, with every file in flight, for
// somebody who asked from outside.
func (t *transfer) showSnapshot() {
	s := t.state()
	now := time.Now()
	rate := float64(perSecond(s.Fetched, now.Sub(s.Since)))
	fmt.Fprintf(t.screen, "haul: %s\n", totalLine(&s, rate))
	for _, f := range s.Files {
		fmt.Fprintf(t.screen, "  %s  %s, %s, since %s\n", sizeOf(f), nameOf(f), plural(int64(f.Ranges), "range", "ranges"), formatDuration(now.Sub(f.Started)))
	}
	for _, l := range hostLines(s.Hosts, now) {
		fmt.Fprintf(t.screen, "  %s\n", l)
	}
}
