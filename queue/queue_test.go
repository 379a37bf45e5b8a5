package queue_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/seed-9a1263fe/haul/queue"
)

func TestIDIsParsedAsItIsWritten(t *testing.T) {
	id := queue.ID{0, 1, 2, 0xfe, 0xff, 15: 9}
	const want = "000102feff0000000000000000000009"
	if got := id.String(); got != want {
		t.Errorf("String: got %q, want %q", got, want)
	}
	got, err := queue.ParseID(want)
	if err != nil || got != id {
		t.Errorf("ParseID: got %v, %v; want %v", got, err, id)
	}
}

func TestParseIDRefusesWhatIsNoID(t *testing.T) {
	for _, s := range []string{
		"",
		"00",
		strings.Repeat("0", 31),
		strings.Repeat("0", 33),
		strings.Repeat("0", 31) + "g",
		" " + strings.Repeat("0", 31),
	} {
		if id, err := queue.ParseID(s); err == nil || id != (queue.ID{}) {
			t.Errorf("ParseID(%q): got %v, %v; want the zero ID and an error", s, id, err)
		}
	}
}

func TestOnlyTheZeroIDIsZero(t *testing.T) {
	if !(queue.ID{}).IsZero() {
		t.Error("the zero ID is not zero")
	}
	for i := range len(queue.ID{}) {
		var id queue.ID
		id[i] = 1
		if id.IsZero() {
			t.Errorf("%v is zero", id)
		}
	}
}

func FuzzParseID(f *testing.F) {
	f.Add("000102feff0000000000000000000009")
	f.Add("000102FEFF0000000000000000000009")
	f.Add("x")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := queue.ParseID(s)
		if err != nil {
			return
		}
		if got := id.String(); !strings.EqualFold(got, s) {
			t.Errorf("ParseID(%q) is written %q", s, got)
		}
		again, err := queue.ParseID(id.String())
		if err != nil || !bytes.Equal(again[:], id[:]) {
			t.Errorf("ParseID(%q): got %v, %v; want %v", id, again, err, id)
		}
	})
}
