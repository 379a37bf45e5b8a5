package promise

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-9a1263fe/haul/bench/lab"
	"github.com/seed-9a1263fe/haul/bench/peer"
	"github.com/seed-9a1263fe/haul/bench/process"
	"github.com/seed-9a1263fe/haul/bench/source"
)

const (
	millionMemory = 100 * mib
	millionFirst  = time.Second
	// tiny is the size of each of the files.
	tiny = 200
)

var million = Promise{
	Name:  "million",
	Claim: "a list of a million tiny files takes less than 100 MiB and has its first file within a second",
	try:   tryMillion,
}

func tryMillion(ctx context.Context, t *trial) (err error) {
	set, err := t.Repeat(ctx, "million", t.Count(1_000_000), tiny)
	if err != nil {
		return err
	}
	d, err := t.serve(ctx, set, lab.SiteOptions{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.site.Close()) }()
	out, err := t.OutDir("million")
	if err != nil {
		return err
	}
	u, err := process.Run(ctx, process.Command{
		Path: t.Haul, Args: lab.HaulArgs(d.list, out), First: set.AnyWhole(out),
	})
	if err != nil {
		return err
	}
	t.usage("million", u)
	t.figure("rate", "%.0f files/s", float64(set.Len)/u.Wall.Seconds())
	t.figure("first file", "after %s", lab.Seconds(u.First))
	t.succeed("million", u)
	t.holdMemory(u, millionMemory)
	t.hold(u.First > 0 && u.First < millionFirst, "the first file came after %s, promised within %s",
		lab.Seconds(u.First), lab.Seconds(millionFirst))
	n, err := d.site.Accepted()
	if err != nil {
		return err
	}
	t.figure("connections", "%d", n)
	if err := t.verify(ctx, "sizes, and sha256 of every 200th", d, out, source.Sample); err != nil || !t.Peers {
		return err
	}
	for _, p := range peer.Installed("curl") {
		u, _, err := t.compete(ctx, p, peer.Task{Set: set, Base: d.site.Base(), Conns: connections})
		if err != nil {
			return err
		}
		t.usage(fmt.Sprintf("%s (exit %d)", p.Name, u.Exit), u)
	}
	return nil
}
