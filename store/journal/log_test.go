package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/seed-9a1263fe/haul/store/vfs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// owner keeps, as its state, the bodies of all records in order.
type owner struct {
	got []string
}

func (o *owner) options() Options {
	return Options{
		Name:    "test",
		Magic:   [4]byte{'T', 'E', 'S', 'T'},
		Restore: o.restore,
		Apply: func(typ uint8, body []byte) error {
			if typ == markType {
				return errors.New("a record of the log's own reached the owner")
			}
			if typ != 1 {
				return ErrUnknownRecord
			}
			o.got = append(o.got, string(body))
			return nil
		},
	}
}

func (o *owner) restore(r io.Reader) error {
	for {
		var n uint32
		if err := binary.Read(r, binary.LittleEndian, &n); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		b := make([]byte, n)
		if _, err := io.ReadFull(r, b); err != nil {
			return err
		}
		o.got = append(o.got, string(b))
	}
}

// snapshot writes what restore reads.
func snapshot(bodies []string) func(io.Writer) error {
	return func(w io.Writer) error {
		for _, s := range bodies {
			b := append(binary.LittleEndian.AppendUint32(nil, uint32(len(s))), s...)
			if _, err := w.Write(b); err != nil {
				return err
			}
		}
		return nil
	}
}

// open opens the log in "log" and returns what it held.
func open(t testing.TB, fsys vfs.FS, change ...func(*Options)) (*Log, []string) {
	t.Helper()
	l, got, err := tryOpen(fsys, change...)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return l, got
}

func tryOpen(fsys vfs.FS, change ...func(*Options)) (*Log, []string, error) {
	var o owner
	opt := o.options()
	for _, c := range change {
		c(&opt)
	}
	l, err := Open(fsys, "log", opt)
	return l, o.got, err
}

// add appends and flushes a record each.
func add(t testing.TB, l *Log, bodies ...string) {
	t.Helper()
	for _, b := range bodies {
		lsn, err := l.Append(1, []byte(b))
		if err != nil {
			t.Fatalf("append %q: %v", b, err)
		}
		if err := l.Flush(lsn); err != nil {
			t.Fatalf("flush %q: %v", b, err)
		}
	}
}

func closeLog(t testing.TB, l *Log) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
}

// words returns n different records.
func words(n int) []string {
	var w []string
	for i := range n {
		w = append(w, fmt.Sprintf("record %d", i))
	}
	return w
}

func realFS(t testing.TB) vfs.FS {
	t.Helper()
	fsys, err := vfs.NewOS(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := fsys.Close(); err != nil {
			t.Error(err)
		}
	})
	return fsys
}

func TestReopenGivesBackWhatWasAppended(t *testing.T) {
	fsys := realFS(t)
	want := words(100)
	for i := 0; i < len(want); i += 10 {
		l, got := open(t, fsys, func(o *Options) { o.SegmentSize = 300 })
		if !slices.Equal(got, want[:i]) {
			t.Fatalf("got %d records %q, want the first %d", len(got), got, i)
		}
		add(t, l, want[i:i+10]...)
		closeLog(t, l)
	}
}

func TestCheckpointReplacesReplay(t *testing.T) {
	fsys := realFS(t)
	want := words(40)
	l, _ := open(t, fsys)
	for i := range 4 {
		add(t, l, want[i*10:i*10+10]...)
		if err := l.Checkpoint(l.Last(), snapshot(want[:i*10+10])); err != nil {
			t.Fatal(err)
		}
		if l.Size() != 0 {
			t.Errorf("size after checkpoint %d, want 0", l.Size())
		}
	}
	closeLog(t, l)
	_, got := open(t, fsys, func(o *Options) {
		o.Apply = func(uint8, []byte) error { return errors.New("nothing is left to apply") }
	})
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	found, err := l.list()
	if err != nil {
		t.Fatal(err)
	}
	if len(found.checkpoints) != 2 || len(found.segments) > 3 {
		t.Errorf("left %+v, want two checkpoints and few segments", found)
	}
}

