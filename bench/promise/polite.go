package promise

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/seed-9a1263fe/haul/bench/lab"
	"github.com/seed-9a1263fe/haul/bench/origin"
	"github.com/seed-9a1263fe/haul/bench/peer"
	"github.com/seed-9a1263fe/haul/bench/process"
	"github.com/seed-9a1263fe/haul/bench/source"
)

const (
	// politeLimit is how many requests at once the server takes.
	politeLimit = 2
	// politeShare is how many refusals are allowed for each file.
	politeShare = 0.1
)

var polite = Promise{
	Name:  "polite",
	Claim: "a server that answers 429 to more than two requests at once gets what it asks for, and gives every file",
	try:   tryPolite,
}

func tryPolite(ctx context.Context, t *trial) error {
	set, err := t.Make(ctx, "polite", source.Sizes(t.Seed, max(100, t.Count(600)), kib, 64*kib, 1))
	if err != nil {
		return err
	}
	t.figure("files", "%d of %s", set.Len, lab.Bytes(set.Bytes))
	programs := []peer.Peer{peer.Haul(t.Haul)}
	if t.Peers {
		programs = append(programs, peer.Installed("aria2", "curl")...)
	}
	for i, p := range programs {
		if err := t.polite(ctx, set, p, i == 0); err != nil {
			return err
		}
	}
	return nil
}

// polite lets one program at a server of its own; haul is held to the promise.
func (t *trial) polite(ctx context.Context, set *source.Set, p peer.Peer, held bool) (err error) {
	files := map[string]origin.File{}
	for i := range set.Len {
		files[set.Prefix+set.At(i).Name] = set.At(i).Content()
	}
	o := origin.New(origin.Config{
		Delay:    20 * time.Millisecond, // so that requests overlap
		Keep:     100 * set.Len,
		Requests: origin.Limit{N: politeLimit, Status: http.StatusTooManyRequests, RetryAfter: time.Second},
		Find:     func(path string) (origin.File, bool) { f, ok := files[path]; return f, ok },
	})
	s, err := o.Start(origin.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	u, out, err := t.compete(ctx, p, peer.Task{Set: set, Base: "http://" + s.Addr(), Conns: 8, Tries: 10})
	if err != nil {
		return err
	}
	v, err := set.Verify(ctx, out, source.All)
	if err != nil {
		return err
	}
	refused, settled := refusals(o.Requests())
	t.figure(p.Name, "%s, exit %d, %s, %d refusals, the last after %s", lab.Seconds(u.Wall), u.Exit, v, refused, lab.Seconds(settled))
	if held {
		t.succeed(p.Name, u)
		t.hold(v.OK(), "%s", v)
		t.hold(float64(refused) <= politeShare*float64(set.Len), "%d refusals for %d files, promised at most %.0f %%",
			refused, set.Len, politeShare*100)
	}
	return nil
}

// competeLimit ends a program that does not give up.
const competeLimit = 2 * time.Minute

// compete runs a program on a task in a fresh folder, out.
func (t *trial) compete(ctx context.Context, p peer.Peer, task peer.Task) (u process.Usage, out string, err error) {
	lists, err := t.Dir("lists")
	if err != nil {
		return u, "", err
	}
	command, err := p.Prepare(task, lists)
	if err != nil {
		return u, "", err
	}
	if out, err = t.OutDir(p.Name); err != nil {
		return u, "", err
	}
	c := command(out)
	c.KillAfter = competeLimit
	u, err = process.Run(ctx, c)
	return u, out, err
}

// refusals counts the requests that were refused, and says how long after the
// first request the last of them came.
func refusals(requests []origin.Request) (n int, last time.Duration) {
	for _, r := range requests {
		if r.Status == http.StatusTooManyRequests {
			n++
			last = r.At.Sub(requests[0].At)
		}
	}
	return n, last
}
