package journal

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/seed-9a1263fe/haul/store/vfs"
)

// testHeader is the header of a segment whose bytes are always the same.
func testHeader(k kind, lsn LSN) header {
	return header{magic: [4]byte{'T', 'E', 'S', 'T'}, kind: k, number: 1, log: [16]byte{1, 2, 3}, lsn: lsn, created: 1}
}

// testFrame is a whole frame.
func testFrame(lsn, durable LSN, bodies ...string) []byte {
	b := make([]byte, frameHeader)
	for _, body := range bodies {
		b = appendRecord(b, 1, []byte(body))
	}
	putFrame(b, testHeader(kindSegment, 1).seed(), lsn, durable)
	return b
}

// FuzzOpen gives Open a first segment with any bytes behind its header. It must
// refuse them or find records, and find the same ones again.
func FuzzOpen(f *testing.F) {
	one, two := testFrame(1, 0, "one"), testFrame(2, 1, "two", "three")
	f.Add([]byte{})
	f.Add(slices.Concat(one, two))
	f.Add(slices.Concat(one, two[:len(two)-1]))
	f.Add(slices.Concat(one[:len(one)-1], []byte{'E'}, two))
	f.Add(bytes.Repeat([]byte{0}, 100))
	f.Add(bytes.Repeat([]byte{0xff}, 100))
	f.Fuzz(func(t *testing.T, tail []byte) {
		m := vfs.NewMem()
		if err := m.MkdirAll("log"); err != nil {
			t.Fatal(err)
		}
		put(t, m, firstSegment, append(testHeader(kindSegment, 1).encode(), tail...))
		l, got, err := tryOpen(m)
		if err != nil {
			if _, ok := errors.AsType[*CorruptError](err); !ok && !errors.Is(err, ErrUnknownRecord) {
				t.Fatalf("refused without a reason: %v", err)
			}
			return
		}
		add(t, l, "after")
		if err := l.Sync(t.Context(), l.Last()); err != nil {
			t.Fatal(err)
		}
		l, again, err := tryOpen(m.CrashClone(newTrial(1, asIs).rng, 0.5))
		if want := append(got, "after"); err != nil || !slices.Equal(again, want) {
			t.Fatalf("got %q, %v the second time, want %q", again, err, want)
		}
		closeLog(t, l)
	})
}

// FuzzScan reads any bytes as frames, with a right checksum on the first one,
// so that what lies behind the checksum is reached too.
func FuzzScan(f *testing.F) {
	f.Add(testFrame(1, 0, "one"), uint64(1))
	f.Add(testFrame(9, 4, "one", ""), uint64(9))
	f.Add([]byte{}, uint64(0))
	f.Fuzz(func(t *testing.T, b []byte, lsn uint64) {
		if len(b) > frameHeader {
			putFrame(b, testHeader(kindSegment, 1).seed(), LSN(lsn), LSN(lsn/2))
		}
		m := vfs.NewMem()
		put(t, m, "test-00000001.log", append(testHeader(kindSegment, LSN(lsn)).encode(), b...))
		seg, err := place{m, ".", "test"}.openSegment(1, vfs.ReadOnly)
		if errors.Is(err, errTorn) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		for s := newScanner(seg); ; {
			off, next := s.off, s.next
			fr, payload, err := s.frame()
			if err == io.EOF {
				break
			}
			if err != nil {
				if _, ok := errors.AsType[*CorruptError](err); !ok {
					t.Fatal(err)
				}
				if _, err := s.claimed(); err != nil {
					t.Fatal(err)
				}
				break
			}
			records, err := recordsOf(fr, payload)
			if err != nil || len(records) == 0 || s.next != next+LSN(len(records)) || s.off <= off {
				t.Fatalf("frame at %d: %d records, %v; went on at %d with record %d", off, len(records), err, s.off, s.next)
			}
		}
		if err := seg.f.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzCheckpoint opens any bytes as a checkpoint. It must not give the owner
// anything but what writeCheckpointTo has written.
func FuzzCheckpoint(f *testing.F) {
	h := testHeader(kindCheckpoint, 1)
	m := vfs.NewMem()
	file, err := m.OpenFile("f", vfs.ReadWrite|vfs.Create)
	if err != nil {
		f.Fatal(err)
	}
	if err := writeCheckpointTo(file, h, snapshot([]string{"state"})); err != nil {
		f.Fatal(err)
	}
	good := content(f, m, "f")
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add(h.encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		m := vfs.NewMem()
		p := place{m, ".", "test"}
		put(t, m, p.checkpoint(1), b)
		c, err := p.openCheckpoint(1, h.magic, h.log)
		if err != nil {
			return
		}
		body, err := io.ReadAll(c.body())
		if err != nil {
			t.Fatal(err)
		}
		again := vfs.NewMem()
		file, err := again.OpenFile("f", vfs.ReadWrite|vfs.Create)
		if err != nil {
			t.Fatal(err)
		}
		got, err := readHeader(c.f, "f")
		if err != nil {
			t.Fatal(err)
		}
		err = writeCheckpointTo(file, got, func(w io.Writer) error {
			_, err := w.Write(body)
			return err
		})
		if err != nil || !bytes.Equal(content(t, again, "f"), b) {
			t.Fatalf("a checkpoint that nobody wrote was accepted: %x, %v", b, err)
		}
		if err := c.f.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
