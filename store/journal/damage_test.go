package journal

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/seed-9a1263fe/haul/store/vfs"
)

// content reads a whole file.
func content(t testing.TB, fsys vfs.FS, name string) []byte {
	t.Helper()
	f, err := fsys.OpenFile(name, vfs.ReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	n, err := f.Size()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, n)
	if err := readFull(f, b, 0); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return b
}

// put makes a file hold b.
func put(t testing.TB, fsys vfs.FS, name string, b []byte) {
	t.Helper()
	f, err := fsys.OpenFile(name, vfs.ReadWrite|vfs.Create|vfs.Trunc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(b, 0); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// copyOf returns a file system with the same files in "log".
func copyOf(t testing.TB, fsys vfs.FS) *vfs.Mem {
	t.Helper()
	m := vfs.NewMem()
	if err := m.MkdirAll("log"); err != nil {
		t.Fatal(err)
	}
	entries, err := fsys.ReadDir("log")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		put(t, m, "log/"+e.Name(), content(t, fsys, "log/"+e.Name()))
	}
	return m
}

const firstSegment = "log/test-00000001.log"

// ends returns, for the log in fsys, where the frames of the first segment end
// and how many records there are up to each.
func ends(t testing.TB, fsys vfs.FS) (offsets []int64, records []int) {
	t.Helper()
	n := 0
	err := Dump(fsys, "log", "test", func(f Frame) error {
		if f.File != firstSegment {
			return nil
		}
		for _, r := range f.Records {
			if r.Type != markType {
				n++
			}
		}
		offsets, records = append(offsets, f.Offset), append(records, n)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	offsets = append(offsets[1:], int64(len(content(t, fsys, firstSegment))))
	return offsets, records
}

func TestCutAtEveryByteKeepsTheWholeFrames(t *testing.T) {
	fsys := vfs.NewMem()
	l, _ := open(t, fsys)
	want := words(8)
	add(t, l, want...)
	whole := content(t, fsys, firstSegment)
	offsets, records := ends(t, fsys)
	for cut := range len(whole) + 1 {
		m := copyOf(t, fsys)
		put(t, m, firstSegment, whole[:cut])
		n := 0
		for i, off := range offsets {
			if int64(cut) >= off {
				n = records[i]
			}
		}
		l, got := open(t, m)
		if !slices.Equal(got, want[:n]) {
			t.Fatalf("cut at %d: got %q, want the first %d", cut, got, n)
		}
		add(t, l, "after")
		closeLog(t, l)
		if _, got := open(t, m); !slices.Equal(got, append(slices.Clone(want[:n]), "after")) {
			t.Fatalf("cut at %d and gone on: got %q", cut, got)
		}
	}
	closeLog(t, l)
}

// flips calls fn for the log in fsys with each bit of a file changed in turn.
func flips(t *testing.T, fsys vfs.FS, name string, fn func(m *vfs.Mem, off int64)) {
	whole := content(t, fsys, name)
	for bit := range len(whole) * 8 {
		bad := bytes.Clone(whole)
		bad[bit/8] ^= 1 << (bit % 8)
		m := copyOf(t, fsys)
		put(t, m, name, bad)
		fn(m, int64(bit/8))
	}
}

func TestFlippedBitNeverLosesWhatWasDurable(t *testing.T) {
	fsys := vfs.NewMem()
	l, _ := open(t, fsys)
	want := words(6)
	add(t, l, want[:3]...)
	if err := l.Sync(context.Background(), l.Last()); err != nil {
		t.Fatal(err)
	}
	add(t, l, want[3:]...) // whose frames say that the first three are durable
	offsets, records := ends(t, fsys)
	refused, cut := 0, 0
	flips(t, fsys, firstSegment, func(m *vfs.Mem, off int64) {
		before := content(t, m, firstSegment)
		_, got, err := tryOpen(m)
		if err != nil {
			refused++
			if !bytes.Equal(before, content(t, m, firstSegment)) {
				t.Fatalf("byte %d: the refused file was changed", off)
			}
			wantDamage(t, err, off)
			return
		}
		cut++
		frame, _ := slices.BinarySearch(offsets, off+1)
		if frame == 0 || !slices.Equal(got, want[:records[frame-1]]) || len(got) < 3 {
			t.Fatalf("byte %d: got %q", off, got)
		}
	})
	if refused == 0 || cut == 0 {
		t.Errorf("%d refused and %d cut; want some of each", refused, cut)
	}
	closeLog(t, l)
}

// wantDamage wants an error that names the first segment.
func wantDamage(t *testing.T, err error, off int64) {
	t.Helper()
	corrupt, ok := errors.AsType[*CorruptError](err)
	newer, isNewer := errors.AsType[*VersionError](err)
	if ok && corrupt.File == firstSegment && corrupt.Offset <= off {
		return
	}
	if isNewer && newer.File == firstSegment && (off == 4 || off == 5) {
		return
	}
	t.Fatalf("byte %d: error %v does not name the place", off, err)
}

func TestFlippedBitAfterACleanEndIsAlwaysFound(t *testing.T) {
	fsys := vfs.NewMem()
	l, _ := open(t, fsys)
	want := words(5)
	add(t, l, want...)
	closeLog(t, l)
	offsets, _ := ends(t, fsys)
	mark := offsets[len(offsets)-2]
	flips(t, fsys, firstSegment, func(m *vfs.Mem, off int64) {
		_, got, err := tryOpen(m)
		switch {
		case off < mark && err == nil:
			t.Fatalf("byte %d: damage was not found, got %q", off, got)
		case off >= mark && (err != nil || !slices.Equal(got, want)):
			t.Fatalf("byte %d of the last mark: got %q, %v", off, got, err)
		}
	})
}

func TestFlippedBitInOlderSegmentIsFound(t *testing.T) {
	fsys := vfs.NewMem()
	for _, w := range words(2) { // a segment each
		l, _ := open(t, fsys)
		add(t, l, w)
		if err := l.Sync(context.Background(), l.Last()); err != nil {
			t.Fatal(err)
		}
	}
	flips(t, fsys, firstSegment, func(m *vfs.Mem, off int64) {
		if _, got, err := tryOpen(m); err == nil {
			t.Fatalf("byte %d: damage was not found, got %q", off, got)
		}
	})
}

func TestMissingSegmentIsFound(t *testing.T) {
	fsys := vfs.NewMem()
	for _, w := range words(3) {
		l, _ := open(t, fsys)
		add(t, l, w)
		closeLog(t, l)
	}
	for number := range uint64(2) {
		m := copyOf(t, fsys)
		if err := m.Remove(place{m, "log", "test"}.segment(number + 1)); err != nil {
			t.Fatal(err)
		}
		_, _, err := tryOpen(m)
		if _, ok := errors.AsType[*CorruptError](err); !ok {
			t.Errorf("without segment %d: got %v, want a CorruptError", number+1, err)
		}
	}
}

func TestBadCheckpointFallsBackToTheOneBefore(t *testing.T) {
	fsys := vfs.NewMem()
	l, _ := open(t, fsys)
	want := words(12)
	for i := 0; i < len(want); i += 4 {
		add(t, l, want[i:i+4]...)
		if i == 8 {
			break // some records are after the last checkpoint
		}
		if err := l.Checkpoint(l.Last(), snapshot(want[:i+4])); err != nil {
			t.Fatal(err)
		}
	}
	closeLog(t, l)
	newest := place{fsys, "log", "test"}.checkpoint(8)
	flips(t, fsys, newest, func(m *vfs.Mem, off int64) {
		_, got, err := tryOpen(m)
		if _, newer := errors.AsType[*VersionError](err); newer && (off == 4 || off == 5) {
			return
		}
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("byte %d: got %q, %v; want all", off, got, err)
		}
	})
	whole := content(t, fsys, newest)
	for cut := range len(whole) {
		m := copyOf(t, fsys)
		put(t, m, newest, whole[:cut])
		if _, got, err := tryOpen(m); err != nil || !slices.Equal(got, want) {
			t.Fatalf("cut at %d: got %q, %v; want all", cut, got, err)
		}
	}
}

func TestCheckpointsWithoutSegmentsAreRefused(t *testing.T) {
	fsys := vfs.NewMem()
	l, _ := open(t, fsys)
	add(t, l, "x")
	if err := l.Checkpoint(l.Last(), snapshot([]string{"x"})); err != nil {
		t.Fatal(err)
	}
	closeLog(t, l)
	entries, err := fsys.ReadDir("log")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".log") {
			if err := fsys.Remove("log/" + e.Name()); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, _, err = tryOpen(fsys)
	if _, ok := errors.AsType[*CorruptError](err); !ok {
		t.Errorf("got %v, want a CorruptError", err)
	}
}

func TestForeignFilesAreRefused(t *testing.T) {
	fsys, other := vfs.NewMem(), vfs.NewMem()
	for _, m := range []vfs.FS{fsys, other} {
		l, _ := open(t, m)
		add(t, l, "x")
		closeLog(t, l)
	}
	_, _, err := tryOpen(fsys, func(o *Options) { o.Magic = [4]byte{'E', 'L', 'S', 'E'} })
	if c, ok := errors.AsType[*CorruptError](err); !ok || c.Offset != 0 {
		t.Errorf("other magic: got %v, want a CorruptError at 0", err)
	}
	put(t, fsys, "log/test-00000009.log", content(t, fsys, firstSegment))
	_, _, err = tryOpen(fsys)
	if c, ok := errors.AsType[*CorruptError](err); !ok || c.Offset != 6 {
		t.Errorf("segment under another number: got %v, want a CorruptError at 6", err)
	}
	if err := fsys.Remove("log/test-00000009.log"); err != nil {
		t.Fatal(err)
	}
	l, _ := open(t, other)
	add(t, l, "y")
	closeLog(t, l)
	second := place{other, "log", "test"}.segment(2)
	put(t, fsys, second, content(t, other, second))
	_, _, err = tryOpen(fsys)
	if c, ok := errors.AsType[*CorruptError](err); !ok || c.File != second {
		t.Errorf("segment of another log: got %v, want a CorruptError that names it", err)
	}
}

func TestNewerFormatIsRefusedByName(t *testing.T) {
	fsys := vfs.NewMem()
	l, _ := open(t, fsys)
	add(t, l, "x")
	closeLog(t, l)
	b := content(t, fsys, firstSegment)
	b[4] = version + 1
	clear(b[60:64]) // what a newer format means by this is unknown
	put(t, fsys, firstSegment, b)
	_, _, err := tryOpen(fsys)
	if v, ok := errors.AsType[*VersionError](err); !ok || v.File != firstSegment || v.Version != version+1 {
		t.Errorf("got %v, want a VersionError", err)
	}
}

// TestMarkFarBehindTheDamageIsFound puts the frame that tells damage from a torn
// end before, across and behind the border of the windows in which it is looked
// for. With a shift of 21 it begins on the border.
func TestMarkFarBehindTheDamageIsFound(t *testing.T) {
	h := testHeader(kindSegment, 1)
	for _, shift := range []int{-2, 20, 21} {
		first := testFrame(1, 0, "one")
		large := testFrame(2, 0, strings.Repeat("x", scanWindow-frameHeader-len(first)-frameHeader+shift))
		first[frameHeader] ^= 1
		m := vfs.NewMem()
		if err := m.MkdirAll("log"); err != nil {
			t.Fatal(err)
		}
		put(t, m, firstSegment, slices.Concat(h.encode(), first, large, testFrame(3, 1, "three")))
		_, _, err := tryOpen(m)
		if c, ok := errors.AsType[*CorruptError](err); !ok || c.Offset != headerSize {
			t.Fatalf("shift %d: got %v, want a CorruptError at the first frame", shift, err)
		}
		if shift != 21 {
			continue
		}
		put(t, m, firstSegment, slices.Concat(h.encode(), first, large, testFrame(3, 0, "three")))
		if _, got := open(t, m); len(got) != 0 {
			t.Fatalf("shift %d: got %q behind a torn frame", shift, got)
		}
	}
}

func TestCheckpointOfAnotherLogIsNotTaken(t *testing.T) {
	fsys, other := vfs.NewMem(), vfs.NewMem()
	for m, body := range map[*vfs.Mem]string{fsys: "mine", other: "theirs"} {
		l, _ := open(t, m)
		add(t, l, body)
		if err := l.Checkpoint(1, snapshot([]string{body})); err != nil {
			t.Fatal(err)
		}
		closeLog(t, l)
	}
	name := place{fsys, "log", "test"}.checkpoint(1)
	put(t, fsys, name, content(t, other, name))
	if _, got := open(t, fsys); !slices.Equal(got, []string{"mine"}) {
		t.Errorf("got %q, want what the segments say", got)
	}
}

// TestDamageBelowACheckpointIsRefused is for a crash right after a checkpoint:
// the records that it contains stand in the last segment, and were durable.
func TestDamageBelowACheckpointIsRefused(t *testing.T) {
	fsys := vfs.NewMem()
	l, _ := open(t, fsys)
	want := words(3)
	add(t, l, want...)
	if err := l.Checkpoint(3, snapshot(want)); err != nil {
		t.Fatal(err)
	}
	if err := fsys.Remove("log/test-00000002.log"); err != nil {
		t.Fatal(err)
	}
	whole := content(t, fsys, firstSegment)
	for cut := headerSize; cut < len(whole); cut++ {
		m := copyOf(t, fsys)
		put(t, m, firstSegment, whole[:cut])
		_, got, err := tryOpen(m)
		if _, ok := errors.AsType[*CorruptError](err); !ok {
			t.Fatalf("cut at %d: got %q, %v; want a CorruptError", cut, got, err)
		}
		if !bytes.Equal(content(t, m, firstSegment), whole[:cut]) {
			t.Fatalf("cut at %d: the refused file was changed", cut)
		}
	}
	if _, got := open(t, fsys); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestFramesOutOfPlaceAreNoFrames is about frames with a right checksum.
func TestFramesOutOfPlaceAreNoFrames(t *testing.T) {
	one := testFrame(1, 0, "one")
	for what, tail := range map[string][]byte{
		"a record too far":         slices.Concat(one, testFrame(3, 0, "three")),
		"a record again":           slices.Concat(one, testFrame(1, 0, "again")),
		"a mark of its own record": slices.Concat(one, testFrame(2, 2, "two")),
	} {
		m := vfs.NewMem()
		if err := m.MkdirAll("log"); err != nil {
			t.Fatal(err)
		}
		put(t, m, firstSegment, append(testHeader(kindSegment, 1).encode(), tail...))
		l, got, err := tryOpen(m)
		if err == nil {
			closeLog(t, l)
		}
		if _, corrupt := errors.AsType[*CorruptError](err); !corrupt && !slices.Equal(got, []string{"one"}) {
			t.Errorf("%s: got %q, %v; want it refused or cut off", what, got, err)
		}
	}
}
