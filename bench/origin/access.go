package origin

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Signature is what a redirect signs its Location with. Zero fields do not limit.
type Signature struct {
	// For is how long the signed URL is valid.
	For time.Duration
	// Uses is how many requests it is valid for.
	Uses int
}

// authorized checks basic authentication (RFC 7617); want is NAME:PASSWORD.
func authorized(r *http.Request, want string) bool {
	if want == "" {
		return true
	}
	name, password, ok := r.BasicAuth()
	return ok && subtle.ConstantTimeCompare([]byte(name+":"+password), []byte(want)) == 1
}

// signer makes and checks signed URLs. The owner's lock guards it.
type signer struct {
	key   []byte
	made  int
	spent map[string]int // uses of the URLs that have a number of them, by serial
}

func newSigner(seed uint64) signer {
	return signer{
		key:   binary.LittleEndian.AppendUint64([]byte("origin"), seed),
		spent: map[string]int{},
	}
}

// sign adds a signature to location, which is a URL reference made from base.
func (s *signer) sign(base *url.URL, location string, by Signature, now time.Time) string {
	u, err := url.Parse(location)
	if err != nil {
		return location
	}
	s.made++
	q := u.Query()
	q.Set("serial", strconv.Itoa(s.made))
	if by.For > 0 {
		q.Set("expires", strconv.FormatInt(now.Add(by.For).UnixMilli(), 10))
	}
	if by.Uses > 0 {
		q.Set("uses", strconv.Itoa(by.Uses))
	}
	q.Set("signature", s.mac(base.ResolveReference(u).Path, q))
	u.RawQuery = q.Encode()
	return u.String()
}

// valid reports whether u is signed and still good, and spends one use of it.
func (s *signer) valid(u *url.URL, now time.Time) bool {
	q := u.Query()
	if !hmac.Equal([]byte(q.Get("signature")), []byte(s.mac(u.Path, q))) {
		return false
	}
	if e := q.Get("expires"); e != "" {
		at, err := strconv.ParseInt(e, 10, 64)
		if err != nil || now.UnixMilli() >= at {
			return false
		}
	}
	if n := q.Get("uses"); n != "" {
		left, err := strconv.Atoi(n)
		if err != nil || s.spent[q.Get("serial")] >= left {
			return false
		}
		s.spent[q.Get("serial")]++
	}
	return true
}

func (s *signer) mac(path string, q url.Values) string {
	m := hmac.New(sha256.New, s.key)
	m.Write([]byte(strings.Join([]string{path, q.Get("serial"), q.Get("expires"), q.Get("uses")}, "\n")))
	return hex.EncodeToString(m.Sum(nil)[:8])
}
