package promise

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/seed-9a1263fe/haul/bench/lab"
	"github.com/seed-9a1263fe/haul/bench/process"
)

// reopenTime is promised for opening ten million jobs that are known already.
const reopenTime = time.Second

var reopen = Promise{
	Name:  "reopen",
	Claim: "ten million lines are indexed in bounded memory, and opened again within a second",
	try:   tryReopen,
}

func tryReopen(ctx context.Context, t *trial) error {
	program, err := t.Build(ctx, "./bench/index")
	if err != nil {
		return err
	}
	state, err := t.OutDir("state")
	if err != nil {
		return err
	}
	n := t.Count(10_000_000)
	list, err := t.longList(ctx, n)
	if err != nil {
		return err
	}
	var settled int
	var first, all float64
	u, said, err := index(ctx, program, "-settle", list, state)
	if err != nil {
		return err
	}
	if _, err := fmt.Sscan(said, &first, &all, &settled); err != nil {
		return fmt.Errorf("index said %q: %s", said, u.Said)
	}
	t.usage("index and settle", u)
	t.figure("lines", "%d, %.0f a second, the first after %.3f s", n, float64(n)/all, first)
	t.hold(settled == n-1, "%d jobs were settled, want %d", settled, n-1)

	u, said, err = index(ctx, program, list, state)
	if err != nil {
		return err
	}
	if _, err := fmt.Sscan(said, &first); err != nil {
		return fmt.Errorf("index said %q: %s", said, u.Said)
	}
	t.usage("reopen", u)
	t.figure("owed job", "after %.3f s", first)
	t.hold(first < reopenTime.Seconds(), "reopening took %.3f s, promised less than %s", first, lab.Seconds(reopenTime))
	return nil
}

func index(ctx context.Context, program string, args ...string) (process.Usage, string, error) {
	var said strings.Builder
	u, err := process.Run(ctx, process.Command{Path: program, Args: args, Stdout: &said})
	return u, said.String(), err
}

// longList writes a list of n lines that nobody serves.
func (t *trial) longList(ctx context.Context, n int) (string, error) {
	dir, err := t.Dir("list")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "urls.txt")
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	for i := 0; i < n && ctx.Err() == nil; i++ {
		fmt.Fprintf(w, "http://files.example/data/%09d.bin\n", i) // Flush tells the first error
	}
	err = w.Flush()
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = ctx.Err()
	}
	return path, err
}
