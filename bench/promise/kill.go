package promise

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/seed-9a1263fe/haul/bench/lab"
	"github.com/seed-9a1263fe/haul/bench/process"
	"github.com/seed-9a1263fe/haul/bench/source"
)

// kills is how often the program is killed.
const kills = 20

var kill20 = Promise{
	Name:  "kill20",
	Claim: "20 kills at random moments leave every byte right and cost a tenth at most",
	try:   tryKills,
}

// killRate is what the server sends a second in each answer, so that kills hit
// the middle. The first second of an answer is free, so on average more is sent.
const killRate = 2 * mib

func tryKills(ctx context.Context, t *trial) (err error) {
	sizes := append(source.Sizes(t.Seed, t.Count(300), 1*kib, 4*mib, 1), t.Size(gib))
	set, err := t.Make(ctx, "kills", sizes)
	if err != nil {
		return err
	}
	d, err := t.serve(ctx, set, lab.SiteOptions{Log: true, Rate: killRate})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.site.Close()) }()
	out, err := t.OutDir("kills")
	if err != nil {
		return err
	}
	// On average the kills take up the first third of a run without free seconds,
	// so that there is something left for the last of them.
	slow := time.Duration(float64(set.Bytes) / float64(killRate*connections) * float64(time.Second))
	if err := t.killOften(ctx, d, out, slow*2/3/kills); err != nil {
		return err
	}
	u, err := t.fetch(ctx, d, out)
	if err != nil {
		return err
	}
	t.usage("last run", u)
	t.succeed("last run", u)
	if err := t.verify(ctx, "sha256", d, out, source.All); err != nil {
		return err
	}
	return t.holdServed(d, 0)
}

// killOften starts haul again and again and kills it at random moments of its
// first while. A file with its final name must be whole after each.
func (t *trial) killOften(ctx context.Context, d *download, out string, while time.Duration) error {
	r := rand.New(rand.NewPCG(t.Seed, kills))
	for i := range kills {
		u, err := process.Run(ctx, process.Command{
			Path: t.Haul, KillAfter: 1 + time.Duration(r.Int64N(int64(while))), // never zero, which would not kill
			Args: lab.HaulArgs(d.list, out, fmt.Sprintf("-x%d", connections)),
		})
		if err != nil {
			return err
		}
		v, err := d.site.Set.Verify(ctx, out, source.SizesOnly)
		if err != nil {
			return err
		}
		t.Logf("  kill %d after %s: %d files whole", i+1, lab.Seconds(u.Wall), v.Right)
		t.hold(v.Size == 0, "kill %d left a file that is not whole: %s", i+1, v.Example)
		if !u.Killed {
			t.succeed(fmt.Sprintf("run %d", i+1), u)
			t.figure("kills", "%d, then it was done", i)
			t.hold(t.Scale < 1, "the run ended before kill %d", i+1)
			return nil
		}
	}
	t.figure("kills", "%d within %s each", kills, lab.Seconds(while))
	return nil
}
