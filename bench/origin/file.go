package origin

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"time"
)

// File is one file of an origin and what its server says of it. The zero value
// is an empty file on a well-behaved server.
type File struct {
	// Size in bytes; unused when Data is set.
	Size int64
	// Seed of the content. Zero draws one from Config.Seed, the path, and how
	// often the path was added, so that adding a path again is another version.
	Seed uint64
	// Data is the content itself, for the few files that need to say something.
	Data []byte

	// ETag as it is sent, with its quotes (and W/ if it is weak). Empty makes a
	// strong one from the content.
	ETag string
	// NoETag sends none.
	NoETag bool
	// ETagPerRequest sends another ETag with every answer over the same bytes,
	// as a farm of servers does that hashes inode numbers.
	ETagPerRequest bool
	// ModTime is the Last-Modified; zero makes one from the content, before 2000.
	ModTime time.Time
	// NoModTime sends none.
	NoModTime bool

	// NoRanges answers 200 to every range and does not offer any.
	NoRanges bool
	// IgnoreIfRange answers 206 to a range whatever its If-Range says.
	IgnoreIfRange bool
	// ContentType; empty is application/octet-stream.
	ContentType string
	// Disposition is the Content-Disposition, byte for byte.
	Disposition string
	// Header is added to every answer that carries the file.
	Header http.Header
	// Digests are the digest fields to send.
	Digests []Digest

	// User is NAME:PASSWORD; other requests get 401 (RFC 7617).
	User string
	// Redirect answers with this Location instead, byte for byte: relative, to
	// another host or scheme, or to the file's own path for a loop.
	Redirect string
	// RedirectStatus is its status; zero is 302.
	RedirectStatus int
	// Sign adds a signature to Redirect, for the file that stands at its path
	// on the same Origin.
	Sign *Signature
	// Signed files answer SignedStatus unless the URL has a valid signature.
	Signed bool
	// SignedStatus is the refusal; zero is 403.
	SignedStatus int

	// ReplaceAfter is how many requests see this version before Replacement
	// takes its place (zero is 1); answers under way keep the old bytes.
	ReplaceAfter int
	// Replacement is the next version. With Size, Seed and Data all zero it has the same
	// size and other bytes.
	Replacement *File

	// Faults of this file. The first one that matches a request shapes its
	// answer; those of the Config are asked before.
	Faults []Fault
}

func (f File) length() int64 {
	if f.Data != nil {
		return int64(len(f.Data))
	}
	return f.Size
}

// settled returns f with everything that is drawn for it filled in.
func (f File) settled(seed uint64, path string, version int) File {
	if f.Seed == 0 {
		h := fnv.New64a()
		fmt.Fprintf(h, "%d %d %s", seed, version, path)
		f.Seed = max(1, h.Sum64())
	}
	mark := f.fingerprint()
	if f.ETag == "" {
		f.ETag = fmt.Sprintf(`"%016x-%x"`, mark, f.length())
	}
	if f.NoETag {
		f.ETag = ""
	}
	if f.ModTime.IsZero() {
		// Before 2000, where the clock of a synctest bubble begins.
		f.ModTime = time.Unix(631152000+int64(mark%(5*365*86400)), 0).UTC()
	}
	if f.NoModTime {
		f.ModTime = time.Time{}
	}
	f.ModTime = f.ModTime.Truncate(time.Second)
	if f.ContentType == "" {
		f.ContentType = "application/octet-stream"
	}
	return f
}

// fingerprint is a number that differs between two contents.
func (f File) fingerprint() uint64 {
	if f.Data == nil {
		return mix(f.Seed)
	}
	h := fnv.New64a()
	h.Write(f.Data)
	return h.Sum64()
}

// next is the version that follows f, not yet settled.
func (f File) next() File {
	n := *f.Replacement
	if n.Size == 0 && n.Seed == 0 && n.Data == nil {
		n.Size = f.length()
	}
	return n
}
