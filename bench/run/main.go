// Command run measures haul beside its peers and beside its own promises; see
// README.md in the folder above.
//
//	go run ./bench/run [flags] [row or promise ...]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/seed-9a1263fe/haul/bench/lab"
)

func main() {
	// SIGTERM too, so that a stopped run takes its folders and servers with it.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return
	case errors.Is(err, errUsage):
		os.Exit(2)
	}
	fmt.Fprintln(os.Stderr, "bench:", err)
	os.Exit(1)
}

// errBroken says that a promise was not kept, or a file was wrong.
var errBroken = errors.New("not all is as promised")

// run does what the command line says, and cleans up after itself.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	s, err := parse(args, stderr)
	if err != nil {
		return err
	}
	l, err := lab.Open(ctx, s.lab)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	b := newBench(l, s, stdout)
	broken, err := b.all(ctx)
	// What was measured before an error is worth keeping.
	if err := errors.Join(err, b.write()); err != nil {
		return err
	}
	if broken {
		return errBroken
	}
	return nil
}