func TestSegmentsKeepTheirSizeAndEndDurable(t *testing.T) {
	const size = 300
	m := vfs.NewMem()
	l, _ := open(t, m, func(o *Options) { o.SegmentSize = size })
	add(t, l, words(40)...)
	found, err := l.list()
	if err != nil {
		t.Fatal(err)
	}
	for _, number := range found.segments {
		if n := len(content(t, m, l.segment(number))); n > size {
			t.Errorf("segment %d has %d bytes, want at most %d", number, n, size)
		}
	}
	if last := l.seg.lsn - 1; last == 0 || l.Durable() != last {
		t.Errorf("durable up to %d, want %d: all before the segment", l.Durable(), last)
	}
	l.MarkDurable(1000)
	if l.Durable() != l.Last() {
		t.Errorf("durable up to %d, want what was written, %d", l.Durable(), l.Last())
	}
	closeLog(t, l)
}

func TestUnknownRecordsAreSkippedOrRefusedByType(t *testing.T) {
	for _, typ := range []uint8{2, SkippableType - 1, SkippableType, markType - 1} {
		m := vfs.NewMem()
		l, _ := open(t, m)
		if _, err := l.Append(typ, []byte("?")); err != nil {
			t.Fatal(err)
		}
		add(t, l, "known")
		closeLog(t, l)
		_, got, err := tryOpen(m)
		if typ < SkippableType {
			wantErr(t, fmt.Sprint("open with type ", typ), err, ErrUnknownRecord)
		} else if err != nil || !slices.Equal(got, []string{"known"}) {
			t.Errorf("type %d: got %q, %v; want it skipped", typ, got, err)
		}
	}
}

func TestErrorOfTheOwnerEndsOpen(t *testing.T) {
	m := vfs.NewMem()
	l, _ := open(t, m)
	add(t, l, "a")
	if err := l.Checkpoint(1, snapshot([]string{"a"})); err != nil {
		t.Fatal(err)
	}
	add(t, l, "b")
	closeLog(t, l)
	_, _, err := tryOpen(m, func(o *Options) { o.Apply = func(uint8, []byte) error { return errDisk } })
	wantErr(t, "apply", err, errDisk)
	_, _, err = tryOpen(m, func(o *Options) { o.Restore = func(io.Reader) error { return errDisk } })
	wantErr(t, "restore", err, errDisk)
	if _, _, err = tryOpen(m, func(o *Options) { o.Restore = nil }); err == nil {
		t.Error("a checkpoint was passed over because nobody restores it")
	}
	if _, got := open(t, m); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("got %q after the errors", got)
	}
}

func TestRecordsThatNoLogTakesAreRefused(t *testing.T) {
	m := vfs.NewMem()
	l, _ := open(t, m, func(o *Options) { o.MaxRecord = 10 })
	for _, typ := range []uint8{0, markType} {
		_, err := l.Append(typ, nil)
		wantErr(t, fmt.Sprint("type ", typ), err, ErrRecord)
	}
	_, err := l.Append(1, make([]byte, 11))
	wantErr(t, "eleven bytes", err, ErrRecord)
	add(t, l, "", "0123456789")
	closeLog(t, l)
	if _, got := open(t, m); !slices.Equal(got, []string{"", "0123456789"}) {
		t.Errorf("got %q", got)
	}
}

func TestLargestRecordsAreKept(t *testing.T) {
	const largest = maxPayload - recordOverhead
	m := vfs.NewMem()
	big := func(o *Options) { o.MaxRecord = largest }
	l, _ := open(t, m, big)
	want := []string{strings.Repeat("a", largest), "b", strings.Repeat("c", largest), strings.Repeat("d", bufferSize)}
	add(t, l, want...)
	closeLog(t, l)
	if _, got := open(t, m, big); !slices.Equal(got, want) {
		t.Error("the largest records were not kept")
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for what, change := range map[string]func(*Options){
		"no name":           func(o *Options) { o.Name = "" },
		"name with a slash": func(o *Options) { o.Name = "a/b" },
		"no magic":          func(o *Options) { o.Magic = [4]byte{} },
		"no Apply":          func(o *Options) { o.Apply = nil },
		"record too large":  func(o *Options) { o.MaxRecord = maxPayload },
		"segment too small": func(o *Options) { o.SegmentSize = 1 },
	} {
		if _, _, err := tryOpen(vfs.NewMem(), change); err == nil {
			t.Errorf("%s: accepted", what)
		}
	}
}

func TestClosedLogRefuses(t *testing.T) {
	m := vfs.NewMem()
	l, _ := open(t, m)
	if _, err := l.Append(1, []byte("x")); err != nil {
		t.Fatal(err)
	}
	closeLog(t, l)
	closeLog(t, l) // a second one is nothing
	_, err := l.Append(1, nil)
	wantErr(t, "append", err, ErrClosed)
	wantErr(t, "checkpoint", l.Checkpoint(l.Last(), snapshot(nil)), ErrClosed)
	disk := m.CrashClone(rand.New(rand.NewPCG(1, 1)), 0)
	if _, got := open(t, disk); !slices.Equal(got, []string{"x"}) {
		t.Errorf("got %q: Close did not sync", got)
	}
}

func TestFailedCheckpointLeavesTheOldState(t *testing.T) {
	m := vfs.NewMem()
	l, _ := open(t, m)
	add(t, l, "a")
	wantErr(t, "checkpoint", l.Checkpoint(1, func(w io.Writer) error {
		if _, err := w.Write([]byte("half")); err != nil {
			return err
		}
		return errDisk
	}), errDisk)
	wantFiles(t, m, "test-00000001.log")
	if l.Size() == 0 {
		t.Error("the size says that nothing is left to replay")
	}
	if err := l.Checkpoint(1, snapshot([]string{"a"})); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, m, "test-0000000000000001.ckpt", "test-00000001.log", "test-00000002.log")
	if err := l.Checkpoint(1, func(io.Writer) error { return errDisk }); err != nil {
		t.Errorf("a checkpoint of nothing new was written: %v", err)
	}
	closeLog(t, l)
}

