package origin

import (
	"net/http"
	"testing"
)

func TestConditionsAreJudgedAsRFC9110Says(t *testing.T) {
	o := New(Config{})
	f := o.Add("/strong", File{Size: 100, ETag: `"a,b"`})
	o.Add("/weak", File{Size: 100, ETag: `W/"w"`, NoModTime: true})
	o.Add("/none", File{Size: 100, NoETag: true, NoModTime: true})
	o.Add("/date", File{Size: 100, NoETag: true, ModTime: f.ModTime})
	o.Add("/careless", File{Size: 100, IgnoreIfRange: true})
	s := o.StartTest(t, Options{})
	c := client(t, s)
	mod := f.ModTime.Format(http.TimeFormat)
	before := f.ModTime.Add(-1e9).Format(http.TimeFormat)
	after := f.ModTime.Add(1e9).Format(http.TimeFormat)
	const part = "bytes=10-19"
	for _, row := range []struct {
		path   string
		status int
		header []string
	}{
		{"/strong", 304, []string{"If-None-Match", `"x", "a,b"`}},
		{"/strong", 304, []string{"If-None-Match", `W/"a,b"`}},
		{"/strong", 304, []string{"If-None-Match", `*`}},
		{"/strong", 200, []string{"If-None-Match", `"a", "b"`}},
		{"/strong", 200, []string{"If-None-Match", `"x"`, "If-Modified-Since", mod}},
		{"/strong", 304, []string{"If-Modified-Since", mod}},
		{"/strong", 304, []string{"If-Modified-Since", after}},
		{"/strong", 200, []string{"If-Modified-Since", before}},
		{"/strong", 200, []string{"If-Modified-Since", "yesterday"}},
		{"/strong", 412, []string{"If-Match", `"x"`}},
		{"/strong", 200, []string{"If-Match", `"a,b"`}},
		{"/weak", 412, []string{"If-Match", `W/"w"`}},
		{"/strong", 412, []string{"If-Unmodified-Since", before}},
		{"/strong", 200, []string{"If-Unmodified-Since", mod}},
		{"/strong", 304, []string{"Range", part, "If-None-Match", `"a,b"`}},

		{"/strong", 206, []string{"Range", part}},
		{"/strong", 206, []string{"Range", part, "If-Range", `"a,b"`}},
		{"/strong", 200, []string{"Range", part, "If-Range", `"x"`}},
		{"/strong", 206, []string{"Range", part, "If-Range", mod}},
		{"/strong", 200, []string{"Range", part, "If-Range", after}},
		{"/strong", 200, []string{"Range", part, "If-Range", before}},
		{"/weak", 200, []string{"Range", part, "If-Range", `W/"w"`}},
		{"/weak", 206, []string{"Range", part}},
		{"/none", 200, []string{"Range", part, "If-Range", mod}},
		{"/date", 206, []string{"Range", part, "If-Range", mod}},
		{"/careless", 206, []string{"Range", part, "If-Range", `"x"`}},
	} {
		resp, body, err := get(t, c, s.URL(row.path), row.header...)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != row.status {
			t.Errorf("%s %q: got %d, want %d", row.path, row.header, resp.StatusCode, row.status)
		}
		if want := map[int]int{200: 100, 206: 10, 304: 0, 412: len("Precondition Failed\n")}[row.status]; len(body) != want {
			t.Errorf("%s %q: %d bytes, want %d", row.path, row.header, len(body), want)
		}
	}
}

func TestValidatorsAreSentAsWanted(t *testing.T) {
	o := New(Config{})
	o.Add("/both", File{Size: 1})
	o.Add("/tag", File{Size: 1, NoModTime: true})
	o.Add("/date", File{Size: 1, NoETag: true})
	o.Add("/none", File{Size: 1, NoETag: true, NoModTime: true})
	o.Add("/weak", File{Size: 1, ETag: `W/"1"`})
	s := o.StartTest(t, Options{})
	for path, want := range map[string][2]bool{
		"/both": {true, true}, "/tag": {true, false}, "/date": {false, true}, "/none": {}, "/weak": {true, true},
	} {
		resp, _, err := get(t, client(t, s), s.URL(path))
		if err != nil {
			t.Fatal(err)
		}
		h := resp.Header
		if got := [2]bool{h.Get("ETag") != "", h.Get("Last-Modified") != ""}; got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
		if path == "/weak" && h.Get("ETag") != `W/"1"` {
			t.Errorf("weak tag is %s", h.Get("ETag"))
		}
	}
}

func TestETagPerRequestNeverRepeats(t *testing.T) {
	o := New(Config{})
	f := o.Add("/a", File{Size: 10, ETagPerRequest: true})
	s := o.StartTest(t, Options{})
	seen := map[string]bool{}
	for range 3 {
		resp, body, err := get(t, client(t, s), s.URL("/a"))
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Check(body, 0); err != nil {
			t.Error(err)
		}
		seen[resp.Header.Get("ETag")] = true
	}
	if len(seen) != 3 {
		t.Errorf("tags: %v", seen)
	}
}
