package diskstore

import "hash/crc32"

// castagnoli is CRC-32C (RFC 3720 section 12.1), which processors compute
// faster than memory delivers.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(p []byte) uint32 { return crc32.Checksum(p, castagnoli) }

// poly is the Castagnoli polynomial, reflected, as crc32 has it: bit 31 is x⁰.
const poly = crc32.Castagnoli

// shifts[i] is x to the power 2^i modulo poly. A step over n bytes is a product
// of some of them.
var shifts = func() (t [64]uint32) {
	t[0] = 1 << 30 // x¹
	for i := 1; i < len(t); i++ {
		t[i] = multiply(t[i-1], t[i-1])
	}
	return t
}()

// multiply returns a·b modulo poly.
func multiply(a, b uint32) uint32 {
	var p uint32
	for m := uint32(1) << 31; m != 0; m >>= 1 {
		if a&m != 0 {
			p ^= b
		}
		if b&1 != 0 {
			b = b>>1 ^ poly
		} else {
			b >>= 1
		}
	}
	return p
}

// combine returns the checksum of two runs of bytes, one after the other, of
// which the second is n bytes long.
func combine(first, second uint32, n int64) uint32 {
	shift := uint32(1) << 31 // x⁰
	for i, bits := 3, uint64(n); bits != 0; i, bits = i+1, bits>>1 {
		if bits&1 != 0 {
			shift = multiply(shifts[i%len(shifts)], shift)
		}
	}
	return multiply(shift, first) ^ second
}

// update returns the checksum of bytes whose checksum is sum, and p behind them.
func update(sum uint32, p []byte) uint32 { return crc32.Update(sum, castagnoli, p) }
