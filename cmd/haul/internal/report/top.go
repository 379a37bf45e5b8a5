package report

import (
	"cmp"
	"container/heap"
	"slices"

	"github.com/seed-9a1263fe/haul/downloader"
)

// top keeps the records with the largest ranks, of equal ones the earlier.
type top struct {
	room int
	kept ranked
	next int64 // number of the next record offered
}

type entry struct {
	rank, order int64
	file        file
}

// file is what tables show of a file.
type file struct {
	Place, URL, Path     string
	bytes, fetched, took int64
	status               downloader.Status
}

// offer keeps the record if it belongs to the top.
func (t *top) offer(rank int64, rec *record) {
	e := entry{rank: rank, order: t.next}
	t.next++
	full := len(t.kept) == t.room
	if full && rank <= t.kept[0].rank {
		return
	}
	e.file = file{
		Place: rec.place(), URL: showURL(rec.URL), Path: show(rec.Path, maxName),
		bytes: rec.Bytes, fetched: rec.FetchedBytes, took: rec.DurationMS, status: rec.Status,
	}
	if full {
		t.kept[0] = e
		heap.Fix(&t.kept, 0)
		return
	}
	heap.Push(&t.kept, e)
}

// files returns what was kept, the largest rank first.
func (t *top) files() []file {
	sorted := slices.SortedFunc(slices.Values(t.kept), func(a, b entry) int {
		return cmp.Or(cmp.Compare(b.rank, a.rank), cmp.Compare(a.order, b.order))
	})
	files := make([]file, len(sorted))
	for i, e := range sorted {
		files[i] = e.file
	}
	return files
}

// ranked is a heap whose root is the first to go.
type ranked []entry

func (r ranked) Len() int      { return len(r) }
func (r ranked) Swap(i, j int) { r[i], r[j] = r[j], r[i] }
func (r ranked) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(r[i].rank, r[j].rank), cmp.Compare(r[j].order, r[i].order)) < 0
}
func (r *ranked) Push(x any) { *r = append(*r, x.(entry)) }
func (r *ranked) Pop() any {
	last := (*r)[len(*r)-1]
	*r = (*r)[:len(*r)-1]
	return last
}
