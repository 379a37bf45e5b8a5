package fileq

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"

	"github.com/seed-9a1263fe/haul/queue"
)

// idSet is a set of job IDs at about 11 bytes each. It does not hold the IDs,
// but 12 bits of each (by the shard that it is in) and a 64-bit hash of all of
// it under a key that nobody knows.
//
// So a new ID may be taken for one that is there: by accident, once in 2^76 for
// each pair of IDs, which is one list of 100 million lines in 15 million. Nor can
// it be brought about: whoever chooses URLs can aim at the 12 bits, not at a hash
// whose key is made anew in each process. Comparing in full would need the
// ID of every job in memory, or a read of the disk for each repeated line.
type idSet struct {
	seed   maphash.Seed
	shards [1 << shardBits]shard
	n      int64
}

const shardBits = 12

// shard is an open-addressing table with linear probing. Slots hold hashes; 0
// is an empty slot.
type shard struct {
	slots []uint64
	n     uint32
}

func newIDSet() *idSet { return &idSet{seed: maphash.MakeSeed()} }

// add puts id into the set and reports whether it was not there.
func (s *idSet) add(id queue.ID) bool {
	sh, h := s.find(id)
	if !sh.add(h) {
		return false
	}
	s.n++
	return true
}

func (s *idSet) has(id queue.ID) bool {
	sh, h := s.find(id)
	return len(sh.slots) > 0 && sh.slots[sh.slot(h)] == h
}

func (s *idSet) find(id queue.ID) (*shard, uint64) {
	h := maphash.Bytes(s.seed, id[:])
	return &s.shards[binary.LittleEndian.Uint16(id[:])>>(16-shardBits)], max(h, 1)
}

// slot is where h is, or where it would go.
func (sh *shard) slot(h uint64) int {
	home, _ := bits.Mul64(h, uint64(len(sh.slots)))
	i := int(home)
	for sh.slots[i] != 0 && sh.slots[i] != h {
		if i++; i == len(sh.slots) {
			i = 0
		}
	}
	return i
}

func (sh *shard) add(h uint64) bool {
	// Four fifths full is where probing begins to cost; growing by a quarter
	// only keeps the table between 64 and 80 percent full. It is never full: a
	// search ends at an empty slot.
	if int(sh.n+1)*5 > len(sh.slots)*4 {
		sh.grow()
	}
	i := sh.slot(h)
	if sh.slots[i] == h {
		return false
	}
	sh.slots[i] = h
	sh.n++
	return true
}

func (sh *shard) grow() {
	old := sh.slots
	sh.slots = make([]uint64, len(old)+len(old)/4+4)
	for _, h := range old {
		if h != 0 {
			sh.slots[sh.slot(h)] = h
		}
	}
}
