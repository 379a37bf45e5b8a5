package origin

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"net/http"
)

// Digest is a field that tells a digest of the file. Field is one of
//
//	Repr-Digest, Content-Digest   RFC 9530, sha-256 and sha-512
//	Digest                        RFC 3230, SHA-256
//	Content-MD5                   RFC 1864
//	X-Goog-Hash                   crc32c and md5
//	X-Amz-Checksum-Sha256
//
// Content-Digest and Content-MD5 are of the bytes sent, the others of the whole file.
type Digest struct {
	Field string
	// Wrong sends a well-formed digest of something else.
	Wrong bool
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// hashes are the algorithms by the names used here.
func newHash(algorithm string) hash.Hash {
	switch algorithm {
	case "md5":
		return md5.New()
	case "crc32c":
		return crc32.New(castagnoli)
	case "sha-512":
		return sha512.New()
	default:
		return sha256.New()
	}
}

// sign adds the digest fields of an answer that carries s.
func (v *version) sign(h http.Header, s span) {
	for _, d := range v.Digests {
		whole := func(alg string) string { return d.encode(v.sum(alg)) }
		part := func(alg string) string {
			if s == (span{0, v.length()}) {
				return whole(alg)
			}
			return d.encode(sumOf(newHash(alg), v.section(s)))
		}
		switch http.CanonicalHeaderKey(d.Field) {
		case "Repr-Digest":
			h.Set(d.Field, "sha-256=:"+whole("sha-256")+":, sha-512=:"+whole("sha-512")+":")
		case "Content-Digest":
			h.Set(d.Field, "sha-256=:"+part("sha-256")+":")
		case "Digest":
			h.Set(d.Field, "SHA-256="+whole("sha-256"))
		case "Content-Md5":
			h.Set(d.Field, part("md5"))
		case "X-Goog-Hash":
			h.Add(d.Field, "crc32c="+whole("crc32c"))
			h.Add(d.Field, "md5="+whole("md5"))
		case "X-Amz-Checksum-Sha256":
			h.Set(d.Field, whole("sha-256"))
		}
	}
}

// encode returns sum, or a lie of the same length, in base64.
func (d Digest) encode(sum []byte) string {
	if d.Wrong {
		lie := append([]byte(nil), sum...)
		lie[0] ^= 0xff
		sum = lie
	}
	return base64.StdEncoding.EncodeToString(sum)
}

// sum is the digest of the whole content, computed once.
func (v *version) sum(algorithm string) []byte {
	v.sums.mu.Lock()
	defer v.sums.mu.Unlock()
	sum, ok := v.sums.of[algorithm]
	if !ok {
		sum = v.Sum(newHash(algorithm))
		v.sums.of[algorithm] = sum
	}
	return sum
}
