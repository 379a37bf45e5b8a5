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
	"slices"
	"strings"
	"syscall"

	"github.com/seed-9a1263fe/haul/bench/lab"
	"github.com/seed-9a1263fe/haul/bench/promise"
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

// errUsage says that the command line cannot be used, and that flag has said why.
var errUsage = errors.New("usage")

// quickScale is how much of everything a smoke run does.
const quickScale = 0.05

// settings are the command line.
type settings struct {
	lab     lab.Options
	quick   bool
	verbose bool
	promise promise.Options
	names   []string
}

func parse(args []string, stderr io.Writer) (settings, error) {
	s := settings{}
	fs := flag.NewFlagSet("bench/run", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&s.lab.Base, "dir", "", "make sources and servers below `DIR` (default /dev/shm, else the folder for temporary files)")
	fs.StringVar(&s.lab.Out, "out", "", "download below `DIR` (default as -dir); a disk for what depends on one")
	fs.StringVar(&s.lab.Haul, "haul", "", "measure `PROGRAM` instead of building haul")
	fs.StringVar(&s.lab.Module, "module", ".", "build haul from the module in `DIR`")
	fs.Float64Var(&s.lab.Scale, "scale", 1, "multiply sizes and numbers of files by `F`")
	fs.Uint64Var(&s.lab.Seed, "seed", 1, "seed of the data and of random moments")
	fs.BoolVar(&s.quick, "quick", false, "a smoke run of seconds; its figures mean nothing")
	fs.BoolVar(&s.verbose, "v", false, "tell what is going on on standard error")
	fs.BoolVar(&s.promise.Peers, "peers", false, "let peers do what the promises do as well, where that says something")
	fs.Usage = func() { usage(fs) }
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return s, err
		}
		return s, errUsage
	}
	if s.quick {
		s.lab.Scale = quickScale
	}
	if s.verbose {
		s.lab.Log = stderr
	}
	s.names = fs.Args()
	return s, nil
}

func usage(fs *flag.FlagSet) {
	w := fs.Output()
	fmt.Fprintf(w, "go run ./bench/run [flags] [promise ...]\n\nPromises (promises is all of them):\n")
	for _, p := range promise.All() {
		fmt.Fprintf(w, "  %-12s %s\n", p.Name, p.Claim)
	}
	fmt.Fprintln(w, "\nFlags:")
	fs.PrintDefaults()
}

// run does what the command line says and cleans up after itself.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	s, err := parse(args, stderr)
	if err != nil {
		return err
	}
	chosen, err := choose(s.names)
	if err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return errUsage
	}
	l, err := lab.Open(ctx, s.lab)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	for _, p := range chosen {
		o, tryErr := p.Try(ctx, l, s.promise)
		if tryErr != nil {
			return tryErr
		}
		o.Print(stdout)
		if !o.Kept() {
			err = errBroken
		}
	}
	return err
}

// choose finds what the names mean; no name is everything.
func choose(names []string) ([]promise.Promise, error) {
	all := promise.All()
	if len(names) == 0 || slices.Contains(names, "promises") {
		return all, nil
	}
	var chosen []promise.Promise
	for _, name := range names {
		i := slices.IndexFunc(all, func(p promise.Promise) bool { return p.Name == strings.TrimSpace(name) })
		if i < 0 {
			return nil, fmt.Errorf("no promise is called %q", name)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}
