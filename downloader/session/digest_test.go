package session

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"testing"
)

func TestDigestFields(t *testing.T) {
	sha := sha256.Sum256([]byte("x"))
	mac := md5.Sum([]byte("x"))
	s64, m64 := base64.StdEncoding.EncodeToString(sha[:]), base64.StdEncoding.EncodeToString(mac[:])
	for name, c := range map[string]struct {
		verdict Verdict
		h       http.Header
		want    []Digest
	}{
		"representation": {Whole, fields("Repr-Digest", "sha-256=:"+s64+":;a=1, unknown=:AA==:"), []Digest{{"sha-256", sha[:], "Repr-Digest"}}},
		"of a part":      {Part, fields("Repr-Digest", "sha-256=:"+s64+":"), []Digest{{"sha-256", sha[:], "Repr-Digest"}}},
		"content":        {Whole, fields("Content-Digest", "sha-256=:"+s64+":"), []Digest{{"sha-256", sha[:], "Content-Digest"}}},
		"content of a part": {Part, fields("Content-Digest", "sha-256=:"+s64+":", "Content-MD5", m64,
			"X-Amz-Checksum-Sha256", s64), nil},
		"old":              {Whole, fields("Digest", "SHA-256="+s64+",md5="+m64), []Digest{{"sha-256", sha[:], "Digest"}, {"md5", mac[:], "Digest"}}},
		"old adler32":      {Whole, fields("Digest", "adler32=03da0195"), []Digest{{"adler32", []byte{3, 0xda, 1, 0x95}, "Digest"}}},
		"md5":              {Whole, fields("Content-MD5", m64), []Digest{{"md5", mac[:], "Content-Md5"}}},
		"google":           {Whole, fields("X-Goog-Hash", "crc32c=AAAAAQ==", "X-Goog-Hash", "md5="+m64), []Digest{{"crc32c", []byte{0, 0, 0, 1}, "X-Goog-Hash"}, {"md5", mac[:], "X-Goog-Hash"}}},
		"google decoded":   {Whole, fields("X-Goog-Hash", "md5="+m64, "X-Goog-Stored-Content-Encoding", "gzip"), nil},
		"google as stored": {Whole, fields("X-Goog-Hash", "md5="+m64, "X-Goog-Stored-Content-Encoding", "gzip", "Content-Encoding", "gzip"), []Digest{{"md5", mac[:], "X-Goog-Hash"}}},
		"amazon":           {Whole, fields("X-Amz-Checksum-Sha256", s64), []Digest{{"sha-256", sha[:], "X-Amz-Checksum-Sha256"}}},
		"amazon composite": {Whole, fields("X-Amz-Checksum-Sha256", s64+"-3"), nil},
		"amazon by type":   {Whole, fields("X-Amz-Checksum-Sha256", s64, "X-Amz-Checksum-Type", "COMPOSITE"), nil},
		"too short":        {Whole, fields("Repr-Digest", "sha-256=:"+m64+":"), nil},
		"no colons":        {Whole, fields("Repr-Digest", "sha-256="+s64), nil},
		"not base64":       {Whole, fields("Repr-Digest", "sha-256=:!!!:"), nil},
		"empty":            {Whole, fields("Repr-Digest", "", "Digest", ",,=,"), nil},
		"nothing sent":     {NotModified, fields("Repr-Digest", "sha-256=:"+s64+":"), nil},
	} {
		got := digestsOf(c.verdict, c.verdict == Whole, c.h)
		if len(got) != len(c.want) {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
			continue
		}
		for i, d := range got {
			if d.Algorithm != c.want[i].Algorithm || !bytes.Equal(d.Sum, c.want[i].Sum) || d.Source != c.want[i].Source {
				t.Errorf("%s: got %+v, want %+v", name, d, c.want[i])
			}
		}
	}
}

func TestDigestsOfAPartThatIsAllCount(t *testing.T) {
	h := fields("Content-MD5", base64.StdEncoding.EncodeToString(make([]byte, 16)))
	if got := digestsOf(Part, true, h); len(got) != 1 {
		t.Errorf("got %+v, want the digest of a part that is the whole file", got)
	}
}

func FuzzDigests(f *testing.F) {
	f.Add("Repr-Digest", "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:")
	f.Add("Digest", "md5=AAAAAAAAAAAAAAAAAAAAAA==, adler32=00000001")
	f.Add("X-Amz-Checksum-Crc32c", "AAAAAQ==")
	f.Fuzz(func(t *testing.T, name, value string) {
		h := http.Header{http.CanonicalHeaderKey(name): {value}}
		all := digestsOf(Whole, true, h)
		if len(all) > maxDigests {
			t.Fatalf("%d digests", len(all))
		}
		for _, d := range all {
			if len(d.Sum) != sumSizes[d.Algorithm] || len(d.Sum) == 0 {
				t.Fatalf("%q: %q: got %+v", name, value, d)
			}
		}
	})
}
