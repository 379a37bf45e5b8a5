package name

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/seed-9a1263fe/haul/store"
)

func TestClean(t *testing.T) {
	long := strings.Repeat("a", 300)
	tests := []struct{ in, want string }{
		{"a.txt", "a.txt"},
		{"ünï code 世界.tar.gz", "ünï code 世界.tar.gz"},
		{"2024-01-01T10:00:00.json", "2024-01-01T10:00:00.json"},
		{"a/b\\c", "a_b_c"},
		{"a\x00b\nc\x7fd\u0085e", "a_b_c_d_e"},
		{"photo_\u202Egpj.exe", "photo__gpj.exe"},
		{"a\u2028b\u2066c\u200fd", "a_b_c_d"},
		{"\xff\xfea", "_a"},
		{"  a b  ", "a b"},
		{"a. . .", "a"},
		{"a.txt.", "a.txt"},
		{".bashrc", "_bashrc"},
		{"../../x", "_._.._x"},
		{"-rf", "_rf"},
		{"~", "~"},
		{"CON", "_CON"},
		{"con.txt", "_con.txt"},
		{"Aux .c", "_Aux .c"},
		{"COM1", "_COM1"},
		{"lpt¹.x", "_lpt¹.x"},
		{"COM", "COM"},
		{"COM10", "COM10"},
		{"console.log", "console.log"},
		{"nul.tar.gz", "_nul.tar.gz"},
		{long, long[:MaxName]},
		{long + ".tar.gz", long[:MaxName-3] + ".gz"},
		{"a." + long, "a." + long[:MaxName-2]},
		{strings.Repeat("世", 100) + ".txt", strings.Repeat("世", 79) + ".txt"},
		{"a" + strings.Repeat("世", 100), "a" + strings.Repeat("世", 80)},
		{strings.Repeat(".", 300) + "a", "_" + strings.Repeat(".", 238) + ".a"},
		{"a" + strings.Repeat(" ", 300) + "b", "a"},
		{"con" + strings.Repeat(" ", 300) + ".txt", "_con" + strings.Repeat(" ", MaxName-8) + ".txt"},
	}
	for _, tt := range tests {
		got, err := Clean(tt.in)
		if err != nil || got != tt.want {
			t.Errorf("Clean(%q) = %q, %v; want %q", tt.in, got, err, tt.want)
			continue
		}
		checkClean(t, tt.in, got)
	}
}

func TestCleanFailsWhenNothingIsLeft(t *testing.T) {
	for _, in := range []string{"", ".", "..", "...", " ", " . ", "\u00a0"} {
		got, err := Clean(in)
		var e *Error
		if !errors.As(err, &e) || e.Name != in {
			t.Errorf("Clean(%q) = %q, %v; want an *Error with that name", in, got, err)
		}
	}
}

// checkClean checks what is promised of every clean name.
func checkClean(t *testing.T, in, out string) {
	t.Helper()
	switch again, err := Clean(out); {
	case err != nil || again != out:
		t.Fatalf("Clean(%q) = %q, but clean again it is %q, %v", in, out, again, err)
	case len(out) > MaxName || !utf8.ValidString(out):
		t.Fatalf("Clean(%q) = %q, of %d bytes", in, out, len(out))
	case strings.ContainsAny(out, `/\`) || strings.ContainsFunc(out, unicode.IsControl):
		t.Fatalf("Clean(%q) = %q, with a character that must not be", in, out)
	case strings.TrimRight(out, ". ") != out || strings.TrimLeft(out, ".- ") != out || isDevice(out):
		t.Fatalf("Clean(%q) = %q, which is not harmless", in, out)
	}
	if err := store.Key(out).Validate(); err != nil {
		t.Fatalf("Clean(%q) = %q: %v", in, out, err)
	}
	key, err := Join("", out)
	if err != nil || string(key) != out {
		t.Fatalf("Clean(%q) = %q, which Join makes %q, %v", in, out, key, err)
	}
}

func FuzzClean(f *testing.F) {
	f.Add("../a\x00.txt")
	f.Add("con .x. ")
	f.Add(strings.Repeat("世", 100) + ".tar.gz")
	f.Fuzz(func(t *testing.T, in string) {
		if out, err := Clean(in); err == nil {
			checkClean(t, in, out)
		}
	})
}

func TestFromURL(t *testing.T) {
	for in, want := range map[string]string{
		"http://h":                  Fallback,
		"http://h/":                 Fallback,
		"http://h/a/":               Fallback,
		"http://h/a/b.txt?x=/y#/z":  "b.txt",
		"http://h/a%20b%2Fc.txt":    "a b/c.txt",
		"http://h/%E4%B8%96.txt":    "世.txt",
		"http://h/%ff.txt":          "\xff.txt",
		"http://h/a+b":              "a+b",
		"http://h/x/..":             "..",
		"http://h/%2e%2e%2f%2e%2e":  "../..",
		"http://h/a;v=1":            "a;v=1",
		"http://user:pw@h/file.bin": "file.bin",
	} {
		u, err := url.Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := FromURL(u); got != want {
			t.Errorf("FromURL(%s) = %q, want %q", in, got, want)
		}
	}
}

func TestOfTakesTheFirstFitName(t *testing.T) {
	tests := []struct{ disposition, url, want string }{
		{`attachment; filename="a.txt"`, "http://h/b.txt", "a.txt"},
		{`attachment; filename="../.."`, "http://h/b.txt", "b.txt"},
		{`attachment; filename="/.profile"`, "http://h/b.txt", "_profile"},
		{"", "http://h/b.txt", "b.txt"},
		{"", "http://h/%2e%2e%2fb", "_._b"},
		{"", "http://h/..", Fallback},
		{"attachment", "http://h/", Fallback},
	}
	for _, tt := range tests {
		u, err := url.Parse(tt.url)
		if err != nil {
			t.Fatal(err)
		}
		if got := Of(tt.disposition, u); got != tt.want {
			t.Errorf("Of(%q, %s) = %q, want %q", tt.disposition, tt.url, got, tt.want)
		}
	}
}
