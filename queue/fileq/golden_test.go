package fileq_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/queue/fileq"
	"github.com/seed-9a1263fe/haul/store/vfs"
)

// golden is a directory that the first version of the format wrote. Every later
// version must read it. HAUL_GOLDEN=1 writes it anew, which is only right when
// no released version has written the old one.
const golden = "testdata/golden-v1"

// goldenList is what the golden directory's list holds.
func goldenList() fileq.List {
	return textList("urls.txt", text(append(urls(0, 30), urls(0, 3)...)...), 1)
}

func writeGolden(t *testing.T) {
	ok(t, os.RemoveAll(golden))
	ok(t, os.MkdirAll(golden, 0o755))
	fs, err := vfs.NewOS(golden)
	ok(t, err)
	defer fs.Close()
	first := open(t, fs, fileq.Small(fileq.Config{}))
	_, err = first.Put(t.Context(), texts(urls(200, 205))) // which becomes history
	ok(t, err)
	take(t, first, 5)
	ok(t, first.Close())
	session(t, fs, fileq.Config{Resume: true}, goldenList(), func(q *fileq.Queue) {
		take(t, q, 10)
		for _, kind := range []string{"dns", "tls"} {
			l, text := next(t, q)
			ok(t, l.Drop(t.Context(), queue.Reason{Kind: kind, Text: "why " + text}))
		}
		_, err := q.Put(t.Context(), texts(urls(100, 130)))
		ok(t, err)
	})
	// And a run that did not end well: its journal has no checkpoint behind it.
	q := open(t, fs, fileq.Small(fileq.Config{Resume: true}))
	addList(t, q, goldenList())
	take(t, q, 5)
	l, text := next(t, q)
	ok(t, l.Drop(t.Context(), queue.Reason{Kind: "dns", Text: "why " + text}))
	copyDir(t, filepath.Join(golden, dir), golden+"-killed")
	ok(t, q.Close())
	ok(t, os.RemoveAll(golden))
	copyDir(t, golden+"-killed", filepath.Join(golden, dir))
	ok(t, os.RemoveAll(golden+"-killed"))
}

func copyDir(t *testing.T, from, to string) {
	t.Helper()
	ok(t, os.CopyFS(to, os.DirFS(from)))
}

func TestFirstVersionOfTheFormatIsRead(t *testing.T) {
	if os.Getenv("HAUL_GOLDEN") != "" {
		writeGolden(t)
	}
	copied := t.TempDir()
	copyDir(t, golden, filepath.Join(copied, "golden"))
	fs, err := vfs.NewOS(filepath.Join(copied, "golden"))
	ok(t, err)
	defer fs.Close()

	r, err := fileq.Inspect(fs, dir)
	ok(t, err)
	if r.Done != 15 || r.Past != 5 || r.Failed != 1 || r.Kinds["dns"] != 1 || len(r.Failures) != 1 || r.Failures[0].Reason.Text != "why "+urls(15, 16)[0] {
		t.Errorf("Inspect: got %+v, want 15 done, 5 in the past and one failed", r)
	}
	q := open(t, fs, fileq.Config{Resume: true})
	addList(t, q, goldenList())
	_, err = q.Put(t.Context(), texts(urls(200, 206)))
	ok(t, err)
	got := drain(t, q)
	slices.Sort(got)
	want := slices.Concat(urls(15, 30), urls(100, 130), urls(205, 206))
	slices.Sort(want)
	wantTexts(t, "golden directory", got, want)
	ok(t, q.Close())
}
