package name

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/seed-9a1263fe/haul/store"
)

func TestJoin(t *testing.T) {
	tests := []struct{ dir, out, want string }{
		{"", "a", "a"},
		{".", "a", "a"},
		{"./", "./a", "a"},
		{"d", "a", "d/a"},
		{"d/e/", "f/a.b", "d/e/f/a.b"},
		{"d//e", "f//a", "d/e/f/a"},
		{"d/./e", "a", "d/e/a"},
		{"", ".hidden", ".hidden"},
		{"", "-x", "-x"},
		{"", "a ", "a "},
		{"", "..a", "..a"},
		{"", "世界", "世界"},
		{"d", ".haul", "d/.haul"},
		{"", "a:b", "a:b"},
		{"", strings.Repeat("a", MaxName), strings.Repeat("a", MaxName)},
		{strings.Repeat("a", 255), "a", strings.Repeat("a", 255) + "/a"},
	}
	for _, tt := range tests {
		got, err := Join(tt.dir, tt.out)
		if err != nil || string(got) != tt.want {
			t.Errorf("Join(%q, %q) = %q, %v; want %q", tt.dir, tt.out, got, err, tt.want)
		}
	}
}

func TestJoinRefuses(t *testing.T) {
	tests := []struct{ dir, out, says string }{
		{"", "", "empty"},
		{"d", "", "empty"},
		{"", "../a", `".."`},
		{"", "a/../b", `".."`},
		{"..", "a", `".."`},
		{"a", "..", `".."`},
		{"", "/etc/passwd", "absolute"},
		{"/d", "a", "absolute"},
		{"d", "/a", "absolute"},
		{"C:/d", "a", "absolute"},
		{"", "c:", "absolute"},
		{"", "a/", "slash"},
		{"", ".", "no file"},
		{"d", "a/.", "no file"},
		{"", "a\\b", "backslash"},
		{"d\\e", "a", "backslash"},
		{"", "a\x00b", "control"},
		{"", "a\nb", "control"},
		{"", "a\u0085", "control"},
		{"\x7f", "a", "control"},
		{"", "\xff", "UTF-8"},
		{"", "nul", "device"},
		{"aux", "a", "device"},
		{"", "a/COM1.txt", "device"},
		{"", strings.Repeat("a", MaxName+1), "longer"},
		{strings.Repeat("a", 256), "a", "part"},
		{strings.Repeat("d/", MaxPath/2), "a", "path"},
		{".haul", "a", "state"},
		{"", ".HAUL/a", "state"},
		{"", ".haul", "state"},
		{".", "./.haul", "state"},
	}
	for _, tt := range tests {
		got, err := Join(tt.dir, tt.out)
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(e.Reason, tt.says) {
			t.Errorf("Join(%q, %q) = %q, %v; want an *Error that says %q", tt.dir, tt.out, got, err, tt.says)
		}
		if err != nil && len(err.Error()) > 600 {
			t.Errorf("Join(%.20q, %.20q): message of %d bytes", tt.dir, tt.out, len(err.Error()))
		}
	}
}

func FuzzJoin(f *testing.F) {
	f.Add("d", "a/b", 1)
	f.Add("./", "..", 2)
	f.Add(".haul", "con", 12345)
	f.Fuzz(func(t *testing.T, dir, out string, n int) {
		key, err := Join(dir, out)
		if err != nil {
			return
		}
		if err := key.Validate(); err != nil {
			t.Fatalf("Join(%q, %q) = %q: %v", dir, out, key, err)
		}
		if again, err := Join("", string(key)); err != nil || again != key {
			t.Fatalf("Join(%q, %q) = %q, and again %q, %v", dir, out, key, again, err)
		}
		checkSuffix(t, key, n)
	})
}

// checkSuffix checks what is promised of every suffixed key.
func checkSuffix(t *testing.T, key store.Key, n int) {
	t.Helper()
	got := Suffix(key, n)
	if err := got.Validate(); err != nil {
		t.Fatalf("Suffix(%q, %d) = %q: %v", key, n, got, err)
	}
	last := string(got[strings.LastIndexByte(string(got), '/')+1:])
	if len(last) > MaxName || !utf8.ValidString(last) {
		t.Fatalf("Suffix(%q, %d) = %q, whose name has %d bytes", key, n, got, len(last))
	}
	if n > 0 && got == key || n < 1 && got != key {
		t.Fatalf("Suffix(%q, %d) = %q", key, n, got)
	}
}

func TestSuffix(t *testing.T) {
	long := strings.Repeat("a", MaxName)
	tests := []struct {
		key  string
		n    int
		want string
	}{
		{"a", 1, "a.1"},
		{"a.txt", 2, "a.2.txt"},
		{"a.tar.gz", 1, "a.tar.1.gz"},
		{".hidden", 1, ".hidden.1"},
		{"d.e/a", 1, "d.e/a.1"},
		{"d.e/.a.b", 10, "d.e/.a.10.b"},
		{"a.", 1, "a.1."},
		{"a.txt", 0, "a.txt"},
		{"a.txt", -1, "a.txt"},
		{long, 1, long[:MaxName-2] + ".1"},
		{"d/" + long[:MaxName-4] + ".txt", 12, "d/" + long[:MaxName-7] + ".12.txt"},
		{"a." + long[:MaxName-2], 1, "a." + long[:MaxName-4] + ".1"},
		{strings.Repeat("世", 80), 1, strings.Repeat("世", 79) + ".1"},
	}
	for _, tt := range tests {
		if got := Suffix(store.Key(tt.key), tt.n); string(got) != tt.want {
			t.Errorf("Suffix(%q, %d) = %q, want %q", tt.key, tt.n, got, tt.want)
		}
		checkSuffix(t, store.Key(tt.key), tt.n)
	}
}

func TestSuffixedNamesDiffer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := store.Key(rapid.StringMatching(`[a世.]{1,60}`).Filter(func(s string) bool { return store.Key(s).Validate() == nil }).Draw(t, "key"))
		a, b := rapid.IntRange(0, 12000).Draw(t, "a"), rapid.IntRange(0, 12000).Draw(t, "b")
		if a != b && Suffix(key, a) == Suffix(key, b) {
			t.Fatalf("%q with %d and %d is both %q", key, a, b, Suffix(key, a))
		}
	})
}
