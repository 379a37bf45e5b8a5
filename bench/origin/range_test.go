package origin

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
)

// TestRangeFaults asks for bytes 100 to 199 of 1000 and compares status, label
// and the place that the bytes are from.
func TestRangeFaults(t *testing.T) {
	const whole = "no label"
	for _, row := range []struct {
		fault  RangeFault
		status int
		label  string
		from   span
	}{
		{RangeWell, 206, "bytes 100-199/1000", span{100, 100}},
		{RangeIgnored, 200, whole, span{0, 1000}},
		{RangeFromZero, 206, "bytes 0-99/1000", span{0, 100}},
		{RangeShifted, 206, "bytes 101-200/1000", span{101, 100}},
		{RangeShorter, 206, "bytes 100-149/1000", span{100, 50}},
		{RangeToEnd, 206, "bytes 100-999/1000", span{100, 900}},
		{RangeOtherTotal, 206, "bytes 100-199/1001", span{100, 100}},
		{RangeStarTotal, 206, "bytes 100-199/*", span{100, 100}},
		{RangeUnlabelled, 206, whole, span{100, 100}},
		{RangeGarbled, 206, "bytes all-of/it", span{100, 100}},
		{RangeWrongBytes, 206, "bytes 100-199/1000", span{99, 100}},
		{RangeRefused, 416, "bytes */1000", span{}},
		{RangeRefusedBare, 416, whole, span{}},
		{RangeRefusedZero, 416, "bytes */0", span{}},
	} {
		t.Run(fmt.Sprint(row.fault), func(t *testing.T) {
			o := New(Config{})
			f := o.Add("/a", File{Size: 1000, Faults: []Fault{{Range: row.fault}}})
			s := o.StartTest(t, Options{})
			resp, body, err := get(t, client(t, s), s.URL("/a"), "Range", "bytes=100-199")
			if err != nil {
				t.Fatal(err)
			}
			label := resp.Header.Get("Content-Range")
			if label == "" {
				label = whole
			}
			if resp.StatusCode != row.status || label != row.label {
				t.Errorf("got %d %q, want %d %q", resp.StatusCode, label, row.status, row.label)
			}
			if row.status == 416 {
				return
			}
			if int64(len(body)) != row.from.n {
				t.Errorf("%d bytes, want %d", len(body), row.from.n)
			}
			if err := f.Check(body, row.from.off); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRangeWrongBytesAreWrongFromTheStartToo(t *testing.T) {
	o := New(Config{})
	f := o.Add("/a", File{Size: 1000, Faults: []Fault{{Range: RangeWrongBytes}}})
	s := o.StartTest(t, Options{})
	_, body, err := get(t, client(t, s), s.URL("/a"), "Range", "bytes=0-99")
	if err != nil || len(body) != 100 {
		t.Fatalf("%d bytes: %v", len(body), err)
	}
	if f.Check(body, 0) == nil {
		t.Error("the bytes are right")
	}
}

func TestRangeUnaskedAnswers206ToAPlainGet(t *testing.T) {
	o := New(Config{})
	o.Add("/a", File{Size: 1000, Faults: []Fault{{Range: RangeUnasked}}})
	s := o.StartTest(t, Options{})
	resp, body, err := get(t, client(t, s), s.URL("/a"))
	if err != nil || resp.StatusCode != 206 || len(body) != 500 {
		t.Errorf("%d bytes: %v", len(body), err)
	}
}

func TestSeveralRangesComeAsParts(t *testing.T) {
	o := New(Config{})
	f := o.Add("/well", File{Size: 1000})
	o.Add("/fault", File{Size: 1000, Seed: f.Seed, Faults: []Fault{{Range: RangeMultipart}}})
	s := o.StartTest(t, Options{})
	for path, ranges := range map[string]string{"/well": "bytes=0-9,100-199", "/fault": "bytes=5-9"} {
		resp, body, err := get(t, client(t, s), s.URL(path), "Range", ranges)
		if err != nil || resp.StatusCode != 206 {
			t.Fatalf("%s: %v", path, err)
		}
		if resp.ContentLength != int64(len(body)) || resp.Header.Get("Content-Range") != "" {
			t.Errorf("%s: length %d of %d, label %q", path, resp.ContentLength, len(body), resp.Header.Get("Content-Range"))
		}
		_, params, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		parts := 0
		for r := multipart.NewReader(bytes.NewReader(body), params["boundary"]); ; parts++ {
			p, err := r.NextPart()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			var first, last, total int64
			if _, err := fmt.Sscanf(p.Header.Get("Content-Range"), "bytes %d-%d/%d", &first, &last, &total); err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(p)
			if err != nil || int64(len(b)) != last-first+1 || f.Check(b, first) != nil {
				t.Errorf("%s: part %d-%d has %d bytes: %v", path, first, last, len(b), err)
			}
		}
		if want := strings.Count(ranges, "-"); parts != want {
			t.Errorf("%s: %d parts, want %d", path, parts, want)
		}
	}
}

func TestRangeBeyondTheEndIs416WithTheTotal(t *testing.T) {
	o := New(Config{})
	o.Add("/a", File{Size: 10})
	o.Add("/empty", File{})
	s := o.StartTest(t, Options{})
	for path, want := range map[string]string{"/a": "bytes */10", "/empty": "bytes */0"} {
		resp, _, err := get(t, client(t, s), s.URL(path), "Range", "bytes=10-")
		if err != nil || resp.StatusCode != 416 || resp.Header.Get("Content-Range") != want {
			t.Errorf("%s: %v %v", path, resp, err)
		}
	}
	resp, body, err := get(t, client(t, s), s.URL("/empty"))
	if err != nil || resp.StatusCode != 200 || resp.ContentLength != 0 || len(body) != 0 {
		t.Errorf("empty file: %v %v", resp, err)
	}
}

func TestNoRangesSaysSoAndIgnoresThem(t *testing.T) {
	o := New(Config{})
	o.Add("/a", File{Size: 10, NoRanges: true})
	s := o.StartTest(t, Options{})
	resp, body, err := get(t, client(t, s), s.URL("/a"), "Range", "bytes=5-")
	if err != nil || resp.StatusCode != 200 || len(body) != 10 || resp.Header.Get("Accept-Ranges") != "none" {
		t.Errorf("%d bytes, %v: %v", len(body), resp, err)
	}
}

func TestHeadHasTheHeaderOfGetAndIgnoresRange(t *testing.T) {
	o := New(Config{})
	f := o.Add("/a", File{Size: 1234, Disposition: `attachment; filename="x"`})
	s := o.StartTest(t, Options{})
	req, _ := http.NewRequestWithContext(t.Context(), "HEAD", s.URL("/a"), nil)
	req.Header.Set("Range", "bytes=5-")
	resp, err := client(t, s).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 || resp.ContentLength != 1234 || resp.Header.Get("ETag") != f.ETag ||
		resp.Header.Get("Content-Disposition") != `attachment; filename="x"` {
		t.Errorf("got %v", resp)
	}
	if n := o.Stats().BodyBytes; n != 0 {
		t.Errorf("%d bytes of body", n)
	}
}
