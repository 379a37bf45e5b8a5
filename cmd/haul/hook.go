package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/seed-9a1263fe/haul/downloader"
)

const (
	// hookWorkers is how many commands run at once.
	hookWorkers = 4
	// hookBacklog is how many files may wait for theirs before downloads wait.
	hookBacklog = 1024
)

// hook runs a command for each file that was completed, with the job's ID, the
// file's path and its URL as arguments. No shell is involved, since all three
// come from strangers. When the run is interrupted, commands that run are killed
// and those that wait are told of.
type hook struct {
	command string
	dir     string
	out     io.Writer // for what commands say
	log     *slog.Logger
	queue   chan *downloader.Result
	over    <-chan struct{} // closed when the run is interrupted
	workers sync.WaitGroup
}

// startHook looks the command up and starts the workers. The caller ends them
// with close.
func startHook(ctx context.Context, o *options, out io.Writer, log *slog.Logger) (*hook, error) {
	path, err := exec.LookPath(o.onComplete)
	if err != nil {
		return nil, usageErrorf("--on-complete takes the name of a program, without arguments: %w", err)
	}
	h := &hook{command: path, dir: o.dir, out: out, log: log, queue: make(chan *downloader.Result, hookBacklog), over: ctx.Done()}
	for range hookWorkers {
		h.workers.Go(func() {
			for r := range h.queue {
				h.run(ctx, r)
			}
		})
	}
	return h, nil
}

// add has the command run for a result. It may be called from many goroutines,
// not after close. It waits while the backlog is full.
func (h *hook) add(r *downloader.Result) {
	select {
	case h.queue <- r:
	case <-h.over:
		h.miss(r, errInterrupted)
	}
}

// errInterrupted is why a command was not run.
var errInterrupted = errors.New("the run was interrupted before it was its turn")

func (h *hook) run(ctx context.Context, r *downloader.Result) {
	if ctx.Err() != nil {
		h.miss(r, errInterrupted)
		return
	}
	cmd := exec.CommandContext(ctx, h.command, r.ID.String(), h.path(r), r.URL)
	// Standard output is for data. What a command leaves running keeps no pipe
	// open that would be waited for.
	cmd.Stdout, cmd.Stderr = h.out, h.out
	cmd.WaitDelay = recorderGrace
	if err := cmd.Run(); err != nil {
		h.miss(r, err)
	}
}

func (h *hook) path(r *downloader.Result) string {
	return filepath.Join(h.dir, filepath.FromSlash(string(r.Key)))
}

func (h *hook) miss(r *downloader.Result, why error) {
	h.log.Warn("command for a complete file failed", "path", h.path(r), "why", why)
}

// close returns when every command has ended.
func (h *hook) close() {
	close(h.queue)
	h.workers.Wait()
}
