package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// stdio are the standard streams. Data goes to out, everything that is meant
// for people to err.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

// environment looks a variable up, as os.LookupEnv does.
type environment func(string) (string, bool)

func (e environment) lookup(name string) (string, bool) { return e(name) }

// grace is how long a command may take after the first signal. The contract
// with the outside is two seconds.
const grace = 1800 * time.Millisecond

// run is the program: it carries out args and returns the exit code.
//
// The first SIGINT or SIGTERM cancels the command and gives it the grace time to
// commit and leave. After that, run returns all the same: everything that is
// committed is safe by then, whatever a dead disk or terminal still holds up. A
// second signal ends the process at once.
func run(args []string, io stdio, env environment) int {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)

	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	defer signal.Stop(signals)
	signal.Ignore(syscall.SIGPIPE) // a reader that went away is an error of Write

	code := make(chan int, 1)
	go func() { code <- execute(ctx, args, io, env) }()
	select {
	case c := <-code:
		return c
	case s := <-signals:
		signal.Reset(syscall.SIGINT, syscall.SIGTERM)
		why := &interruption{s}
		cancel(why)
		select {
		case c := <-code:
			return c
		case <-time.After(grace):
			fmt.Fprintln(io.err, "haul: leaving without having tidied up; what was committed is safe")
			return why.code()
		}
	}
}

// execute runs the command that args name and tells what went wrong with it.
func execute(ctx context.Context, args []string, io stdio, env environment) int {
	cmd := newRoot(io, env)
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(ctx)
	code := exitCode(err)
	switch {
	case err == nil, errors.Is(err, errJobsFailed):
	case code == exitInterrupted || code == exitTerminated:
	default:
		for line := range strings.SplitSeq(err.Error(), "\n") { // joined errors have a line each
			fmt.Fprintf(io.err, "haul: %s\n", printable(line))
		}
		if code == exitUsage {
			fmt.Fprintln(io.err, `Try "haul --help".`)
		}
	}
	return code
}
