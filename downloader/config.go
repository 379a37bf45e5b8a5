package downloader

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/seed-9a1263fe/haul/downloader/session"
)

// Defaults of Config. They are what the command's help says, too.
const (
	DefaultMaxFiles   = 64
	DefaultHostConns  = 8
	DefaultSplit      = 8
	DefaultMinSplit   = 4 << 20
	DefaultWorkers    = 64
	DefaultBufferSize = 512 << 10
	DefaultLookahead  = 4096
	DefaultMaxTries   = 5
	DefaultRetryWait  = time.Second
	DefaultRetryMax   = 2 * time.Minute
)

// Bounds that Config.check enforces, so that no setting can ask for the
// impossible.
const (
	minBuffer   = 4 << 10
	maxBuffer   = 64 << 20
	minMinSplit = 64 << 10
	maxWorkers  = 4096
)

// Config says how an Engine works. The zero value works: each field that is
// zero has the default that is named beside it.
type Config struct {
	// MaxFiles is the most files in flight, which bounds open files. 64.
	MaxFiles int
	// Split is the most ranges of one file in flight. 8.
	Split int
	// MinSplit is the size in bytes below which no range is split. 4 MiB; not
	// less than 64 KiB.
	MinSplit int64
	// Workers is the most ranges in flight, all files and hosts together. 64.
	// How many of them go to one host is session.Config.MaxConnsPerHost.
	Workers int
	// BufferSize is the number of bytes of a worker's buffer; body memory is at
	// most Workers times this. 512 KiB.
	BufferSize int
	// Lookahead is the most jobs that are held but not begun, so that there is
	// work for hosts that stand far apart in the list. 4096.
	Lookahead int

	// MaxTries is the most tries of a file in a row without progress; negative
	// is without limit. 5.
	MaxTries int
	// RetryWait is the mean of the first wait between tries. It doubles with
	// each try without progress, up to RetryMax, and is drawn at random around
	// its mean. A server that names a time outranks it. 1 s and 2 min.
	RetryWait, RetryMax time.Duration

	// Refresh, if set, is asked for new URLs when one answers like an expired one
	// (401, 403, 404, 410). What is here of the file is kept, if the new URL has
	// the same version of it. Headers go along only to an origin that the job
	// itself names. It is called from a worker, once for each job
	// until the job has made progress, and may take its time within ctx.
	Refresh func(ctx context.Context, r Request, cause error) (urls []string, err error)

	// Robots obeys the robots.txt of every origin (RFC 9309); what it disallows
	// fails as blocked. For lists of files that somebody chose it is not asked.
	Robots bool
	// ExpectType is Request.Type for requests that say none.
	ExpectType string
	// MaxFileSize fails larger files as too_large; 0 is without limit.
	MaxFileSize int64
	// Overwrite lets a new file take the place of one that the store did not
	// write. Otherwise the new one gets another name, or with KeepNames fails.
	Overwrite, KeepNames bool
	// Conditional asks for files that are complete whether they have changed, by
	// the entity tag and date that they came with (RFC 9110 section 13.1), and
	// fetches those that have. Otherwise what is complete is not asked for.
	Conditional bool
	// RemoteTime gives files the time that the server says they have.
	RemoteTime bool
	// SHA256 computes the digest of every file for its result.
	SHA256 bool

	// Header is added to every request, for the origin that its URL names only.
	Header []Field

	// Session says how to talk to servers. Run starts a session from it and ends
	// it. An OnReady of the caller's is called beside the engine's own.
	Session session.Config

	// Observe is told what happens. It is called from many goroutines, must not
	// block, and must not call back into the engine, Snapshot apart.
	Observe func(Event)
	// Logger for what is worth telling beside events; nil logs nothing.
	Logger *slog.Logger
}

// errConfig is wrapped by every error about a Config.
var errConfig = errors.New("downloader: bad configuration")

// withDefaults returns c with every zero field replaced, or an error that names
// the field that cannot be used.
func (c Config) withDefaults() (Config, error) {
	c.MaxFiles = or(c.MaxFiles, DefaultMaxFiles)
	c.Split = or(c.Split, DefaultSplit)
	c.MinSplit = or(c.MinSplit, DefaultMinSplit)
	c.Workers = or(c.Workers, DefaultWorkers)
	c.BufferSize = or(c.BufferSize, DefaultBufferSize)
	c.Lookahead = or(c.Lookahead, DefaultLookahead)
	c.MaxTries = or(c.MaxTries, DefaultMaxTries)
	c.RetryWait = or(c.RetryWait, DefaultRetryWait)
	c.RetryMax = max(or(c.RetryMax, DefaultRetryMax), c.RetryWait)
	c.Session.MaxConnsPerHost = or(c.Session.MaxConnsPerHost, DefaultHostConns)
	if c.Observe == nil {
		c.Observe = func(Event) {}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Session.Log == nil {
		c.Session.Log = c.Logger
	}
	if _, err := ParseMediaType(c.ExpectType); err != nil {
		return c, fmt.Errorf("%w: ExpectType: %w", errConfig, err)
	}
	for _, f := range []struct {
		name      string
		n, lo, hi int64
	}{
		{"MaxFiles", int64(c.MaxFiles), 1, 1 << 20},
		{"Split", int64(c.Split), 1, maxWorkers},
		{"MinSplit", c.MinSplit, minMinSplit, 1 << 50},
		{"Workers", int64(c.Workers), 1, maxWorkers},
		{"BufferSize", int64(c.BufferSize), minBuffer, maxBuffer},
		{"Lookahead", int64(c.Lookahead), 1, 1 << 24},
		{"RetryWait", int64(c.RetryWait), 0, int64(24 * time.Hour)},
		{"MaxFileSize", c.MaxFileSize, 0, 1 << 62},
		{"MaxConnsPerHost", int64(c.Session.MaxConnsPerHost), 1, maxWorkers},
	} {
		if f.n < f.lo || f.n > f.hi {
			return c, fmt.Errorf("%w: %s is %d, want %d to %d", errConfig, f.name, f.n, f.lo, f.hi)
		}
	}
	return c, nil
}

// or returns v, or otherwise if v is zero.
func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
