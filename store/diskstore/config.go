package diskstore

import (
	"cmp"
	"fmt"
	"log/slog"
	"time"

	"github.com/seed-9a1263fe/haul/store/vfs"
)

// Durability says what a power cut may cost. A kill costs nothing with any.
type Durability uint8

const (
	// Interval syncs the whole file system every few seconds. After a power
	// cut, what was written since the last time is compared with its checksums
	// before it counts; what does not match is owed again.
	Interval Durability = iota
	// Strict syncs data before each Commit and Publish returns, in groups.
	Strict
	// None never syncs data. After a power cut everything since the last
	// restart of the machine is compared with its checksums.
	None
)

// String is the name as flags have it.
func (d Durability) String() string {
	switch d {
	case Interval:
		return "interval"
	case Strict:
		return "strict"
	case None:
		return "none"
	}
	return fmt.Sprintf("Durability(%d)", uint8(d))
}

// ParseDurability reads what String wrote.
func ParseDurability(s string) (Durability, error) {
	for _, d := range []Durability{Interval, Strict, None} {
		if s == d.String() {
			return d, nil
		}
	}
	return 0, fmt.Errorf("diskstore: durability %q: want strict, interval or none", s)
}

// Allocation says how room is made for objects whose size is known.
type Allocation uint8

const (
	// AllocAuto reserves the room of objects from 16 MiB on, where the file
	// system can, without changing their length. It makes them less scattered,
	// and a disk that is too small shows before anything is fetched.
	AllocAuto Allocation = iota
	// AllocNone lets files grow.
	AllocNone
	// AllocTruncate sets the length first, which reserves nothing.
	AllocTruncate
	// AllocReserve reserves the room of every object.
	AllocReserve
)

const (
	defaultSyncEvery = 5 * time.Second
	defaultSyncBytes = 256 << 20
	defaultRecent    = 64 << 10
	allocFrom        = 16 << 20
	checkpointAfter  = 64 << 20 // bytes of log
)

// Config of a store. The zero value works.
type Config struct {
	Durability Durability
	// SyncEvery and SyncBytes say how often Interval syncs: whichever comes
	// first. 0 means 5 seconds and 256 MiB.
	SyncEvery  time.Duration
	SyncBytes  int64
	Allocation Allocation
	// SHA256 sums objects while they arrive, as far as they arrive in order.
	// Publish gives the digest when it is asked for, with or without: without,
	// it reads the object again for it.
	SHA256 bool
	// Recent is how many published objects are remembered in memory before they
	// go to a table on disk, at about 200 bytes each; 0 means 65,536.
	Recent int
	// LockInfo is shown to whoever finds the directory in use; "" means the
	// process ID, host and time.
	LockInfo string
	// Logger is told what a person may want to know afterwards; nil means
	// nobody.
	Logger *slog.Logger
}

func (c Config) withDefaults() (Config, error) {
	if c.Durability > None {
		return c, fmt.Errorf("diskstore: unknown %v", c.Durability)
	}
	if c.Allocation > AllocReserve {
		return c, fmt.Errorf("diskstore: unknown allocation %d", c.Allocation)
	}
	if c.SyncEvery < 0 || c.SyncBytes < 0 || c.Recent < 0 {
		return c, fmt.Errorf("diskstore: negative limit in %+v", c)
	}
	c.SyncEvery = cmp.Or(c.SyncEvery, defaultSyncEvery)
	c.SyncBytes = cmp.Or(c.SyncBytes, defaultSyncBytes)
	c.Recent = cmp.Or(c.Recent, defaultRecent)
	if c.LockInfo == "" {
		c.LockInfo = vfs.Holder()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, nil
}
