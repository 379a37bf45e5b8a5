package name

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

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

// Fold returns what keys that clash on a file system without regard to case
// have in common. It folds character by character (Unicode's simple folding);
// it knows neither foldings that change the length, such as ß and ss, nor
// normal forms.
func Fold(key store.Key) string {
	return strings.Map(foldRune, string(key))
}

// foldRune returns the least character of r's folding orbit.
func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		return asciiFold(r)
	}
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	return asciiFold(least)
}

// asciiFold takes letters to lower case. The orbits of k and s reach beyond
// ASCII (K, ſ), but their least members are the ASCII capitals, so going through
// here brings all of an orbit to one.
func asciiFold(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		return r + 'a' - 'A'
	}
	return r
}
