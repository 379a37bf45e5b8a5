package downloader

import (
	"github.com/seed-9a1263fe/haul/downloader/session"
	"github.com/seed-9a1263fe/haul/store"
)

// byCost are the algorithms of declared digests that are checked, the cheapest
// first. All of them find damage; against somebody who wants to deceive, only a
// checksum from elsewhere helps, such as the list's.
var byCost = []string{"crc32c", "sha-256", "sha-1", "sha-512", "sha-384", "md5"}

// declared chooses, of the digests that a server declares of its file, the one
// that costs least to check.
func declared(all []session.Digest) []store.Digest {
	for _, algorithm := range byCost {
		for _, d := range all {
			if d.Algorithm == algorithm {
				return []store.Digest{{Algorithm: algorithm, Sum: string(d.Sum)}}
			}
		}
	}
	return nil
}
