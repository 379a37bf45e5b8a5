package promise

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/seed-9a1263fe/haul/bench/lab"
	"github.com/seed-9a1263fe/haul/bench/source"
)

// durableRounds is how often each level does each kind of work, in turns.
const durableRounds = 3

var durability = Promise{
	Name:  "durability",
	Claim: "what surviving a power cut costs, on many small files and on a large one (give -out a disk)",
	try:   tryDurability,
}

func tryDurability(ctx context.Context, t *trial) error {
	small, err := t.Make(ctx, "small", source.Sizes(t.Seed, t.Count(20_000), kib, 64*kib, 1))
	if err != nil {
		return err
	}
	if err := t.levels(ctx, "small files", small); err != nil {
		return err
	}
	big, err := t.Make(ctx, "big", []int64{t.Size(4 * gib)})
	if err != nil {
		return err
	}
	return t.levels(ctx, "one large file", big)
}

// levels runs the same work at each level of durability, in turns.
func (t *trial) levels(ctx context.Context, what string, set *source.Set) (err error) {
	d, err := t.serve(ctx, set, lab.SiteOptions{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.site.Close()) }()
	levels := []string{"none", "interval", "strict"}
	walls := map[string][]time.Duration{}
	for range durableRounds {
		for _, level := range levels {
			out, err := t.OutDir(level)
			if err != nil {
				return err
			}
			u, err := t.RunHaul(ctx, d.list, out, "--durability", level)
			if err != nil {
				return err
			}
			t.succeed(what+" with "+level, u)
			walls[level] = append(walls[level], u.Wall)
			v, err := set.Verify(ctx, out, source.SizesOnly)
			if err != nil {
				return err
			}
			t.hold(v.OK(), "%s with %s: %s", what, level, v)
			if err := t.discard(set, out); err != nil {
				return err
			}
		}
	}
	none := middle(walls["none"])
	for _, level := range levels {
		m := middle(walls[level])
		t.figure(what+", "+level, "%s (%.2f × none)", lab.Seconds(m), m.Seconds()/none.Seconds())
	}
	return nil
}

// middle returns the median.
func middle(d []time.Duration) time.Duration {
	s := slices.Sorted(slices.Values(d))
	if len(s) == 0 {
		return 0
	}
	return s[len(s)/2]
}

// discard removes a large download, which memory may have to hold. Small ones
// stay: ext4 is slow at making files just after many were deleted.
func (t *trial) discard(set *source.Set, out string) error {
	if set.Bytes < gib {
		return nil
	}
	if err := os.RemoveAll(out); err != nil {
		return fmt.Errorf("remove a download: %w", err)
	}
	return nil
}
