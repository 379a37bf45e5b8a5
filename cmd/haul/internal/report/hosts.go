package report

import (
	"cmp"
	"maps"
	"slices"

	"github.com/seed-9a1263fe/haul/downloader"
)

// host is what came of the files of one server.
type host struct {
	name                   string
	files, skipped, failed int64
	bytes                  int64 // fetched
	begin, end             int64 // of its files, in milliseconds since 1970; 0 if not known
}

// rate is bytes a second from the host's first file on until its last one ended.
func (h *host) rate() float64 {
	if h.end <= h.begin {
		return 0
	}
	return float64(h.bytes) * 1000 / float64(h.end-h.begin)
}

func (h *host) merge(o *host) {
	h.files += o.files
	h.skipped += o.skipped
	h.failed += o.failed
	h.bytes += o.bytes
	if o.begin != 0 {
		h.cover(o.begin, o.end)
	}
}

func (h *host) cover(begin, end int64) {
	if h.begin == 0 {
		h.begin, h.end = begin, end
	}
	h.begin, h.end = min(h.begin, begin), max(h.end, end)
}

// maxHosts is how many hosts are told apart, at some 150 bytes each.
const maxHosts = 20_000

// hostTable counts by host. When there are more than room, the half that counts
// least moves together into others. A host of that half that comes again begins
// anew, so its row may then be short of what it had; sums stay right.
type hostTable struct {
	room   int
	hosts  map[string]*host
	others host
	merged int64 // hosts in others; one that came again counts again
}

func newHostTable(room int) *hostTable {
	return &hostTable{room: room, hosts: map[string]*host{}, others: host{name: "other hosts"}}
}

func (t *hostTable) add(rec *record) {
	name := hostOf(rec)
	h := t.hosts[name]
	if h == nil {
		if len(t.hosts) >= t.room {
			t.shrink()
		}
		h = &host{name: name}
		t.hosts[name] = h
	}
	h.files++
	h.bytes += rec.FetchedBytes
	switch rec.Status {
	case downloader.Skipped:
		h.skipped++
	case downloader.Failed:
		h.failed++
	}
	if !rec.started.IsZero() && rec.Status != downloader.Skipped {
		at := rec.started.UnixMilli()
		h.cover(at, at+max(rec.DurationMS, 1))
	}
}

func (t *hostTable) shrink() {
	all := t.byBytes()
	for _, h := range all[len(all)/2:] {
		t.others.merge(h)
		t.merged++
		delete(t.hosts, h.name)
	}
}

// byBytes returns the hosts in the order of what came from them, then of their
// files.
func (t *hostTable) byBytes() []*host {
	return slices.SortedFunc(maps.Values(t.hosts), func(a, b *host) int {
		return cmp.Or(cmp.Compare(b.bytes, a.bytes), cmp.Compare(b.files, a.files), cmp.Compare(a.name, b.name))
	})
}

// largest returns at most n hosts, and all others as one, which is nil if there
// are none; rest is their number.
func (t *hostTable) largest(n int) (shown []*host, others *host, rest int64) {
	all := t.byBytes()
	shown = all[:min(n, len(all))]
	sum := t.others
	for _, h := range all[len(shown):] {
		sum.merge(h)
	}
	if rest = t.merged + int64(len(all)-len(shown)); rest == 0 {
		return shown, nil, 0
	}
	return shown, &sum, rest
}
