package list

import (
	"encoding/json"
	"slices"

	"github.com/seed-9a1263fe/haul/downloader"
	"github.com/seed-9a1263fe/haul/downloader/session"
)

// result is what is read of a result record.
type result struct {
	URL     string              `json:"url"`
	Path    string              `json:"path"`
	Status  downloader.Status   `json:"status"`
	List    string              `json:"list"`
	Line    int64               `json:"line"`
	Meta    json.RawMessage     `json:"meta"`
	Error   *downloader.Failure `json:"error"`
	Request *object             `json:"request"`
}

// resultLine makes an entry of a record of earlier results, if its job is one
// that is to be taken again. With its "request" the job is the same as it was,
// so that what was begun goes on; without it, it is one that fetches the URL to
// the path. List and line are those of the record.
//
// A last line that was torn by the end of its run is passed over: the job has no
// result and is owed to its own list.
func (d *Decoder) resultLine(c *cutter, l line) error {
	if isBlank(l.text) && !l.long {
		return nil
	}
	var r downloader.Request
	var res result
	err := d.unmarshal(l, &res)
	torn := l.size == int64(len(l.text))
	switch {
	case err != nil && torn:
		d.ignore(c.line, "record that was cut off")
		return nil
	case err != nil:
		spoil(&r, session.KindProtocol, err.Error())
	case !d.wanted(&res):
		return nil
	default:
		d.again(&r, c.line, &res)
	}
	if !c.begin(r) {
		return errStop
	}
	return nil
}

// wanted reports whether the job of the record is to be taken again.
func (d *Decoder) wanted(res *result) bool {
	if res.Status != downloader.Failed {
		return false
	}
	return len(d.cfg.Only) == 0 || res.Error != nil && slices.Contains(d.cfg.Only, res.Error.Kind)
}

// again sets r to the job that the record is of.
func (d *Decoder) again(r *downloader.Request, line int64, res *result) {
	r.List, r.Line = res.List, max(res.Line, 0)
	o := res.Request
	if o == nil {
		o = &object{URL: res.URL, Out: res.Path}
	}
	if o.Meta == nil {
		o.Meta = res.Meta
	}
	d.fill(r, line, o)
	if e := res.Error; r.Defect != nil && e != nil && e.Kind != "" && e.Message != "" {
		// The list's own complaint says more than "no URL" would.
		r.Defect = e
	}
}
