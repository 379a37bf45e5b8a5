package diskstore

import (
	"encoding/hex"
	"path"
	"unicode/utf8"

	"github.com/seed-9a1263fe/haul/store"
)

// partSuffix ends the names of files that hold unfinished objects. Before it
// stands a tag of the owner, so that two jobs never share one:
// report.pdf.5f0c1a2b.part
const (
	partSuffix = ".part"
	tagLen     = 8 // hexadecimal digits
	maxBase    = store.MaxSegment - 1 - tagLen - len(partSuffix)
)

// partName returns the name of the owner's unfinished object, beside its key.
func partName(owner store.Owner, key store.Key) string {
	dir, base := path.Split(string(key))
	if len(base) > maxBase {
		n := maxBase
		for n > 0 && !utf8.RuneStart(base[n]) {
			n--
		}
		base = base[:n]
	}
	b := make([]byte, 0, len(dir)+len(base)+1+tagLen+len(partSuffix))
	b = append(b, dir...)
	b = append(b, base...)
	b = append(b, '.')
	b = hex.AppendEncode(b, owner[:tagLen/2])
	b = append(b, partSuffix...)
	return string(b)
}

// isPartName reports whether a name could be one that partName makes.
func isPartName(name string) bool {
	if path.Ext(name) != partSuffix {
		return false
	}
	name = name[:len(name)-len(partSuffix)]
	tag := path.Ext(name)
	if len(tag) != 1+tagLen {
		return false
	}
	for _, c := range []byte(tag[1:]) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
