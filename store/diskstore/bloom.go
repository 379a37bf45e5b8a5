package diskstore

import (
	"encoding/binary"
	"math/bits"

	"github.com/seed-9a1263fe/haul/store"
)

// bloom is a set of owners that may answer yes wrongly, once in a hundred
// times, and no rightly always. It keeps a look for an object that was never
// published away from the disk, at ten bits for each that was.
type bloom []byte

const (
	bloomBits   = 10 // for each owner
	bloomProbes = 6
)

// bloomSize is the number of bytes for n owners.
func bloomSize(n int64) int64 { return max(8, (n*bloomBits+63)/64*8) }

func newBloom(n int64) bloom { return make(bloom, bloomSize(n)) }

// probe returns the i-th bit of an owner. Owners are hashes as a rule; mixing them
// keeps the set small for those who count instead.
func (b bloom) probe(owner store.Owner, i uint64) (byteAt uint64, mask byte) {
	x := mix(binary.LittleEndian.Uint64(owner[:8]))
	y := mix(binary.LittleEndian.Uint64(owner[8:]) ^ x)
	bit, _ := bits.Mul64(x+i*(y|1), uint64(len(b))*8)
	return bit / 8, 1 << (bit % 8)
}

// mix is the finalizer of splitmix64.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (b bloom) add(owner store.Owner) {
	for i := range uint64(bloomProbes) {
		at, mask := b.probe(owner, i)
		b[at] |= mask
	}
}

// has reports whether the owner may be in the set.
func (b bloom) has(owner store.Owner) bool {
	for i := range uint64(bloomProbes) {
		at, mask := b.probe(owner, i)
		if b[at]&mask == 0 {
			return false
		}
	}
	return true
}
