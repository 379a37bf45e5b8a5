// Package promise checks what haul promises against real runs of the program:
// bytes, connections, memory, kills. Each promise prints its figures, and is
// broken or kept.
package promise

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/seed-9a1263fe/haul/bench/lab"
	"github.com/seed-9a1263fe/haul/bench/process"
)

// Promise is one claim and how it is tried.
type Promise struct {
	Name  string
	Claim string

	try func(ctx context.Context, t *trial) error
}

// All are the promises, in the order in which they are tried.
func All() []Promise {
	return []Promise{list1000, big2g, kill20, million, reopen, durability, polite, faults}
}

// Options say how promises are tried.
type Options struct {
	// Peers lets other programs do the same, where they are installed.
	Peers bool
}

// Figure is something that was measured.
type Figure struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Outcome is what became of a promise.
type Outcome struct {
	Name    string   `json:"name"`
	Claim   string   `json:"claim"`
	Figures []Figure `json:"figures"`
	// Breaches say what was promised and not kept; none is good.
	Breaches []string `json:"breaches"`
}

// Kept says that the promise was.
func (o Outcome) Kept() bool { return len(o.Breaches) == 0 }

// Print writes the outcome as a line, and a line for each breach.
func (o Outcome) Print(w io.Writer) {
	verdict := "kept"
	if !o.Kept() {
		verdict = "BROKEN"
	}
	var figures []string
	for _, f := range o.Figures {
		figures = append(figures, f.Name+" "+f.Value)
	}
	fmt.Fprintf(w, "%-11s %-6s %s\n", o.Name, verdict, strings.Join(figures, "; "))
	for _, b := range o.Breaches {
		fmt.Fprintf(w, "%-11s        broken: %s\n", "", b)
	}
}

// Try tries the promise. An error means that it could not be tried.
func (p Promise) Try(ctx context.Context, l *lab.Lab, opt Options) (Outcome, error) {
	l.Logf("%s: %s", p.Name, p.Claim)
	t := &trial{Lab: l, Options: opt, Outcome: Outcome{Name: p.Name, Claim: p.Claim, Breaches: []string{}}}
	if err := p.try(ctx, t); err != nil {
		return t.Outcome, fmt.Errorf("promise: %s: %w", p.Name, err)
	}
	return t.Outcome, nil
}

// trial is one promise under way.
type trial struct {
	*lab.Lab
	Options
	Outcome
}

// figure notes what was measured.
func (t *trial) figure(name, format string, args ...any) {
	f := Figure{name, fmt.Sprintf(format, args...)}
	t.Figures = append(t.Figures, f)
	t.Logf("  %s: %s", f.Name, f.Value)
}

// hold notes a breach unless ok.
func (t *trial) hold(ok bool, format string, args ...any) {
	if !ok {
		t.Breaches = append(t.Breaches, fmt.Sprintf(format, args...))
	}
}

// usage notes what a run of a program took.
func (t *trial) usage(name string, u process.Usage) {
	t.figure(name, "%s, CPU %s, peak memory %s", lab.Seconds(u.Wall), lab.Seconds(u.CPU), lab.Bytes(u.PeakMemory))
}

// succeed notes a breach unless the program ended well.
func (t *trial) succeed(what string, u process.Usage) {
	said := u.Said
	if said != "" {
		said = ": " + said
	}
	t.hold(u.Exit == 0, "%s: exit %d%s", what, u.Exit, said)
}
