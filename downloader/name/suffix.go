package name

import (
	"strconv"
	"strings"

	"github.com/seed-9a1263fe/haul/store"
)

// Suffix is the name that the n-th file to want key gets, as aria2 does it: n
// stands before the last extension, so that a.tar.gz becomes a.tar.1.gz, and at
// the end where there is none. A name that would become longer than MaxName
// loses the end of its stem. For n < 1 it is key itself.
func Suffix(key store.Key, n int) store.Key {
	if n < 1 {
		return key
	}
	dir, file := "", string(key)
	if i := strings.LastIndexByte(file, '/'); i >= 0 {
		dir, file = file[:i+1], file[i+1:]
	}
	number := "." + strconv.Itoa(n)
	stem, ext := split(file)
	if room := MaxName - len(number) - len(ext); room > 0 {
		return store.Key(dir + cut(stem, room) + number + ext)
	}
	return store.Key(dir + cut(file, MaxName-len(number)) + number)
}
