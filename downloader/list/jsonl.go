package list

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/seed-9a1263fe/haul/downloader"
	"github.com/seed-9a1263fe/haul/downloader/session"
)

// object is a request as a list of jsonl has it, an object a line. Other keys
// are ignored.
type object struct {
	URL      string          `json:"url,omitempty"`
	URLs     []string        `json:"urls,omitempty"`
	Dir      string          `json:"dir,omitempty"`
	Out      string          `json:"out,omitempty"`
	Checksum string          `json:"checksum,omitempty"`
	Headers  fields          `json:"headers,omitempty"`
	Size     int64           `json:"size,omitempty"`
	Type     string          `json:"expect_type,omitempty"`
	Meta     json.RawMessage `json:"meta,omitempty"`
}

// jsonLine makes an entry of one line of jsonl.
func (d *Decoder) jsonLine(c *cutter, l line) error {
	if isBlank(l.text) && !l.long {
		return nil
	}
	var r downloader.Request
	var o object
	if err := d.unmarshal(l, &o); err != nil {
		spoil(&r, session.KindProtocol, err.Error())
	} else {
		d.fill(&r, c.line, &o)
	}
	if !c.begin(r) {
		return errStop
	}
	return nil
}

// unmarshal reads one line of JSON into v. Its errors quote nothing of the line.
func (d *Decoder) unmarshal(l line, v any) error {
	switch {
	case l.long:
		return errors.New(d.tooLong("line"))
	case !utf8.Valid(l.text):
		return errors.New("record is not valid UTF-8")
	}
	err := json.Unmarshal(l.text, v)
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong) && wrong.Field != "":
		return fmt.Errorf("record is broken: %s cannot be a %s", wrong.Field, wrong.Value)
	case wrong != nil:
		return fmt.Errorf("record is a %s, not an object", wrong.Value)
	}
	return fmt.Errorf("record is broken: %w", err)
}

// fill sets r as o says.
func (d *Decoder) fill(r *downloader.Request, line int64, o *object) {
	urls := o.URLs
	if o.URL != "" && (len(urls) == 0 || urls[0] != o.URL) {
		urls = append([]string{o.URL}, urls...)
	}
	d.setURLs(r, line, urls)
	r.Dir, r.Out, r.Meta = o.Dir, o.Out, o.Meta
	setChecksum(r, o.Checksum)
	setType(r, o.Type)
	for _, h := range o.Headers {
		addHeader(r, h.Name, h.Value)
	}
	if o.Size < 0 {
		spoil(r, session.KindProtocol, fmt.Sprintf("size %d is negative", o.Size))
		return
	}
	r.Size = o.Size
}

// AppendJSON appends r to b as a list of jsonl has it, without a line's end.
// Everything is kept but List, Line and Defect; header fields of one name are
// put together. The result record of a job carries this under "request", so
// that a list of Results can give the same job again. Headers may be secrets:
// whoever writes them where others read clears r.Header first.
func AppendJSON(b []byte, r downloader.Request) ([]byte, error) {
	o := object{Dir: r.Dir, Out: r.Out, Checksum: r.Checksum.String(), Headers: r.Header, Size: r.Size, Type: r.Type, Meta: r.Meta}
	switch len(r.URLs) {
	case 0:
	case 1:
		o.URL = r.URLs[0]
	default:
		o.URLs = r.URLs
	}
	text, err := marshal(o)
	if err != nil {
		return b, fmt.Errorf("list: write job as JSON: %w", err)
	}
	return append(b, text...), nil
}

// marshal is json.Marshal, but leaves '&', '<' and '>' in URLs as they are.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// fields is an object of header fields, in order. The value of a key is a
// string, or several in an array.
type fields []downloader.Field

// UnmarshalJSON keeps the order of the keys, which a map would lose.
func (f *fields) UnmarshalJSON(b []byte) error {
	*f = nil
	if string(b) == "null" {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errors.New("headers is not an object")
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var values oneOrMore
		if err := d.Decode(&values); err != nil {
			return fmt.Errorf("headers: %w", err)
		}
		for _, v := range values {
			*f = append(*f, downloader.Field{Name: name.(string), Value: v})
		}
	}
	return nil
}

// MarshalJSON writes a name with several values as an array, at its first place.
func (f fields) MarshalJSON() ([]byte, error) {
	var order []string
	values := make(map[string]oneOrMore)
	for _, h := range f {
		if values[h.Name] == nil {
			order = append(order, h.Name)
		}
		values[h.Name] = append(values[h.Name], h.Value)
	}
	b := []byte{'{'}
	for i, name := range order {
		if i > 0 {
			b = append(b, ',')
		}
		key, err := marshal(name)
		if err != nil {
			return nil, err
		}
		value, err := marshal(values[name])
		if err != nil {
			return nil, err
		}
		b = append(append(append(b, key...), ':'), value...)
	}
	return append(b, '}'), nil
}

// oneOrMore is a string, or an array of strings.
type oneOrMore []string

func (o *oneOrMore) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil && string(b) != "null" {
		*o = oneOrMore{one}
		return nil
	}
	var more []string
	if json.Unmarshal(b, &more) != nil || more == nil {
		return errors.New("a value is neither a string nor an array of them")
	}
	*o = more
	return nil
}

// MarshalJSON writes a single string as such.
func (o oneOrMore) MarshalJSON() ([]byte, error) {
	if len(o) == 1 {
		return marshal(o[0])
	}
	return marshal([]string(o))
}
