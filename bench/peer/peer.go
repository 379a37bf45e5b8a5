// Package peer knows how other downloaders are best told to fetch a set of files.
package peer

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/seed-9a1263fe/haul/bench/process"
	"github.com/seed-9a1263fe/haul/bench/source"
)

// Task is what all programs of a measurement do.
type Task struct {
	Set *source.Set
	// Base is the URL that the set is below, without a slash at the end.
	Base string
	// CACert is the authority to trust; empty without TLS.
	CACert string
	HTTP2  bool
	// Conns is how many connections those programs are told to use that must be told.
	Conns int
	// Tries is how often a file is tried; zero leaves a program its own way.
	Tries int
}

// Single says that the task is one file, which may come in ranges.
func (t Task) Single() bool { return t.Set.Len == 1 }

func (t Task) url(i int) string { return t.Base + t.Set.Prefix + t.Set.At(i).Name }

// Peer is a program with flags that suit it.
type Peer struct {
	Name string
	// Path of the program.
	Path string

	tool tool
}

// tool is how a program is told what to do.
type tool struct {
	name, program string
	// suits says whether the program can do a task within reason.
	suits func(Task) bool
	// list writes a line of the program's own list; nil is the URL alone.
	list func(f source.File, url string) string
	args func(t Task, list, out string) []string
}

// Haul is the program under test, with its own defaults and the given arguments.
func Haul(path string, more ...string) Peer {
	return Peer{Name: "haul", Path: path, tool: tool{
		name: "haul", suits: anything,
		args: func(t Task, list, out string) []string {
			args := append([]string{"--no-conf", "--quiet", "-i", list, "-d", out}, more...)
			if t.CACert != "" {
				args = append(args, "--ca-certificate", t.CACert)
				if !t.HTTP2 {
					args = append(args, "--http-version", "1.1")
				}
			}
			return args
		},
	}}
}

// Installed returns the peers that are there. Names picks some of them; none
// is all.
func Installed(names ...string) []Peer {
	var found []Peer
	for _, tool := range tools {
		if len(names) > 0 && !contains(names, tool.name) {
			continue
		}
		if path, err := exec.LookPath(tool.program); err == nil {
			found = append(found, Peer{tool.name, path, tool})
		}
	}
	return found
}

func contains(names []string, name string) bool {
	for _, n := range names {
		if strings.TrimSpace(n) == name {
			return true
		}
	}
	return false
}

// Suits says whether the peer takes part in a task.
func (p Peer) Suits(t Task) bool { return p.tool.suits(t) }

// Prepare writes the peer's list of the task into dir, and returns what makes
// the command for a folder to download into.
func (p Peer) Prepare(t Task, dir string) (func(out string) process.Command, error) {
	list := filepath.Join(dir, p.Name+".list")
	line := p.tool.list
	if line == nil {
		line = func(_ source.File, url string) string { return url }
	}
	if err := t.Set.WriteLines(list, t.Base, line); err != nil {
		return nil, err
	}
	return func(out string) process.Command {
		return process.Command{Path: p.Path, Args: p.tool.args(t, list, out), Dir: out}
	}, nil
}

// Version is the first line that the program says about itself.
func (p Peer) Version(ctx context.Context) string {
	flag := "--version"
	if p.Name == "haul" {
		flag = "version"
	}
	var said strings.Builder
	u, err := process.Run(ctx, process.Command{Path: p.Path, Args: []string{flag}, Stdout: &said})
	if err != nil || u.Exit != 0 {
		return "unknown version"
	}
	first, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n")
	return first
}
