package origin

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"testing"
)

func TestDigestFieldsAreRightOrWrongAsWanted(t *testing.T) {
	fields := []string{"Repr-Digest", "Content-Digest", "Digest", "Content-MD5", "X-Goog-Hash", "X-Amz-Checksum-Sha256"}
	o := New(Config{})
	right, wrong := File{Size: 1000, Seed: 1}, File{Size: 1000, Seed: 1}
	for _, name := range fields {
		right.Digests = append(right.Digests, Digest{Field: name})
		wrong.Digests = append(wrong.Digests, Digest{Field: name, Wrong: true})
	}
	o.Add("/right", right)
	o.Add("/wrong", wrong)
	s := o.StartTest(t, Options{})
	c := client(t, s)
	sum := func(h hash.Hash, s span) string {
		return base64.StdEncoding.EncodeToString(sumOf(h, (&version{File: right}).section(s)))
	}
	for _, row := range []struct {
		ask  string
		part span
	}{{"bytes=0-", span{0, 1000}}, {"bytes=10-19", span{10, 10}}} {
		whole := span{0, 1000}
		want := map[string][]string{
			"Repr-Digest":           {"sha-256=:" + sum(sha256.New(), whole) + ":, sha-512=:" + sum(sha512.New(), whole) + ":"},
			"Content-Digest":        {"sha-256=:" + sum(sha256.New(), row.part) + ":"},
			"Digest":                {"SHA-256=" + sum(sha256.New(), whole)},
			"Content-MD5":           {sum(md5.New(), row.part)},
			"X-Goog-Hash":           {"crc32c=" + sum(crc32.New(castagnoli), whole), "md5=" + sum(md5.New(), whole)},
			"X-Amz-Checksum-Sha256": {sum(sha256.New(), whole)},
		}
		good, _, err := get(t, c, s.URL("/right"), "Range", row.ask)
		if err != nil {
			t.Fatal(err)
		}
		bad, _, err := get(t, c, s.URL("/wrong"), "Range", row.ask)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range fields {
			got, lie := good.Header.Values(name), bad.Header.Values(name)
			if len(got) != len(want[name]) || len(lie) != len(got) {
				t.Errorf("%s of %s: got %q and %q, want %q", name, row.ask, got, lie, want[name])
				continue
			}
			for i, w := range want[name] {
				if got[i] != w || lie[i] == w || len(lie[i]) != len(w) {
					t.Errorf("%s of %s: got %q and as a lie %q, want %q", name, row.ask, got[i], lie[i], w)
				}
			}
		}
	}
}

func TestMisspelledDigestFieldPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	New(Config{}).Add("/a", File{Digests: []Digest{{Field: "Repr-Digset"}}})
}