func wantFiles(t testing.TB, fsys vfs.FS, want ...string) {
	t.Helper()
	entries, err := fsys.ReadDir("log")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
}

func TestCheckpointKeepsWhatWasAppendedMeanwhile(t *testing.T) {
	m := vfs.NewMem()
	l, _ := open(t, m)
	add(t, l, "a", "b")
	at := l.Last()
	if err := l.Checkpoint(at, func(w io.Writer) error {
		add(t, l, "c")
		return snapshot([]string{"a", "b"})(w)
	}); err != nil {
		t.Fatal(err)
	}
	add(t, l, "d")
	if _, got := open(t, m.KillClone()); !slices.Equal(got, []string{"a", "b", "c", "d"}) {
		t.Errorf("got %q", got)
	}
	closeLog(t, l)
}

func TestOpeningAgainAndAgainLeavesNoFiles(t *testing.T) {
	m := vfs.NewMem()
	for range 10 {
		l, _ := open(t, m)
		closeLog(t, l)
	}
	wantFiles(t, m, "test-00000010.log")
	put(t, m, "log/test.ckpt.tmp", []byte("left by a crash"))
	put(t, m, "log/other-00000001.log", []byte("not ours"))
	l, _ := open(t, m)
	closeLog(t, l)
	wantFiles(t, m, "other-00000001.log", "test-00000011.log")
}

func TestDumpShowsEveryFrame(t *testing.T) {
	m := vfs.NewMem()
	l, _ := open(t, m)
	add(t, l, "a")
	if err := l.Sync(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	for _, b := range []string{"b", "c"} {
		if _, err := l.Append(1, []byte(b)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Flush(l.Last()); err != nil {
		t.Fatal(err)
	}
	var got []string
	show := func(f Frame) error {
		for _, r := range f.Records {
			got = append(got, fmt.Sprintf("%s@%d lsn %d durable %d: %d %d %q", f.File, f.Offset, f.LSN, f.Durable, r.LSN, r.Type, r.Body))
		}
		return nil
	}
	if err := Dump(m, "log", "test", show); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`log/test-00000001.log@64 lsn 1 durable 0: 1 1 "a"`,
		`log/test-00000001.log@91 lsn 2 durable 1: 2 1 "b"`,
		`log/test-00000001.log@91 lsn 2 durable 1: 3 1 "c"`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	b := content(t, m, firstSegment)
	put(t, m, firstSegment, b[:len(b)-1])
	got = nil
	err := Dump(m, "log", "test", show)
	if c, ok := errors.AsType[*CorruptError](err); !ok || c.Offset != 91 || !slices.Equal(got, want[:1]) {
		t.Errorf("torn: got %q, %v", got, err)
	}
	wantErr(t, "dump", Dump(m, "log", "test", func(Frame) error { return errDisk }), errDisk)
	closeLog(t, l)
}

func BenchmarkFlush(b *testing.B) {
	fsys, err := vfs.NewOS(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer fsys.Close()
	l, _ := open(b, fsys)
	body := make([]byte, 150)
	b.ReportAllocs()
	for b.Loop() {
		lsn, err := l.Append(1, body)
		if err == nil {
			err = l.Flush(lsn)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	closeLog(b, l)
}
