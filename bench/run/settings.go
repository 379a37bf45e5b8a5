package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/seed-9a1263fe/haul/bench/lab"
	"github.com/seed-9a1263fe/haul/bench/matrix"
	"github.com/seed-9a1263fe/haul/bench/promise"
)

// errUsage says that the command line cannot be used, and that the reason was told.
var errUsage = errors.New("usage")

// A smoke run does this much of everything, once.
const quickScale = 0.05

// settings are the command line.
type settings struct {
	lab      lab.Options
	matrix   matrix.Options // without its peers
	promise  promise.Options
	peers    []string
	haulArgs []string
	json     string
	html     string

	rows     []matrix.Row
	promises []promise.Promise
}

// parse reads the command line, and tells stderr what is wrong with it.
func parse(args []string, stderr io.Writer) (settings, error) {
	s := settings{}
	fs := flag.NewFlagSet("bench/run", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&s.lab.Base, "dir", "", "make sources and servers below `DIR` (default /dev/shm, else the folder for temporary files)")
	fs.StringVar(&s.lab.Out, "out", "", "download below `DIR` (default as -dir): a disk, for what depends on one")
	fs.StringVar(&s.lab.Haul, "haul", "", "measure `PROGRAM` instead of building haul")
	fs.StringVar(&s.lab.Module, "module", ".", "build haul from the module in `DIR`")
	fs.Float64Var(&s.lab.Scale, "scale", 1, "multiply sizes of large files and numbers of small ones by `F`")
	fs.Uint64Var(&s.lab.Seed, "seed", 1, "seed of the data and of random moments")
	fs.IntVar(&s.matrix.Rounds, "rounds", 5, "let every program do each row `N` times")
	fs.DurationVar(&s.matrix.Limit, "limit", 3*time.Minute, "end a run that takes longer than `D`")
	fs.BoolVar(&s.promise.Peers, "with-peers", false, "let peers try what the promises try as well, where that says something")
	fs.StringVar(&s.json, "json", "", "write what was measured to `FILE` as JSON")
	fs.StringVar(&s.html, "html", "", "write a page with plots to `FILE`")
	peers := fs.String("peers", "", "let only `NAME,…` take part beside haul (default all that are installed)")
	haulArgs := fs.String("haul-args", "", "give haul these `ARGS` in the rows as well, parted by spaces")
	verify := fs.String("verify", "first", "read every byte of the `WHICH` runs of each program: first or all; sizes are always compared")
	quick := fs.Bool("quick", false, "a smoke run of seconds; its figures mean nothing")
	verbose := fs.Bool("v", false, "tell what is going on on standard error")
	fs.Usage = func() { usage(fs) }
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		return s, err
	} else if err != nil {
		return s, errUsage
	}
	if *quick {
		s.matrix.Rounds = 1
		s.lab.Scale = min(s.lab.Scale, quickScale)
	}
	if *verbose {
		s.lab.Log = stderr
	}
	if *peers != "" {
		s.peers = strings.Split(*peers, ",")
	}
	s.haulArgs, s.matrix.VerifyAll = strings.Fields(*haulArgs), *verify == "all"
	err := s.choose(fs.Args())
	switch {
	case err != nil:
	case *verify != "all" && *verify != "first":
		err = fmt.Errorf("-verify %q: neither first nor all", *verify)
	case s.matrix.Rounds < 1 || s.lab.Scale <= 0:
		err = errors.New("-rounds and -scale begin above zero")
	}
	if err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return s, errUsage
	}
	return s, nil
}

func usage(fs *flag.FlagSet) {
	w := fs.Output()
	fmt.Fprint(w, "go run ./bench/run [flags] [row or promise ...]\n\nRows (matrix is all of them, and what is done without a name):\n")
	for _, r := range matrix.Rows() {
		fmt.Fprintf(w, "  %-12s %s\n", r.Name, r.About)
	}
	fmt.Fprint(w, "\nPromises (promises is all of them; a name that is both is taken as a promise after promise:):\n")
	for _, p := range promise.All() {
		fmt.Fprintf(w, "  %-12s %s\n", p.Name, p.Claim)
	}
	fmt.Fprintln(w, "\nFlags:")
	fs.PrintDefaults()
}

// choose finds what the names mean.
func (s *settings) choose(names []string) error {
	if len(names) == 0 {
		names = []string{"matrix"}
	}
	for _, name := range names {
		switch name {
		case "matrix":
			s.rows = append(s.rows, matrix.Rows()...)
			continue
		case "promises":
			s.promises = append(s.promises, promise.All()...)
			continue
		}
		own, asPromise := strings.CutPrefix(name, "promise:")
		if row, ok := matrix.Find(name); ok && !asPromise {
			s.rows = append(s.rows, row)
			continue
		}
		i := slices.IndexFunc(promise.All(), func(p promise.Promise) bool { return p.Name == own })
		if i < 0 {
			return fmt.Errorf("no row or promise is called %q", name)
		}
		s.promises = append(s.promises, promise.All()[i])
	}
	return nil
}
