package journal

import (
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/seed-9a1263fe/haul/store/vfs"
)

var update = flag.Bool("update", false, "write the golden logs anew; for a new format only, under a new name")

// goldenState is what every golden log holds.
var goldenState = []string{"one", "two", "", "four", "five", "six"}

// writeGolden makes a log with everything in it that the format has: two
// checkpoints, records before and behind them, one of a type to be skipped, an
// ended segment and one that a kill has torn.
func writeGolden(t *testing.T, dir string) {
	t.Helper()
	m := vfs.NewMem()
	l, _ := open(t, m)
	add(t, l, goldenState[0])
	if err := l.Checkpoint(l.Last(), snapshot(goldenState[:1])); err != nil {
		t.Fatal(err)
	}
	add(t, l, goldenState[1], goldenState[2])
	if err := l.Checkpoint(l.Last(), snapshot(goldenState[:3])); err != nil {
		t.Fatal(err)
	}
	add(t, l, goldenState[3])
	closeLog(t, l)
	l, _ = open(t, m)
	for _, typ := range []uint8{1, 200} {
		if _, err := l.Append(typ, []byte(goldenState[4])); err != nil {
			t.Fatal(err)
		}
	}
	add(t, l, goldenState[5], "torn")
	entries, err := m.ReadDir("log")
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range entries {
		b := content(t, m, "log/"+e.Name())
		if i == len(entries)-1 {
			b = b[:len(b)-1]
		}
		if err := os.WriteFile(filepath.Join(dir, e.Name()), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	closeLog(t, l)
}

func TestGoldenLogsOfEveryVersionAreRead(t *testing.T) {
	if *update {
		writeGolden(t, "testdata/v1")
	}
	dirs, err := filepath.Glob("testdata/v*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("golden logs: %v, %v", dirs, err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			m := vfs.NewMem()
			if err := m.MkdirAll("log"); err != nil {
				t.Fatal(err)
			}
			files, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				b, err := os.ReadFile(filepath.Join(dir, f.Name()))
				if err != nil {
					t.Fatal(err)
				}
				put(t, m, "log/"+f.Name(), b)
			}
			l, got := open(t, m)
			if !slices.Equal(got, goldenState) {
				t.Errorf("got %q, want %q", got, goldenState)
			}
			closeLog(t, l)
		})
	}
}

// TestBytesStayAsFORMATHasThem holds the writer to the pictures in FORMAT.md.
func TestBytesStayAsFORMATHasThem(t *testing.T) {
	h := header{magic: [4]byte{'T', 'E', 'S', 'T'}, kind: kindSegment, number: 7, log: [16]byte{0: 0xaa, 15: 0xbb}, lsn: 5, created: 0x0102}
	frame := appendRecord(make([]byte, frameHeader), 1, []byte("hi"))
	frame = appendRecord(frame, markType, nil)
	putFrame(frame, h.seed(), 5, 3)
	for what, c := range map[string]struct{ got, want string }{
		"header": {hex.EncodeToString(h.encode()), "" +
			"54455354" + "0100" + "0100" + "0700000000000000" +
			"aa0000000000000000000000000000bb" +
			"0500000000000000" + "0201000000000000" +
			"000000000000000000000000" + "8c1cfb20"},
		"frame": {hex.EncodeToString(frame), "" +
			"06000000" + "0500000000000000" + "0300000000000000" + "9e734e5f" +
			"03016869" + "01ff"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got  %s\nwant %s", what, c.got, c.want)
		}
	}
}
