package diskstore

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-9a1263fe/haul/store"
)

func TestCombinedChecksumIsThatOfTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SliceOf(rapid.Byte()).Draw(t, "first")
		b := rapid.SliceOf(rapid.Byte()).Draw(t, "second")
		want := checksum(append(append([]byte(nil), a...), b...))
		if got := combine(checksum(a), checksum(b), int64(len(b))); got != want {
			t.Fatalf("got %08x, want %08x", got, want)
		}
	})
}

func TestCombineWorksForLengthsThatNobodyReads(t *testing.T) {
	// Over n zeros the second time is over 2n at once.
	const n = 1 << 40
	zeros := func(count int64) uint32 {
		sum, unit := uint32(0), checksum([]byte{0})
		width := int64(1)
		for sum = 0; count > 0; count >>= 1 {
			if count&1 != 0 {
				sum = combine(sum, unit, width)
			}
			unit = combine(unit, unit, width)
			width *= 2
		}
		return sum
	}
	if got, want := combine(zeros(n), zeros(n), n), zeros(2*n); got != want {
		t.Errorf("got %08x, want %08x", got, want)
	}
}

// pieceModel is what a set of pieces is about, byte by byte: when each was
// written, 0 for never.
type pieceModel [80]byte

func TestPiecesRememberWhatWasWrittenLast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var ps pieces
		var file, there pieceModel
		for i := range rapid.IntRange(1, 25).Draw(t, "steps") {
			off := rapid.IntRange(0, 79).Draw(t, "from")
			end := rapid.IntRange(off+1, 80).Draw(t, "to")
			r := store.Range{Off: int64(off), End: int64(end)}
			switch rapid.SampledFrom([]string{"put", "put", "cut", "merge"}).Draw(t, "step") {
			case "put":
				for j := off; j < end; j++ {
					file[j], there[j] = byte(i+1), 1
				}
				ps.put(piece{Range: r, crc: checksum(file[off:end]), known: true})
			case "cut":
				clear(there[off:end])
				ps.cut(r)
			case "merge":
				ps.merge(func(a, b piece) bool { return a.known == b.known })
			}
		}
		checkPieces(t, ps, file, there)
		off := rapid.IntRange(0, 79).Draw(t, "look from")
		r := store.Range{Off: int64(off), End: int64(rapid.IntRange(off+1, 80).Draw(t, "look to"))}
		checkPieces(t, ps.clip(r), file, masked(there, r))
		checkGap(t, ps, there, r)
	})
}

func masked(there pieceModel, r store.Range) pieceModel {
	var m pieceModel
	copy(m[r.Off:r.End], there[r.Off:r.End])
	return m
}

// checkPieces compares pieces with the model: order, bytes, and every checksum
// that is said to be known.
func checkPieces(t *rapid.T, ps pieces, file, there pieceModel) {
	var got pieceModel
	last := int64(0)
	for _, p := range ps {
		if p.Off < last || !p.Valid() {
			t.Fatalf("pieces out of order: %v", ps)
		}
		last = p.End
		for i := p.Off; i < p.End; i++ {
			got[i] = 1
		}
		if p.known && p.crc != checksum(file[p.Off:p.End]) {
			t.Fatalf("%v: checksum of other bytes", p.Range)
		}
	}
	if got != there {
		t.Fatalf("bytes: got %v, want %v", got, there)
	}
}

func checkGap(t *rapid.T, ps pieces, there pieceModel, r store.Range) {
	want := store.Range{}
	for i := r.Off; i < r.End; i++ {
		if there[i] == 1 {
			continue
		}
		want = store.Range{Off: i, End: i}
		for ; want.End < r.End && there[want.End] == 0; want.End++ {
		}
		break
	}
	if got := ps.gap(r); got != want {
		t.Fatalf("gap of %v: got %v, want %v", r, got, want)
	}
}
