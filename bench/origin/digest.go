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
// Content-Digest and Content-MD5 are of the bytes sent, the others of the whole
// file. Add panics on another field.
type Digest struct {
	Field string
	// Wrong sends a well-formed digest of something else.
	Wrong bool
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// newHash is the algorithm of a name used here.
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

// digestFields make the values of each field from the digest of the whole file
// and of the part that is sent, both by the name of the algorithm and in base64.
var digestFields = map[string]func(whole, part func(algorithm string) string) []string{
	"Repr-Digest": func(whole, _ func(string) string) []string {
		return []string{"sha-256=:" + whole("sha-256") + ":, sha-512=:" + whole("sha-512") + ":"}
	},
	"Content-Digest": func(_, part func(string) string) []string {
		return []string{"sha-256=:" + part("sha-256") + ":"}
	},
	"Digest": func(whole, _ func(string) string) []string {
		return []string{"SHA-256=" + whole("sha-256")}
	},
	"Content-Md5": func(_, part func(string) string) []string {
		return []string{part("md5")}
	},
	"X-Goog-Hash": func(whole, _ func(string) string) []string {
		return []string{"crc32c=" + whole("crc32c"), "md5=" + whole("md5")}
	},
	"X-Amz-Checksum-Sha256": func(whole, _ func(string) string) []string {
		return []string{whole("sha-256")}
	},
}

// mustExist panics on a field that is not known: a test that misspells it would
// pass without a digest.
func (d Digest) mustExist() {
	if digestFields[http.CanonicalHeaderKey(d.Field)] == nil {
		panic("origin: there is no digest field " + d.Field)
	}
}

// values are those of d's field in an answer that carries s.
func (d Digest) values(v *version, s span) []string {
	whole := func(alg string) string { return d.encode(v.sum(alg)) }
	part := func(alg string) string {
		if s == (span{0, v.length()}) {
			return whole(alg)
		}
		return d.encode(sumOf(newHash(alg), v.section(s)))
	}
	return digestFields[http.CanonicalHeaderKey(d.Field)](whole, part)
}

// sign adds the digest fields of an answer that carries s.
func (v *version) sign(h http.Header, s span) {
	for _, d := range v.Digests {
		h[http.CanonicalHeaderKey(d.Field)] = d.values(v, s)
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
