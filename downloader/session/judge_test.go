package session

import (
	"net/http"
	"strconv"
	"testing"
	"time"
)

var (
	judgeTime = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	modified  = time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)
)

const modifiedField = "Thu, 02 Jan 2025 03:04:05 GMT"

// fields makes a header of "Name", "value" pairs.
func fields(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

func ranged(off, end int64) ask { return ask{ranged: true, off: off, end: end} }

func (q ask) of(v Version, how How) ask {
	q.versioned, q.version, q.how = true, v, how
	return q
}

var strong = Version{Size: 1000, ETag: `"v1"`, LastModified: modified}

func TestJudgeAccepts(t *testing.T) {
	for name, c := range map[string]struct {
		ask    ask
		status int
		h      http.Header
		length int64
		want   judged
	}{
		"whole": {
			ask{}, 200, fields("ETag", `"v1"`, "Last-Modified", modifiedField, "Accept-Ranges", "bytes"), 1000,
			judged{verdict: Whole, end: 1000, version: strong, ranges: true},
		},
		"whole of unknown length": {
			ask{}, 200, fields(), -1,
			judged{verdict: Whole, end: -1, version: Version{Size: -1}},
		},
		"whole for a range": {
			ranged(100, 200), 200, fields(), 1000,
			judged{verdict: Whole, end: 1000, version: Version{Size: 1000}},
		},
		"whole that is the version asked": {
			ranged(100, 200).of(strong, Auto), 200, fields("ETag", `"v1"`), 1000,
			judged{verdict: Whole, end: 1000, version: Version{Size: 1000, ETag: `"v1"`}},
		},
		"whole that is another version": {
			ranged(100, 200).of(strong, Auto), 200, fields("ETag", `"v2"`), 1000,
			judged{verdict: Whole, end: 1000, version: Version{Size: 1000, ETag: `"v2"`}, changed: true},
		},
		"whole that cannot be shown to be the version asked": {
			ranged(100, 200).of(strong, Auto), 200, fields(), 1000,
			judged{verdict: Whole, end: 1000, version: Version{Size: 1000}, changed: true},
		},
		"whole with another tag where dates count": {
			ranged(100, 200).of(strong, ByDate), 200, fields("ETag", `"node2"`, "Last-Modified", modifiedField), 1000,
			judged{verdict: Whole, end: 1000, version: Version{Size: 1000, ETag: `"node2"`, LastModified: modified}},
		},
		"transformed on the way": {
			ask{}, 203, fields(), 10,
			judged{verdict: Whole, end: 10, version: Version{Size: 10}},
		},
		"part": {
			ranged(100, 200).of(strong, Auto), 206, fields("Content-Range", "bytes 100-199/1000", "ETag", `"v1"`), 100,
			judged{verdict: Part, off: 100, end: 200, version: Version{Size: 1000, ETag: `"v1"`}, ranges: true},
		},
		"part of unknown total": {
			ranged(100, 200).of(strong, Auto), 206, fields("Content-Range", "bytes 100-199/*"), -1,
			judged{verdict: Part, off: 100, end: 200, version: Version{Size: -1}, ranges: true},
		},
		"part to the end": {
			ranged(100, 0), 206, fields("Content-Range", "bytes 100-999/1000"), 900,
			judged{verdict: Part, off: 100, end: 1000, version: Version{Size: 1000}, ranges: true},
		},
		"part that ends earlier": {
			ranged(100, 200), 206, fields("Content-Range", "bytes 100-149/1000"), 50,
			judged{verdict: Part, off: 100, end: 150, version: Version{Size: 1000}, ranges: true},
		},
		"part that ends later is cut": {
			ranged(100, 200), 206, fields("Content-Range", "bytes 100-999/1000"), 900,
			judged{verdict: Part, off: 100, end: 200, surplus: true, version: Version{Size: 1000}, ranges: true},
		},
		"part with another tag where only checks count": {
			ranged(100, 200).of(strong, ByCheck), 206, fields("Content-Range", "bytes 100-199/1000", "ETag", `"node2"`), 100,
			judged{verdict: Part, off: 100, end: 200, version: Version{Size: 1000, ETag: `"node2"`}, ranges: true},
		},
		"empty, told by refusing the first range": {
			ranged(0, 100), 416, fields("Content-Range", "bytes */0"), 0,
			judged{verdict: Empty, version: Version{Size: 0}, ranges: true},
		},
		"not modified": {
			ask{conditional: true, known: strong}, 304, fields(), 0,
			judged{verdict: NotModified, version: strong},
		},
	} {
		got, fail := judge(&c.ask, c.status, c.h, c.length, judgeTime)
		if fail != nil || got != c.want {
			t.Errorf("%s: got %+v, %v\nwant %+v", name, got, fail, c.want)
		}
	}
}

func TestJudgeRefuses(t *testing.T) {
	part := func(contentRange string, more ...string) http.Header {
		return fields(append([]string{"Content-Range", contentRange}, more...)...)
	}
	twice := part("bytes 100-199/1000", "Content-Range", "bytes 100-199/1000")
	for name, c := range map[string]struct {
		ask    ask
		status int
		h      http.Header
		length int64
		kind   Kind
	}{
		"part unasked":                 {ask{}, 206, part("bytes 0-9/10"), 10, KindRange},
		"part from another start":      {ranged(100, 200), 206, part("bytes 0-99/1000"), 100, KindRange},
		"part from one byte later":     {ranged(100, 200), 206, part("bytes 101-199/1000"), 99, KindRange},
		"part without content range":   {ranged(0, 100), 206, fields(), 100, KindRange},
		"part with two content ranges": {ranged(100, 200), 206, twice, 100, KindRange},
		"part in unknown units":        {ranged(0, 100), 206, part("pages 0-99/1000"), 100, KindRange},
		"part that ends before it begins": {
			ranged(100, 200), 206, part("bytes 100-99/1000"), 0, KindRange},
		"part behind its total":    {ranged(100, 200), 206, part("bytes 100-199/150"), 100, KindRange},
		"part with sign":           {ranged(100, 200), 206, part("bytes 100-+199/1000"), 100, KindRange},
		"part that overflows":      {ranged(100, 0), 206, part("bytes 100-9223372036854775807/*"), -1, KindRange},
		"part marked unsatisfied":  {ranged(0, 100), 206, part("bytes */1000"), 100, KindRange},
		"part longer than it says": {ranged(100, 200), 206, part("bytes 100-199/1000"), 101, KindRange},
		"part in several parts": {
			ranged(0, 100), 206, part("bytes 0-99/1000", "Content-Type", "multipart/byteranges; boundary=x"), 100, KindRange},
		"part of another total": {
			ranged(100, 200).of(strong, Auto), 206, part("bytes 100-199/1001"), 100, KindChanged},
		"part of another tag": {
			ranged(100, 200).of(strong, Auto), 206, part("bytes 100-199/1000", "ETag", `"v2"`), 100, KindChanged},
		"part whose tag became weak": {
			ranged(100, 200).of(strong, ByETag), 206, part("bytes 100-199/1000", "ETag", `W/"v1"`), 100, KindChanged},
		"part of another date": {
			ranged(100, 200).of(strong, ByDate), 206,
			part("bytes 100-199/1000", "Last-Modified", "Thu, 02 Jan 2025 03:04:06 GMT"), 100, KindChanged},
		"part beyond the known size": {
			ranged(900, 0).of(strong, Auto), 206, part("bytes 900-1000/*"), 101, KindChanged},
		"unsatisfied without total":    {ranged(100, 200), 416, fields(), 0, KindRange},
		"unsatisfied with total":       {ranged(0, 100), 416, part("bytes */1000"), 0, KindRange},
		"unsatisfied with range":       {ranged(0, 100), 416, part("bytes 0-99/1000"), 0, KindRange},
		"unsatisfied, known total":     {ranged(100, 200).of(strong, Auto), 416, part("bytes */1000"), 0, KindRange},
		"unsatisfied, another total":   {ranged(100, 200).of(strong, Auto), 416, part("bytes */50"), 0, KindChanged},
		"unsatisfied, now empty":       {ranged(100, 200).of(strong, Auto), 416, part("bytes */0"), 0, KindChanged},
		"unsatisfied, no range asked":  {ask{}, 416, part("bytes */0"), 0, KindRange},
		"precondition failed":          {ranged(100, 200).of(strong, Auto), 412, fields(), 0, KindChanged},
		"precondition failed, no such": {ranged(100, 200), 412, fields(), 0, KindHTTPStatus},
		"not modified, unasked":        {ranged(0, 100), 304, fields(), 0, KindProtocol},
		"created":                      {ask{}, 201, fields(), 0, KindHTTPStatus},
		"accepted":                     {ask{}, 202, fields(), 0, KindHTTPStatus},
		"no content":                   {ask{}, 204, fields(), 0, KindHTTPStatus},
		"reset content":                {ask{}, 205, fields(), 0, KindHTTPStatus},
		"choices":                      {ask{}, 300, fields("Location", "/x"), 0, KindHTTPStatus},
		"not found":                    {ask{}, 404, fields(), 0, KindNotFound},
		"gone":                         {ask{}, 410, fields(), 0, KindNotFound},
		"unauthorized":                 {ask{}, 401, fields(), 0, KindUnauthorized},
		"forbidden":                    {ask{}, 403, fields(), 0, KindForbidden},
		"illegal":                      {ask{}, 451, fields(), 0, KindForbidden},
		"too many":                     {ask{}, 429, fields(), 0, KindRateLimited},
		"unavailable until":            {ask{}, 503, fields("Retry-After", "5"), 0, KindRateLimited},
		"unavailable":                  {ask{}, 503, fields(), 0, KindHTTPStatus},
		"teapot":                       {ask{}, 418, fields(), 0, KindHTTPStatus},
		"no status":                    {ask{}, 0, fields(), 0, KindHTTPStatus},
	} {
		got, fail := judge(&c.ask, c.status, c.h, c.length, judgeTime)
		if fail == nil || fail.Kind != c.kind || fail.Status != c.status {
			t.Errorf("%s: got %+v, %v, want %s", name, got, fail, c.kind)
		}
	}
}

func TestStatusesWorthAnotherTry(t *testing.T) {
	temporary := map[int]bool{
		202: true, 408: true, 421: true, 425: true, 429: true, 500: true, 502: true, 503: true, 504: true, 509: true,
		520: true, 521: true, 522: true, 523: true, 524: true, 525: true, 527: true, 529: true, 530: true, 598: true, 599: true,
	}
	for status := 201; status < 600; status++ {
		if got := judgeStatus(status, fields(), judgeTime).Temporary; got != temporary[status] {
			t.Errorf("status %d: temporary is %v, want %v", status, got, temporary[status])
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"0": 0, "120": 2 * time.Minute, " 7 ": 7 * time.Second,
		"99999999999": maxRetryAfter, "Sun, 01 Mar 2026 12:00:30 GMT": 30 * time.Second,
		"Sunday, 01-Mar-26 12:00:30 GMT": 30 * time.Second, "Sun Mar  1 12:00:30 2026": 30 * time.Second,
		"Sun, 01 Mar 2026 11:00:00 GMT": 0, "Sun, 01 Mar 2099 11:00:00 GMT": maxRetryAfter,
	} {
		if got, ok := retryAfter(s, judgeTime); !ok || got != want {
			t.Errorf("%q: got %v, %v, want %v", s, got, ok, want)
		}
	}
	for _, s := range []string{"", "-1", "1.5", "soon", "+3", "99999999999999999999"} {
		if got, ok := retryAfter(s, judgeTime); ok {
			t.Errorf("%q: got %v, want nothing", s, got)
		}
	}
}

func TestPreconditionNamesTheBestValidator(t *testing.T) {
	weak := Version{Size: 1, ETag: `W/"v1"`, LastModified: modified}
	for _, c := range []struct {
		v    Version
		how  How
		want string
	}{
		{strong, Auto, `"v1"`}, {strong, ByETag, `"v1"`}, {strong, ByDate, modifiedField}, {strong, ByCheck, ""},
		{weak, Auto, modifiedField}, {weak, ByETag, ""}, {Version{Size: 1}, Auto, ""},
	} {
		h := http.Header{}
		q := ranged(5, 10).of(c.v, c.how)
		q.set(h)
		if got := h.Get("If-Range"); got != c.want || h.Get("Range") != "bytes=5-9" {
			t.Errorf("%+v by %v: got If-Range %q, Range %q, want %q", c.v, c.how, got, h.Get("Range"), c.want)
		}
	}
	h := http.Header{}
	q := ask{}.of(strong, Auto)
	if q.set(h); len(h) != 0 {
		t.Errorf("without a range: got %v, want no precondition", h)
	}
}

func TestMangledTagsAreNoTags(t *testing.T) {
	for s, want := range map[string]string{
		`"a"`: `"a"`, `W/"a"`: `W/"a"`, `""`: `""`, `a`: "", `"a`: "", `w/"a"`: "", `"a"b"`: "", "\"a\x01\"": "", `"`: "", "": "", `"a b"`: "",
	} {
		if got := entityTag(s); got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
}

// FuzzJudge checks what must hold of every answer, whatever a server sends.
func FuzzJudge(f *testing.F) {
	f.Add(int64(100), int64(200), true, true, byte(0), 206, "bytes 100-199/1000", `"v1"`, modifiedField, "", "", int64(100))
	f.Add(int64(0), int64(0), false, false, byte(1), 200, "", `"v1"`, "", "text/html", "", int64(-1))
	f.Add(int64(0), int64(5), true, false, byte(2), 416, "bytes */0", "", "", "", "", int64(0))
	f.Add(int64(7), int64(0), true, true, byte(3), 503, "bytes 7-8/9", "", "", "", "120", int64(2))
	f.Fuzz(func(t *testing.T, off, end int64, isRanged, versioned bool, how byte, status int, contentRange, etag, date, media, after string, length int64) {
		q := ask{}
		if isRanged {
			q = ranged(max(off, 0), max(end, 0))
		}
		if versioned {
			q = q.of(strong, How(how%4))
		}
		h := fields("ETag", etag, "Last-Modified", date, "Content-Type", media, "Retry-After", after)
		if contentRange != "" {
			h.Add("Content-Range", contentRange)
		}
		j, fail := judge(&q, status, h, max(length, -1), judgeTime)
		if fail != nil {
			if fail.Kind == "" || fail.After < 0 || fail.After > maxRetryAfter {
				t.Fatalf("bad failure %+v", fail)
			}
			return
		}
		switch j.verdict {
		case Part:
			checkPart(t, q, status, j)
		case Whole:
			if status != 200 && status != 203 || j.off != 0 || j.end != max(length, -1) {
				t.Fatalf("status %d of %d bytes: got %+v", status, length, j)
			}
			if versioned && !j.changed && j.version.Size != strong.Size && j.version.ETag != strong.ETag {
				t.Fatalf("taken for the version asked: %+v", j)
			}
		case Empty:
			if status != 416 || j.version.Size != 0 || versioned && strong.Size != 0 {
				t.Fatalf("status %d: got %+v", status, j)
			}
		default:
			t.Fatalf("status %d: got %+v", status, j)
		}
	})
}

func checkPart(t *testing.T, q ask, status int, j judged) {
	t.Helper()
	switch {
	case status != 206, !q.ranged, j.off != q.off, j.end <= j.off, q.end > 0 && j.end > q.end:
		t.Fatalf("asked %+v, status %d: got %+v", q, status, j)
	case j.version.Size >= 0 && j.end > j.version.Size, q.versioned && j.end > q.version.Size:
		t.Fatalf("asked %+v: got bytes behind the end: %+v", q, j)
	case q.versioned && j.version.Size >= 0 && j.version.Size != q.version.Size:
		t.Fatalf("asked %+v: got a part of another total: %+v", q, j)
	}
}

// FuzzContentRange checks that what is read is what was written.
func FuzzContentRange(f *testing.F) {
	for _, s := range []string{"bytes 0-0/1", "bytes */5", "bytes 5-9/*", "Bytes 1-2/3", "bytes 1-2", "bytes -1-2/3", "bytes=1-2/3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := parseContentRange(s)
		if err != nil {
			return
		}
		if c.unsatisfied != (c.end == 0) || c.off < 0 || !c.unsatisfied && (c.end <= c.off || c.total >= 0 && c.end > c.total) {
			t.Fatalf("%q: got %+v", s, c)
		}
		if again, err := parseContentRange(c.String()); err != nil || again != c {
			t.Fatalf("%q: got %+v, read again as %+v, %v", s, c, again, err)
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("120")
	f.Add(modifiedField)
	f.Fuzz(func(t *testing.T, s string) {
		d, ok := retryAfter(s, judgeTime)
		if d < 0 || d > maxRetryAfter || !ok && d != 0 {
			t.Fatalf("%q: got %v, %v", s, d, ok)
		}
		if n, err := strconv.ParseUint(s, 10, 31); err == nil && d != min(time.Duration(n)*time.Second, maxRetryAfter) && s[0] != '+' {
			t.Fatalf("%q: got %v", s, d)
		}
	})
}
