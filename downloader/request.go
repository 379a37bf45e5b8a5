package downloader

import (
	"crypto/sha256"
	"encoding/json"
	"net/url"

	"github.com/seed-9a1263fe/haul/downloader/session"
	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/store"
)

// Field is one header field of a request.
type Field struct{ Name, Value string }

// Request is one file that is wanted. Only URLs is needed.
type Request struct {
	// URLs where the file is: the first, then its mirrors.
	URLs []string
	// Dir is a directory below the output directory, and Out the name in it,
	// which may itself hold slashes. Without Out, the answer or the URL names
	// the file.
	Dir, Out string
	// Checksum that the whole file must have; the zero Digest asks for none.
	Checksum store.Digest
	// Size that the file must have; 0 says nothing of it.
	Size int64
	// Type is what Content-Type the answer must have, as MediaType reads it; ""
	// takes any. It keeps a login page from passing for a file.
	Type string
	// Header is sent to the origin that the URL names, and to no other.
	Header []Field
	// Meta is carried to the result untouched. It must be valid JSON or empty.
	Meta json.RawMessage

	// List and Line say where the request stands, for messages and results.
	List string
	Line int64

	// Defect is set on an entry of a list that could not be read: the job fails
	// with it, so that the entry has a result like any other.
	Defect *Failure
}

// ID names the work: the same URLs under the same name, with the same declared
// content, are done once. Headers and Meta do not count, since tokens change
// from run to run.
func (r *Request) ID() queue.ID {
	var b []byte
	b = append(b, "haul1\x00"...)
	b = appendUvarint(b, uint64(len(r.URLs)))
	for _, u := range r.URLs {
		b = appendString(b, u)
	}
	b = appendString(b, r.Dir)
	b = appendString(b, r.Out)
	b = appendString(b, r.Checksum.String())
	if r.Defect != nil {
		b = appendString(b, r.List)
		b = appendUvarint(b, uint64(r.Line))
	}
	sum := sha256.Sum256(b)
	return queue.ID(sum[:16])
}

// Job wraps the request for a queue.
func (r *Request) Job() queue.Job {
	return queue.Job{ID: r.ID(), Host: r.Origin(), Body: r.AppendBinary(nil)}
}

// Origin is the scheme, host and port of the first URL (RFC 6454 section 4),
// with the port always said; "" if the URL has none. A host's limits are
// counted by it.
func (r *Request) Origin() string {
	if len(r.URLs) == 0 {
		return ""
	}
	u, err := url.Parse(r.URLs[0])
	if err != nil || u.Host == "" {
		return ""
	}
	return session.Origin(u)
}
