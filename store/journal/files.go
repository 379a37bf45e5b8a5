package journal

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/seed-9a1263fe/haul/store/vfs"
)

// place says where a log lies and how its files are called.
type place struct {
	fs   vfs.FS
	dir  string
	name string
}

func (p place) segment(number uint64) string {
	return path.Join(p.dir, fmt.Sprintf("%s-%08d.log", p.name, number))
}

func (p place) checkpoint(lsn LSN) string {
	return path.Join(p.dir, fmt.Sprintf("%s-%016x.ckpt", p.name, uint64(lsn)))
}

// unfinished is the checkpoint that is being written. A crash may leave it.
func (p place) unfinished() string { return path.Join(p.dir, p.name+".ckpt.tmp") }

// listing is what stands in the directory, by name alone.
type listing struct {
	segments    []uint64 // oldest first
	checkpoints []LSN    // newest first
	unfinished  bool
}

// list looks for the files of the log. Other files are none of its business.
func (p place) list() (listing, error) {
	var l listing
	entries, err := p.fs.ReadDir(p.dir)
	if err != nil {
		return l, fmt.Errorf("journal: list %q: %w", p.dir, err)
	}
	for _, e := range entries {
		name := path.Join(p.dir, e.Name())
		rest, ours := strings.CutPrefix(e.Name(), p.name+"-")
		var number uint64
		switch {
		case name == p.unfinished():
			l.unfinished = true
		case !ours:
		case strings.HasSuffix(rest, ".log"):
			if _, err := fmt.Sscanf(rest, "%d.log", &number); err == nil && name == p.segment(number) {
				l.segments = append(l.segments, number)
			}
		case strings.HasSuffix(rest, ".ckpt"):
			if _, err := fmt.Sscanf(rest, "%x.ckpt", &number); err == nil && name == p.checkpoint(LSN(number)) {
				l.checkpoints = append(l.checkpoints, LSN(number))
			}
		}
	}
	slices.Sort(l.segments)
	slices.SortFunc(l.checkpoints, func(a, b LSN) int { return cmp.Compare(b, a) })
	return l, nil
}
