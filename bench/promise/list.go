package promise

import (
	"context"
	"errors"

	"github.com/seed-9a1263fe/haul/bench/lab"
	"github.com/seed-9a1263fe/haul/bench/source"
)

// memoryLimit is promised for a list of a thousand files and for one large file.
const memoryLimit = 64 * mib

var list1000 = Promise{
	Name:  "list1000",
	Claim: "1,000 mixed files are right, over no more connections than allowed; again costs nothing; a kill costs a tenth at most",
	try:   tryList,
}

func tryList(ctx context.Context, t *trial) (err error) {
	set, err := t.Make(ctx, "mixed", source.Sizes(t.Seed, t.Count(1000), 1*kib, 8*mib, 1))
	if err != nil {
		return err
	}
	d, err := t.serve(ctx, set, lab.SiteOptions{Log: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.site.Close()) }()

	out, err := t.OutDir("list")
	if err != nil {
		return err
	}
	first, err := t.fetch(ctx, d, out)
	if err != nil {
		return err
	}
	t.usage("list", first)
	t.succeed("list", first)
	t.holdMemory(first, memoryLimit)
	if err := t.holdConnections(d, 0); err != nil {
		return err
	}
	if err := t.verify(ctx, "sha256", d, out, source.All); err != nil {
		return err
	}
	if err := t.again(ctx, d, out); err != nil {
		return err
	}

	out, before, err := t.killed(ctx, d, first)
	if err != nil {
		return err
	}
	rest, err := t.fetch(ctx, d, out)
	if err != nil {
		return err
	}
	t.usage("after the kill", rest)
	t.succeed("after the kill", rest)
	if err := t.verify(ctx, "sha256 after the kill", d, out, source.All); err != nil {
		return err
	}
	return t.holdServed(d, before)
}

// again runs the same list into the same folder, which must ask for nothing. The
// files were read in between, so the server's log of the first run is complete.
func (t *trial) again(ctx context.Context, d *download, out string) error {
	requests, bytes, err := d.site.Served()
	if err != nil {
		return err
	}
	u, err := t.fetch(ctx, d, out)
	if err != nil {
		return err
	}
	t.succeed("the same again", u)
	moreRequests, moreBytes, err := d.site.Served()
	if err != nil {
		return err
	}
	t.figure("the same again", "%s, %d requests, %d bytes", lab.Seconds(u.Wall), moreRequests-requests, moreBytes-bytes)
	t.hold(moreBytes == bytes, "the same list again fetched %d bytes", moreBytes-bytes)
	return t.verify(ctx, "sha256 then", d, out, source.Sample)
}

var big2g = Promise{
	Name:  "big2g",
	Claim: "one file of 2 GiB comes over several connections in less than 64 MiB of memory",
	try:   tryBig,
}

func tryBig(ctx context.Context, t *trial) (err error) {
	set, err := t.Make(ctx, "big", []int64{t.Size(2 * gib)})
	if err != nil {
		return err
	}
	d, err := t.serve(ctx, set, lab.SiteOptions{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.site.Close()) }()
	out, err := t.OutDir("big")
	if err != nil {
		return err
	}
	u, err := t.fetch(ctx, d, out, "-s8")
	if err != nil {
		return err
	}
	t.usage("big", u)
	t.succeed("big", u)
	t.holdMemory(u, memoryLimit)
	if err := t.holdConnections(d, 0); err != nil {
		return err
	}
	return t.verify(ctx, "sha256", d, out, source.All)
}
