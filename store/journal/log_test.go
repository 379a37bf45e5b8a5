package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
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
