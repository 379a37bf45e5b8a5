package session

import (
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
)

// Digest is a checksum of the whole file that its server declares.
type Digest struct {
	Algorithm string // "sha-256", "sha-512", "sha-1", "md5", "crc32c", …
	Sum       []byte // as long as the algorithm makes it
	Source    string // the field that it stood in
}

// maxDigests bounds what is taken from one answer.
const maxDigests = 16

// sumSizes are the algorithms that are known, and the bytes of their sums.
var sumSizes = map[string]int{
	"sha-256": 32, "sha-512": 64, "sha-384": 48, "sha-1": 20, "md5": 16,
	"crc32c": 4, "crc32": 4, "crc64nvme": 8, "adler32": 4,
}

// digestNames are what fields call the algorithms, where that is not the name.
var digestNames = map[string]string{
	"sha": "sha-1", "sha1": "sha-1", "sha256": "sha-256", "sha512": "sha-512", "sha384": "sha-384",
}

// digestsOf collects the digests in h that are of the whole file. On a part that
// is not all of it, those of the content say nothing about that: only those of
// the representation (RFC 9530 section 3, RFC 3230) and of the stored object
// count.
func digestsOf(verdict Verdict, all bool, h http.Header) []Digest {
	if verdict != Whole && verdict != Part {
		return nil
	}
	c := digestCollector{h: h}
	c.dictionary("Repr-Digest")
	c.list("Digest")
	if !decodedByStore(h) {
		c.list("X-Goog-Hash")
	}
	if verdict == Whole || all {
		c.dictionary("Content-Digest")
		c.single("Content-Md5", "md5")
		c.amazon()
	}
	return c.found
}

// decodedByStore reports that Google's storage undid an encoding on the way, so
// that the hash of what it stores is not that of what it sends.
func decodedByStore(h http.Header) bool {
	stored := h.Get("X-Goog-Stored-Content-Encoding")
	return stored != "" && !strings.EqualFold(stored, "identity") && !strings.EqualFold(stored, encodingOf(h))
}

// encodingOf returns the Content-Encoding, "" for none (RFC 9110 section 8.4).
func encodingOf(h http.Header) string {
	all := strings.Join(h.Values("Content-Encoding"), ", ")
	if strings.EqualFold(strings.TrimSpace(all), "identity") {
		return ""
	}
	return all
}

type digestCollector struct {
	h     http.Header
	found []Digest
}

// add takes a sum if its algorithm is known and its length is right. What is
// not understood is left out: a digest is an offer, not a demand.
func (c *digestCollector) add(field, algorithm string, sum []byte, err error) {
	algorithm = strings.ToLower(strings.TrimSpace(algorithm))
	if name, ok := digestNames[algorithm]; ok {
		algorithm = name
	}
	size, known := sumSizes[algorithm]
	if err != nil || !known || len(sum) != size || len(c.found) == maxDigests {
		return
	}
	c.found = append(c.found, Digest{algorithm, sum, http.CanonicalHeaderKey(field)})
}

// dictionary reads a field of RFC 9530 section 2: a dictionary of byte sequences
// in colons (RFC 9651 sections 3.2 and 3.3.5).
func (c *digestCollector) dictionary(field string) {
	for member := range members(c.h, field) {
		name, value, ok := strings.Cut(member, "=")
		value, _, _ = strings.Cut(value, ";") // parameters
		value = strings.TrimSpace(value)
		if !ok || len(value) < 2 || value[0] != ':' || value[len(value)-1] != ':' {
			continue
		}
		sum, err := decodeBase64(value[1 : len(value)-1])
		c.add(field, name, sum, err)
	}
}

// list reads "name=value, …" with sums in base64, as RFC 3230 section 4.3.2 and
// Google have it; adler32 alone is in hexadecimal digits there.
func (c *digestCollector) list(field string) {
	for member := range members(c.h, field) {
		name, value, _ := strings.Cut(member, "=")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		if name == "adler32" {
			sum, err := hex.DecodeString(value)
			c.add(field, name, sum, err)
			continue
		}
		sum, err := decodeBase64(value)
		c.add(field, name, sum, err)
	}
}

// single reads a field that is one sum.
func (c *digestCollector) single(field, algorithm string) {
	if values := c.h.Values(field); len(values) == 1 {
		sum, err := decodeBase64(strings.TrimSpace(values[0]))
		c.add(field, algorithm, sum, err)
	}
}

// amazon reads S3's fields. The checksum of an object that was put together
// from parts is often one of the parts' checksums, marked by its type or by the
// number of parts behind a dash, and says nothing about the bytes as a whole.
func (c *digestCollector) amazon() {
	if strings.EqualFold(c.h.Get("X-Amz-Checksum-Type"), "COMPOSITE") {
		return
	}
	for _, algorithm := range []string{"sha256", "sha1", "crc32c", "crc32", "crc64nvme"} {
		field := http.CanonicalHeaderKey("X-Amz-Checksum-" + algorithm)
		if !strings.Contains(c.h.Get(field), "-") {
			c.single(field, algorithm)
		}
	}
}

// members yields what commas part in all of h's fields of the name.
func members(h http.Header, field string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, line := range h.Values(field) {
			for member := range strings.SplitSeq(line, ",") {
				if !yield(strings.TrimSpace(member)) {
					return
				}
			}
		}
	}
}

// decodeBase64 takes padding or none: both are sent.
func decodeBase64(s string) ([]byte, error) {
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
}
