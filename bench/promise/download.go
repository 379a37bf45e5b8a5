package promise

import (
	"context"
	"fmt"
	"os"

	"github.com/seed-9a1263fe/haul/bench/lab"
	"github.com/seed-9a1263fe/haul/bench/process"
	"github.com/seed-9a1263fe/haul/bench/source"
)

const (
	kib = int64(1) << 10
	mib = int64(1) << 20
	gib = int64(1) << 30
)

// connections is the limit that the promises about connections give, which is
// also the program's default.
const connections = 8

// download is a site and the list of its files.
type download struct {
	site *lab.Site
	list string
}

// serve starts a site with a list.
func (t *trial) serve(ctx context.Context, set *source.Set, opt lab.SiteOptions) (*download, error) {
	site, err := t.Serve(ctx, set, opt)
	if err != nil {
		return nil, err
	}
	list, err := t.List(site)
	if err != nil {
		_ = site.Close() // the list's error is the one to tell
		return nil, err
	}
	t.figure("server", "%s", site.Program())
	t.figure("files", "%d of %s", set.Len, lab.Bytes(set.Bytes))
	return &download{site, list}, nil
}

// fetch runs haul with the promised number of connections.
func (t *trial) fetch(ctx context.Context, d *download, out string, more ...string) (process.Usage, error) {
	return t.RunHaul(ctx, d.list, out, append(more, fmt.Sprintf("-x%d", connections))...)
}

// verify compares what was downloaded, and notes a breach if it is not right.
func (t *trial) verify(ctx context.Context, what string, d *download, out string, depth source.Depth) error {
	v, err := d.site.Set.Verify(ctx, out, depth)
	if err != nil {
		return err
	}
	t.figure(what, "%s", v)
	t.hold(v.OK(), "%s: %s", what, v)
	return nil
}

// killed runs haul into a fresh folder and kills it in the middle: after some
// files were whole and before all were. It returns the folder, and what the
// server had sent before.
func (t *trial) killed(ctx context.Context, d *download, whole process.Usage) (out string, before int64, err error) {
	const tries = 8
	after := whole.Wall / 2
	for range tries {
		if out, err = t.OutDir("killed"); err != nil {
			return "", 0, err
		}
		if _, before, err = d.site.Served(); err != nil {
			return "", 0, err
		}
		u, err := process.Run(ctx, process.Command{
			Path: t.Haul, KillAfter: after,
			Args: lab.HaulArgs(d.list, out, fmt.Sprintf("-x%d", connections)),
		})
		if err != nil {
			return "", 0, err
		}
		v, err := d.site.Set.Verify(ctx, out, source.SizesOnly)
		if err != nil {
			return "", 0, err
		}
		if u.Killed && v.Right > 0 && v.Missing > 0 {
			t.figure("killed", "after %s with %d files whole", lab.Seconds(u.Wall), v.Right)
			return out, before, nil
		}
		if err := os.RemoveAll(out); err != nil {
			return "", 0, err
		}
		if u.Killed && v.Missing > 0 {
			after += after / 2
		} else {
			after -= after / 3
		}
	}
	return "", 0, fmt.Errorf("no kill hit the middle in %d tries", tries)
}

// waste is how many bytes a server may send in all, for each byte of the files,
// however often the program was killed. What a kill finds on its way does not
// shrink with the files, so this is judged in full size only.
const waste = 1.1

// holdServed ends the site, which completes its log, and checks what it sent.
func (t *trial) holdServed(d *download, before int64) error {
	if err := d.site.Close(); err != nil {
		return err
	}
	_, served, err := d.site.Served()
	if err != nil {
		return err
	}
	ratio := float64(served-before) / float64(max(1, d.site.Set.Bytes))
	t.figure("bytes served", "%.3f × the total", ratio)
	t.hold(ratio <= waste || t.Scale < 1, "%.3f × the total was served, promised %.1f", ratio, waste)
	return nil
}

// holdMemory checks the peak memory of a run.
func (t *trial) holdMemory(u process.Usage, limit int64) {
	t.hold(u.PeakMemory < limit, "peak memory %s, promised below %s", lab.Bytes(u.PeakMemory), lab.Bytes(limit))
}

// holdConnections checks how many connections were accepted since before.
func (t *trial) holdConnections(d *download, before int64) error {
	n, err := d.site.Accepted()
	if err != nil {
		return err
	}
	t.figure("connections", "%d", n-before)
	t.hold(n-before <= connections, "%d connections, allowed %d", n-before, connections)
	return nil
}
