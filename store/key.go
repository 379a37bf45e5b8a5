package store

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

// ErrKey is wrapped by every error of Key.Validate.
var ErrKey = errors.New("store: bad name")

// MaxSegment is the most bytes that one segment of a key may have, which is
// what the usual file systems take.
const MaxSegment = 255

// Key is the visible name of an object: a relative path with forward slashes.
// What names are fit for users is the downloader's affair; Validate is the last
// line that keeps an object inside of its store.
type Key string

// Validate reports whether k stays inside: not empty, relative, clean, no "."
// or ".." segment, no NUL or other control character, no backslash, no segment
// longer than MaxSegment, and not below the state directory.
func (k Key) Validate() error {
	s := string(k)
	switch {
	case s == "":
		return fmt.Errorf("%w: empty", ErrKey)
	case strings.HasPrefix(s, "/"):
		return fmt.Errorf("%w: %q is absolute", ErrKey, s)
	case path.Clean(s) != s || s == "." || s == ".." || strings.HasPrefix(s, "../"):
		return fmt.Errorf("%w: %q is not a plain path below the directory", ErrKey, s)
	case strings.ContainsRune(s, '\\'):
		return fmt.Errorf("%w: %q has a backslash", ErrKey, s)
	}
	for _, r := range s {
		if r < 0x20 || r == 0x7f {
			return fmt.Errorf("%w: %q has a control character", ErrKey, s)
		}
	}
	first, _, _ := strings.Cut(s, "/")
	if strings.EqualFold(first, StateDir) {
		return fmt.Errorf("%w: %q lies in the state directory", ErrKey, s)
	}
	for seg := range strings.SplitSeq(s, "/") {
		if len(seg) > MaxSegment {
			return fmt.Errorf("%w: %q has a part of more than %d bytes", ErrKey, s, MaxSegment)
		}
	}
	return nil
}

// StateDir is the directory, below the output directory, that holds what a
// store or queue on disk remembers. No key lies in it.
const StateDir = ".haul"
