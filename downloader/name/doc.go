// Package name has the rules for the names that files get: what a header, a
// URL or a list may call them, and what is never let through.
//
// There are two roads. A name that comes from a server is a proposal by a
// stranger: [Of] and [Clean] change it until it is harmless. A name that comes
// from the user's own list is an order: [Join] carries it out to the letter or
// refuses it, and never alters it in silence.
//
// Everything here is pure and safe for use from any number of goroutines.
package name

import "fmt"

// PartRoom is how many bytes of a file name are kept free for the suffix that
// an unfinished file has: ".xxxxxxxx.part".
const PartRoom = 14

// Limits in bytes. MaxName leaves room in the 255 that usual file systems take
// for one name; MaxPath is PATH_MAX of Linux and keeps a list from building
// trees of any depth.
const (
	MaxName = 255 - PartRoom
	MaxPath = 4096
)

// Fallback is the name of what has no other.
const Fallback = "index.html"

// Error says why a name cannot be used.
type Error struct {
	// Name as it was given, all of it.
	Name string
	// Reason completes the sentence "the name ...".
	Reason string
}

// Error quotes the name, cut to a length that fits a log line.
func (e *Error) Error() string {
	const most = 100
	if len(e.Name) > most {
		return fmt.Sprintf("name %q... %s", e.Name[:most], e.Reason)
	}
	return fmt.Sprintf("name %q %s", e.Name, e.Reason)
}
