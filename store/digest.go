package store

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"hash/adler32"
	"hash/crc32"
	"slices"
	"strings"
)

// ErrDigest is wrapped by every error of ParseDigest.
var ErrDigest = errors.New("store: bad checksum")

// Digest is a checksum that bytes must have.
type Digest struct {
	// Algorithm is one of the names that Algorithms lists.
	Algorithm string
	// Sum in bytes, as long as the algorithm makes it.
	Sum string
}

var algorithms = []struct {
	name    string
	aliases []string
	size    int
	make    func() hash.Hash
}{
	{"sha-256", []string{"sha256"}, sha256.Size, sha256.New},
	{"sha-512", []string{"sha512"}, sha512.Size, sha512.New},
	{"sha-384", []string{"sha384"}, sha512.Size384, sha512.New384},
	{"sha-224", []string{"sha224"}, sha256.Size224, sha256.New224},
	{"sha-1", []string{"sha1", "sha"}, sha1.Size, sha1.New},
	{"md5", nil, md5.Size, md5.New},
	{"crc32c", nil, crc32.Size, func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) }},
	{"adler32", nil, adler32.Size, func() hash.Hash { return adler32.New() }},
}

// ParseDigest reads a checksum as lists and flags give it: an algorithm as aria2
// or coreutils spell it, and the sum in hexadecimal digits.
func ParseDigest(algorithm, hexSum string) (Digest, error) {
	name := strings.ToLower(strings.TrimSpace(algorithm))
	for _, a := range algorithms {
		if name != a.name && !slices.Contains(a.aliases, name) {
			continue
		}
		sum, err := hex.DecodeString(strings.TrimSpace(hexSum))
		if err != nil {
			return Digest{}, fmt.Errorf("%w: %s: %w", ErrDigest, a.name, err)
		}
		if len(sum) != a.size {
			return Digest{}, fmt.Errorf("%w: %s: %d hexadecimal digits, want %d", ErrDigest, a.name, 2*len(sum), 2*a.size)
		}
		return Digest{a.name, string(sum)}, nil
	}
	return Digest{}, fmt.Errorf("%w: unknown algorithm %q", ErrDigest, algorithm)
}

// IsZero reports whether d asks for nothing.
func (d Digest) IsZero() bool { return d == Digest{} }

// Hash returns a new running hash of d's algorithm, or nil if it is not one
// that ParseDigest knows.
func (d Digest) Hash() hash.Hash {
	for _, a := range algorithms {
		if a.name == d.Algorithm {
			return a.make()
		}
	}
	return nil
}

// String writes d as algorithm=hex, as lists have it.
func (d Digest) String() string {
	if d.IsZero() {
		return ""
	}
	return d.Algorithm + "=" + hex.EncodeToString([]byte(d.Sum))
}
