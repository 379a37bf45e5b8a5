// Package process runs a program and measures it: wall time, processor time,
// peak memory, and how soon it had something to show. It can also kill the
// program at a chosen moment.
package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// Command is a program and how it is run. Its environment is this program's,
// without what would change how a downloader behaves (see Environ).
type Command struct {
	Path string
	Args []string
	// Dir is the working directory; empty is this program's.
	Dir string
	// Stdout gets what the program prints; nil is nobody.
	Stdout io.Writer

	// KillAfter kills the program (SIGKILL) so long after its start; zero never does.
	KillAfter time.Duration
	// First, if set, is asked every few milliseconds until it says yes; when that
	// was becomes Usage.First. It is called from a goroutine of Run's.
	First func() bool
}

// Usage is what a run took.
type Usage struct {
	Wall time.Duration
	// CPU is user and system time together.
	CPU time.Duration
	// PeakMemory is the most resident memory in bytes, zero where the system
	// does not tell.
	PeakMemory int64
	// First is when Command.First said yes; zero if it never did.
	First time.Duration
	// Exit is the exit status, -1 after a signal.
	Exit int
	// Killed says that KillAfter ended the program.
	Killed bool
	// Said is the end of what it wrote to standard error.
	Said string
}

// pollEvery is how often a program is looked at. Peak memory is a high-water
// mark, so only what it grows by in its last moments can be missed.
const pollEvery = 5 * time.Millisecond

// Run runs c to its end. An error means that it could not be started or that
// ctx ended, in which case it was killed; a failing program is no error.
func Run(ctx context.Context, c Command) (Usage, error) {
	cmd := exec.CommandContext(ctx, c.Path, c.Args...)
	cmd.Dir, cmd.Env, cmd.Stdout = c.Dir, Environ(), c.Stdout
	// A grandchild that keeps a pipe open must not keep Run waiting.
	cmd.WaitDelay = time.Second
	said := &tail{}
	cmd.Stderr = said
	dieWithParent(cmd)

	start := time.Now()
	if err := cmd.Start(); err != nil {
		return Usage{}, fmt.Errorf("process: start %s: %w", c.Path, err)
	}
	w := &watch{c: c, process: cmd.Process, start: start, done: make(chan struct{})}
	var watching sync.WaitGroup
	watching.Go(w.run)
	err := cmd.Wait()
	wall := time.Since(start)
	close(w.done)
	watching.Wait()

	if ctx.Err() != nil {
		return Usage{}, fmt.Errorf("process: %s: %w", c.Path, ctx.Err())
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return Usage{}, fmt.Errorf("process: run %s: %w", c.Path, err)
	}
	s := cmd.ProcessState
	return Usage{
		Wall: wall, CPU: s.UserTime() + s.SystemTime(), PeakMemory: max(w.peak, exactPeak(s)),
		First: w.first, Exit: s.ExitCode(), Killed: w.killed && s.ExitCode() == -1, Said: said.String(),
	}, nil
}

// watch looks at a running program until done is closed.
type watch struct {
	c       Command
	process *os.Process
	start   time.Time
	done    chan struct{}

	peak   int64
	first  time.Duration
	killed bool
}

func (w *watch) run() {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var kill <-chan time.Time
	if w.c.KillAfter > 0 {
		t := time.NewTimer(w.c.KillAfter)
		defer t.Stop()
		kill = t.C
	}
	for {
		select {
		case <-w.done:
			// The last look: a program that was quicker than a tick has shown it too.
			w.look()
			return
		case <-kill:
			w.killed = w.process.Kill() == nil
		case <-tick.C:
			w.look()
		}
	}
}

func (w *watch) look() {
	w.peak = max(w.peak, highWater(w.process.Pid))
	if w.first == 0 && w.c.First != nil && w.c.First() {
		w.first = time.Since(w.start)
	}
}

// Environ is this program's environment without the variables that configure
// downloaders: proxies, and haul's own settings.
func Environ() []string {
	var env []string
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		lower := strings.ToLower(name)
		if strings.HasSuffix(lower, "_proxy") || strings.HasPrefix(lower, "haul_") || lower == "wgetrc" || lower == "wget2rc" {
			continue
		}
		env = append(env, v)
	}
	return env
}

// keepSaid is how much of standard error is kept.
const keepSaid = 4 << 10

// tail keeps the end of what is written to it. The goroutine of os/exec writes;
// it has ended before String is called.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if over := len(t.b) - keepSaid; over > 0 {
		t.b = append(t.b[:0], t.b[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string { return strings.TrimSpace(string(t.b)) }
