// Package matrix runs haul and its peers on the same work, round by round, and
// says who took how long.
package matrix

import (
	"context"
	"slices"
	"time"

	"github.com/seed-9a1263fe/haul/bench/lab"
	"github.com/seed-9a1263fe/haul/bench/source"
)

const (
	kib = int64(1) << 10
	mib = int64(1) << 20
	gib = int64(1) << 30
)

// Row is one kind of work.
type Row struct {
	Name  string
	About string

	make func(ctx context.Context, l *lab.Lab) (*source.Set, error)
	site lab.SiteOptions
	// conns is what peers are told to use that must be told.
	conns int
	// roundTrip and rate are those of a relay before the site; zero is none.
	roundTrip time.Duration
	rate      int64
	// verify is how closely the first run of each peer is compared.
	verify source.Depth
}

// Rows are the kinds of work, in the order in which they are run.
func Rows() []Row {
	return []Row{
		{
			Name: "small", About: "20,000 files of 1 to 64 KiB",
			make: sizes(20_000, kib, 64*kib, 1), conns: 16, verify: source.All,
		}, {
			Name: "small-tls", About: "5,000 files of 1 to 64 KiB over TLS, HTTP/1.1",
			make: sizes(5000, kib, 64*kib, 1), site: lab.SiteOptions{TLS: true}, conns: 16, verify: source.All,
		}, {
			Name: "small-h2", About: "5,000 files of 1 to 64 KiB over TLS, HTTP/2",
			make: sizes(5000, kib, 64*kib, 1), site: lab.SiteOptions{TLS: true, HTTP2: true}, conns: 16, verify: source.All,
		}, {
			Name: "big", About: "one file of 4 GiB",
			make: big(4 * gib), conns: 8, verify: source.All,
		}, {
			Name: "big-tls", About: "one file of 2 GiB over TLS",
			make: big(2 * gib), site: lab.SiteOptions{TLS: true}, conns: 8, verify: source.All,
		}, {
			Name: "mixed", About: "2,000 files of 1 KiB to 64 MiB, 3 GiB in all",
			make: sizes(2000, kib, 64*mib, 4), conns: 16, verify: source.All,
		}, {
			Name: "latency", About: "4,000 files of 1 to 64 KiB, 50 ms there and back",
			make: sizes(4000, kib, 64*kib, 1), conns: 128, roundTrip: 50 * time.Millisecond, verify: source.All,
		}, {
			Name: "narrow", About: "one file of 256 MiB, 50 ms there and back, 8 MiB/s a connection, as under loss",
			make: big(256 * mib), conns: 16, roundTrip: 50 * time.Millisecond, rate: 8 * mib, verify: source.All,
		}, {
			Name: "million", About: "1,000,000 files of 200 bytes",
			make: func(ctx context.Context, l *lab.Lab) (*source.Set, error) {
				return l.Repeat(ctx, "million", l.Count(1_000_000), 200)
			},
			conns: 16, verify: source.Sample,
		},
	}
}

// sizes makes many files. Scaling changes how many there are.
func sizes(n int, lo, hi int64, skew float64) func(context.Context, *lab.Lab) (*source.Set, error) {
	return func(ctx context.Context, l *lab.Lab) (*source.Set, error) {
		return l.Make(ctx, "files", source.Sizes(l.Seed, l.Count(n), lo, hi, skew))
	}
}

// big makes one file. Scaling changes its size.
func big(size int64) func(context.Context, *lab.Lab) (*source.Set, error) {
	return func(ctx context.Context, l *lab.Lab) (*source.Set, error) {
		return l.Make(ctx, "file", []int64{l.Size(size)})
	}
}

// Find returns the row of a name.
func Find(name string) (Row, bool) {
	rows := Rows()
	i := slices.IndexFunc(rows, func(r Row) bool { return r.Name == name })
	if i < 0 {
		return Row{}, false
	}
	return rows[i], true
}
