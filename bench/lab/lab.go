// Package lab is where measurements are made: a folder of its own on a fast file
// system, the program under test, and servers with files.
package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"

	"github.com/seed-9a1263fe/haul/bench/process"
	"github.com/seed-9a1263fe/haul/bench/source"
)

// Options shape a lab.
type Options struct {
	// Base is the folder below which sources are made; empty is the first of
	// /dev/shm and the system's folder for temporary files that can be written.
	Base string
	// Out is the folder below which downloads are made; empty is Base.
	Out string
	// Haul is the program under test; empty builds it from Module, the folder
	// of this module.
	Haul   string
	Module string
	// Scale multiplies the sizes of large files and the numbers of small ones;
	// zero is one.
	Scale float64
	// Seed of the sources and of the moments of kills.
	Seed uint64
	// Log is told what is going on; nil is nobody.
	Log io.Writer
}

// Lab is a place for measurements. It belongs to one goroutine.
type Lab struct {
	Options
	dir, out string
	next     atomic.Int64
}

// Open makes a lab. Close takes everything away again.
func Open(ctx context.Context, opt Options) (*Lab, error) {
	if opt.Scale == 0 {
		opt.Scale = 1
	}
	if opt.Log == nil {
		opt.Log = io.Discard
	}
	l := &Lab{Options: opt}
	if err := l.makeDirs(); err != nil {
		return nil, errors.Join(fmt.Errorf("lab: %w", err), l.Close())
	}
	if l.Haul == "" {
		var err error
		if l.Haul, err = l.Build(ctx, "./cmd/haul"); err != nil {
			return nil, errors.Join(err, l.Close())
		}
	}
	return l, nil
}

func (l *Lab) makeDirs() (err error) {
	for _, base := range []string{l.Base, "/dev/shm", os.TempDir()} {
		if base == "" {
			continue
		}
		if l.dir, err = os.MkdirTemp(base, "haul-bench-"); err == nil || l.Base != "" {
			break
		}
	}
	if err != nil {
		return err
	}
	// nginx gives its workers to another user, who must be able to come by.
	if err := os.Chmod(l.dir, 0o755); err != nil {
		return err
	}
	if l.Out == "" {
		l.out = l.dir
		return nil
	}
	l.out, err = os.MkdirTemp(l.Out, "haul-bench-out-")
	return err
}

// Build builds a command of the module and returns its path.
func (l *Lab) Build(ctx context.Context, pkg string) (string, error) {
	path := filepath.Join(l.dir, filepath.Base(pkg))
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	u, err := process.Run(ctx, process.Command{
		Path: "go", Args: []string{"build", "-trimpath", "-o", path, pkg}, Dir: l.Module,
	})
	if err == nil && u.Exit != 0 {
		err = errors.New(u.Said)
	}
	if err != nil {
		return "", fmt.Errorf("lab: build %s: %w", pkg, err)
	}
	return path, nil
}

// Close removes all that the lab made.
func (l *Lab) Close() error {
	var errs []error
	for _, dir := range []string{l.dir, l.out} {
		if dir != "" {
			errs = append(errs, os.RemoveAll(dir))
		}
	}
	return errors.Join(errs...)
}

// Dir makes a new folder for sources and lists. What it is for is part of its name.
func (l *Lab) Dir(what string) (string, error) { return l.fresh(l.dir, what) }

// OutDir makes a new folder for downloads.
func (l *Lab) OutDir(what string) (string, error) { return l.fresh(l.out, what) }

func (l *Lab) fresh(base, what string) (string, error) {
	dir := filepath.Join(base, what+"-"+strconv.FormatInt(l.next.Add(1), 10))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", fmt.Errorf("lab: %w", err)
	}
	return dir, nil
}

// Logf tells what is going on.
func (l *Lab) Logf(format string, args ...any) {
	fmt.Fprintf(l.Log, format+"\n", args...)
}

// Count scales a number of files; at least one is left.
func (l *Lab) Count(n int) int { return max(1, int(float64(n)*l.Scale)) }

// Size scales the size of a large file.
func (l *Lab) Size(n int64) int64 { return max(1, int64(float64(n)*l.Scale)) }

// Make makes a set of files in a folder of its own.
func (l *Lab) Make(ctx context.Context, what string, sizes []int64) (*source.Set, error) {
	dir, err := l.Dir(what)
	if err != nil {
		return nil, err
	}
	return source.Make(ctx, dir, l.Seed, sizes)
}

// Repeat makes a set of n names for one file.
func (l *Lab) Repeat(ctx context.Context, what string, n int, size int64) (*source.Set, error) {
	dir, err := l.Dir(what)
	if err != nil {
		return nil, err
	}
	return source.Repeat(ctx, dir, l.Seed, n, size)
}

// HaulArgs are the arguments that make haul fetch a list into a folder.
func HaulArgs(list, out string, more ...string) []string {
	return append([]string{"--no-conf", "--quiet", "-i", list, "-d", out}, more...)
}

// RunHaul fetches a list into a folder.
func (l *Lab) RunHaul(ctx context.Context, list, out string, more ...string) (process.Usage, error) {
	return process.Run(ctx, process.Command{Path: l.Haul, Args: HaulArgs(list, out, more...)})
}

// Places are the folders below which sources and downloads are.
func (l *Lab) Places() (sources, downloads string) {
	return filepath.Dir(l.dir), filepath.Dir(l.out)
}
