package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seed-9a1263fe/haul/downloader"
)

// share is a whole and its parts.
type share struct {
	Whole string
	Parts []part
}

// part is drawn from X on, W wide, of a whole that is 1000 wide.
type part struct {
	Class, Name, Value, Share string
	X, W                      px
}

func newShare(format func(int64) string, class, name []string, n []int64) share {
	var s share
	var whole, before int64
	for _, v := range n {
		whole += v
	}
	s.Whole = format(whole)
	if whole == 0 {
		return s
	}
	for i, v := range n {
		at := func(v int64) px { return px(1000 * float64(v) / float64(whole)) }
		s.Parts = append(s.Parts, part{class[i], name[i], format(v), formatShare(v, whole), at(before), at(v)})
		before += v
	}
	return s
}

func (r *Report) outcomes() share {
	return newShare(formatCount, []string{"complete", "skipped", "failed"},
		[]string{"complete", "skipped, were complete already", "failed"}, []int64{r.complete, r.skipped, r.failed})
}

// origins says where the bytes of whole files come from.
func (r *Report) origins() share {
	resumed := min(r.resumed, r.wholeBytes)
	return newShare(formatSize, []string{"complete", "resumed", "skipped"},
		[]string{"fetched", "resumed, were on disk from an earlier run", "of skipped files"},
		[]int64{r.wholeBytes - resumed, resumed, r.skippedBytes})
}

type hostRow struct {
	Name, Files, Failed, Bytes, Share, Rate string
	Bad                                     bool
	Bar                                     px // of 100
}

func (r *Report) hostRows() (rows []hostRow, note string) {
	shown, others, rest := r.hosts.largest(shownHosts)
	if others != nil {
		others.name = fmt.Sprintf("%s others", formatCount(rest))
		if r.hosts.merged > 0 {
			others.name = "others"
			note = fmt.Sprintf("There are more than %s hosts; those that counted least on the way are among the others.", formatCount(maxHosts))
		}
		shown = append(shown, others)
	}
	for _, h := range shown {
		row := hostRow{
			Name: h.name, Files: formatCount(h.files), Failed: formatCount(h.failed), Bad: h.failed > 0,
			Bytes: formatSize(h.bytes), Share: formatShare(h.bytes, r.fetched), Rate: "–",
		}
		if f := h.rate(); f > 0 {
			row.Rate = formatRate(f)
		}
		if r.fetched > 0 {
			row.Bar = px(100 * float64(h.bytes) / float64(r.fetched))
		}
		rows = append(rows, row)
	}
	return rows, note
}

type errorRow struct {
	Kind, Count, Share string
	Bar                px // of 100
	Examples           []example
	More               int64 // that are not among the examples
}

func (r *Report) errorRows() []errorRow {
	all := slices.SortedFunc(maps.Values(r.failures), func(a, b *failures) int {
		return cmp.Or(cmp.Compare(b.count, a.count), strings.Compare(a.kind, b.kind))
	})
	var rows []errorRow
	for _, f := range all {
		rows = append(rows, errorRow{
			Kind: f.kind, Count: filesOf(f.count), Share: formatShare(f.count, r.failed), Bar: px(100 * float64(f.count) / float64(r.failed)),
			Examples: f.examples, More: f.count - int64(len(f.examples)),
		})
	}
	return rows
}

type fileRow struct{ Place, URL, Path, Size, Took, Rate string }

func (r *Report) fileRows(t *top) []fileRow {
	var rows []fileRow
	for _, f := range t.files() {
		row := fileRow{f.Place, f.URL, f.Path, formatSize(f.bytes), "–", "–"}
		if f.status == downloader.Complete {
			row.Took = formatDuration(f.took)
			row.Rate = formatRate(float64(f.fetched) * 1000 / float64(max(f.took, 1)))
		}
		rows = append(rows, row)
	}
	return rows
}
