package matrix

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/seed-9a1263fe/haul/bench/lab"
	"github.com/seed-9a1263fe/haul/bench/peer"
	"github.com/seed-9a1263fe/haul/bench/process"
	"github.com/seed-9a1263fe/haul/bench/relay"
	"github.com/seed-9a1263fe/haul/bench/source"
)

// Options say how rows are run.
type Options struct {
	// Rounds is how often each program does each row.
	Rounds int
	// Limit ends a run that takes longer; it is counted as cut.
	Limit time.Duration
	// VerifyAll compares every byte of every run, not of the first only.
	VerifyAll bool
	// Peers take part, haul first.
	Peers []peer.Peer
}

// keepBelow is the size of a download that is left in place until its row ends.
// On ext4 it is ten times slower to create files just after many were deleted.
const keepBelow = gib

// course is a row under way.
type course struct {
	row   Row
	opt   Options
	lab   *lab.Lab
	site  *lab.Site
	relay *relay.Relay // nil without
	task  peer.Task

	left []string // downloads that are still there
}

// Run runs a row: in each round every program once, beginning with another one
// each time, so that what drifts does to all alike.
func (r Row) Run(ctx context.Context, l *lab.Lab, opt Options) (t Table, err error) {
	set, err := r.make(ctx, l)
	if err != nil {
		return Table{}, err
	}
	c := &course{row: r, opt: opt, lab: l}
	defer func() { err = errors.Join(err, c.close(), os.RemoveAll(set.Root)) }()
	if c.site, err = l.Serve(ctx, set, r.site); err != nil {
		return Table{}, err
	}
	base, err := c.approach()
	if err != nil {
		return Table{}, err
	}
	c.task = peer.Task{
		Set: set, Base: base, CACert: c.site.CACert, HTTP2: r.site.HTTP2, Conns: r.conns,
	}
	t = Table{
		Row: r.Name, About: r.About, Files: set.Len, Bytes: set.Bytes, Scale: l.Scale, Server: c.site.Program(),
	}
	runners, err := c.runners()
	if err != nil {
		return Table{}, err
	}
	for _, p := range runners {
		t.Lines = append(t.Lines, Line{Peer: p.name})
	}
	for round := range opt.Rounds {
		for i := range runners {
			k := (i + round) % len(runners)
			run, err := c.once(ctx, runners[k], round)
			if err != nil {
				return Table{}, err
			}
			t.Lines[k].Runs = append(t.Lines[k].Runs, run)
			l.Logf("  %s round %d %s: %.2f s, %s", r.Name, round+1, runners[k].name, run.Wall, run.Verdict)
		}
	}
	t.sum()
	return t, nil
}

// approach is the URL at which programs find the site.
func (c *course) approach() (base string, err error) {
	if c.row.roundTrip == 0 && c.row.rate == 0 {
		return c.site.Base(), nil
	}
	c.relay, err = relay.Start(c.site.Addr(), relay.Options{RoundTrip: c.row.roundTrip, Rate: c.row.rate})
	if err != nil {
		return "", err
	}
	scheme, _, _ := strings.Cut(c.site.Base(), ":")
	return scheme + "://" + c.relay.Addr(), nil
}

func (c *course) close() error {
	var errs []error
	if c.relay != nil {
		errs = append(errs, c.relay.Close())
	}
	if c.site != nil {
		errs = append(errs, c.site.Close())
	}
	for _, dir := range c.left {
		errs = append(errs, os.RemoveAll(dir))
	}
	return errors.Join(errs...)
}

// runner is a program that takes part.
type runner struct {
	name    string
	command func(out string) process.Command
}

// runners are the programs that the row suits, with their lists written.
func (c *course) runners() ([]runner, error) {
	dir, err := c.lab.Dir("lists")
	if err != nil {
		return nil, err
	}
	var rs []runner
	for _, p := range c.opt.Peers {
		if !p.Suits(c.task) {
			continue
		}
		command, err := p.Prepare(c.task, dir)
		if err != nil {
			return nil, err
		}
		rs = append(rs, runner{p.Name, command})
	}
	return rs, nil
}

// once lets a program do the work in a fresh folder, and compares the outcome.
func (c *course) once(ctx context.Context, r runner, round int) (Run, error) {
	out, err := c.lab.OutDir(r.name)
	if err != nil {
		return Run{}, err
	}
	defer c.leave(out)
	before, err := c.accepted()
	if err != nil {
		return Run{}, err
	}
	cmd := r.command(out)
	cmd.KillAfter = c.opt.Limit
	cmd.First = c.task.Set.AnyWhole(out)
	u, err := process.Run(ctx, cmd)
	if err != nil {
		return Run{}, err
	}
	after, err := c.accepted()
	if err != nil {
		return Run{}, err
	}
	run := Run{
		Round: round, Wall: u.Wall.Seconds(), CPU: u.CPU.Seconds(), First: u.First.Seconds(),
		PeakMemory: u.PeakMemory, Conns: after - before,
	}
	run.Verdict, run.Why, err = c.verdict(ctx, u, out, round)
	return run, err
}

// verdict compares what a run left with what it should be.
func (c *course) verdict(ctx context.Context, u process.Usage, out string, round int) (v Verdict, why string, err error) {
	if u.Killed {
		return Cut, "", nil
	}
	depth := source.SizesOnly
	if c.opt.VerifyAll || round == 0 {
		depth = c.row.verify
	}
	found, err := c.task.Set.Verify(ctx, out, depth)
	switch {
	case err != nil:
		return "", "", err
	case u.Exit == 0 && found.OK():
		return Right, "", nil
	case u.Exit == 0:
		return Wrong, found.String(), nil
	}
	return Failed, strings.TrimSpace(fmt.Sprintf("exit %d: %s", u.Exit, u.Said)), nil
}

// accepted counts connections, as near to the programs as possible.
func (c *course) accepted() (int64, error) {
	if c.relay != nil {
		return c.relay.Accepted(), nil
	}
	return c.site.Accepted()
}

// leave removes a download, or leaves it until the row ends.
func (c *course) leave(out string) {
	c.left = append(c.left, out)
	if c.task.Set.Bytes >= keepBelow {
		// What cannot be removed now is tried again, and told, in close.
		_ = os.RemoveAll(out)
	}
}
