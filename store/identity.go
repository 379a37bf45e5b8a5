package store

import (
	"strings"
	"time"
)

// UnknownSize is the Size of an Identity whose origin did not say it.
const UnknownSize = -1

// Identity is what the origin said these bytes are. Bytes of two identities
// never share an object.
type Identity struct {
	// Size in bytes of the whole; UnknownSize if the origin did not say.
	Size int64
	// ETag as sent, quotes and weakness mark included (RFC 9110 section 8.8.3).
	ETag string
	// LastModified in whole seconds (RFC 9110 section 8.8.2); zero if not sent.
	LastModified time.Time
}

// IsZero reports whether there is no identity at all.
func (id Identity) IsZero() bool { return id == Identity{} }

// StrongETag returns the entity tag if it is a strong one, which alone may
// vouch for byte ranges (RFC 9110 section 8.8.1), else "".
func (id Identity) StrongETag() string {
	if strings.HasPrefix(id.ETag, `"`) {
		return id.ETag
	}
	return ""
}

// Same reports whether other can be the same bytes as id: nothing that both of
// them say differs. Two identities that say nothing in common are not the same.
func (id Identity) Same(other Identity) bool {
	common := false
	if id.Size >= 0 && other.Size >= 0 {
		if id.Size != other.Size {
			return false
		}
		common = true
	}
	if id.ETag != "" && other.ETag != "" {
		if strings.TrimPrefix(id.ETag, "W/") != strings.TrimPrefix(other.ETag, "W/") {
			return false
		}
		common = true
	}
	if !id.LastModified.IsZero() && !other.LastModified.IsZero() {
		if !id.LastModified.Equal(other.LastModified) {
			return false
		}
		common = true
	}
	return common
}
