package diskstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/seed-9a1263fe/haul/store"
)

// Types of the records in the log. FORMAT.md has their layouts.
const (
	recBoot       = 1  // a process begins; claims that follow are of this boot
	recBegin      = 2  // a part file is about to be made
	recMeta       = 3  // an object holds no bytes now, and has this identity
	recChunk      = 4  // a range is committed
	recRename     = 5  // an object will have another key
	recDrop       = 6  // an object is forgotten
	recPublish    = 7  // an object is whole and about to be renamed
	recWithdraw   = 8  // the last publish of this owner did not happen, or is void
	recMark       = 9  // the epoch ends; a sync of everything begins
	recSynced     = 10 // that sync went well
	recLost       = 11 // a sync failed: what it had to cover is not to be believed
	recConfirm    = 12 // a published object was looked at and stands
	recCheckpoint = 13 // a checkpoint was begun here; changes nothing
)

const (
	maxKey    = 2048 // bytes in a key
	maxETag   = 1024 // bytes in an entity tag
	maxPart   = maxKey + 1 + tagLen + len(partSuffix)
	maxBootID = 256     // bytes in a boot ID
	maxRecord = 8 << 10 // bytes in a record, with room to spare
)

// errRecord is wrapped by every error about a record that cannot be read.
var errRecord = errors.New("diskstore: bad record")

// draft is an object that is not published, as the log tells it.
type draft struct {
	owner store.Owner
	key   store.Key
	part  string // name of the part file
	id    store.Identity
	begun bool   // id was said
	done  pieces // committed
}

// published is an object that is visible, as the log tells it.
type published struct {
	key    store.Key
	id     store.Identity
	size   int64
	crc    uint32
	sha256 []byte // nil or 32 bytes
	// The file was last changed at mtime or at most slack earlier, or its time
	// was set, where set is not zero.
	mtime time.Time
	slack time.Duration
	set   time.Time
	over  bool   // the rename may replace what stands there
	part  string // the file that is renamed; "" is the usual one
}

// partOf returns the name of the file that is renamed.
func (p *published) partOf(owner store.Owner) string {
	if p.part != "" {
		return p.part
	}
	return partName(owner, p.key)
}

// writer appends fields to a record.
type writer struct{ b []byte }

func (w *writer) uint(v uint64)          { w.b = binary.AppendUvarint(w.b, v) }
func (w *writer) int(v int64)            { w.b = binary.AppendVarint(w.b, v) }
func (w *writer) byte(v byte)            { w.b = append(w.b, v) }
func (w *writer) uint32(v uint32)        { w.b = binary.LittleEndian.AppendUint32(w.b, v) }
func (w *writer) owner(o store.Owner)    { w.b = append(w.b, o[:]...) }
func (w *writer) string(s string)        { w.uint(uint64(len(s))); w.b = append(w.b, s...) }
func (w *writer) bytes(p []byte)         { w.uint(uint64(len(p))); w.b = append(w.b, p...) }
func (w *writer) time(t time.Time)       { w.int(t.UnixNano()) }
func (w *writer) length(d time.Duration) { w.uint(uint64(min(max(d, 0), anyTime).Milliseconds())) }
func (w *writer) epoch(e epoch)          { w.uint(uint64(e)) }

// identity writes an identity. An entity tag longer than maxETag, which no
// honest server sends, is left out: the next run does without it.
func (w *writer) identity(i store.Identity) {
	var flags byte
	if !i.LastModified.IsZero() {
		flags |= 1
	}
	w.byte(flags)
	w.uint(uint64(i.Size + 1))
	if len(i.ETag) > maxETag {
		i.ETag = ""
	}
	w.string(i.ETag)
	if flags&1 != 0 {
		w.int(i.LastModified.Unix())
	}
}

// reader takes fields from a record. After the first that cannot be read, every
// other is zero, and err says why.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail(what string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", errRecord, what)
	}
	r.b = nil
}

func (r *reader) take(n int) []byte {
	if n > len(r.b) {
		r.fail("cut short")
		return nil
	}
	p := r.b[:n]
	r.b = r.b[n:]
	return p
}

func (r *reader) uint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail("bad number")
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) int() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail("bad number")
		return 0
	}
	r.b = r.b[n:]
	return v
}

// upTo reads a number that may not be above most.
func (r *reader) upTo(most uint64, what string) uint64 {
	v := r.uint()
	if v > most {
		r.fail(what)
		return 0
	}
	return v
}

func (r *reader) byte() byte {
	if p := r.take(1); p != nil {
		return p[0]
	}
	return 0
}

func (r *reader) uint32() uint32 {
	if p := r.take(4); p != nil {
		return binary.LittleEndian.Uint32(p)
	}
	return 0
}

func (r *reader) owner() (o store.Owner) {
	copy(o[:], r.take(len(o)))
	return o
}

func (r *reader) string(most int, what string) string {
	return string(r.take(int(r.upTo(uint64(most), what))))
}

func (r *reader) epoch() epoch { return epoch(r.upTo(1<<32-1, "epoch")) }

func (r *reader) time() time.Time { return time.Unix(0, r.int()) }

// anyTime is a slack that leaves the time of change open.
const anyTime = 100 * 365 * 24 * time.Hour

func (r *reader) length() time.Duration {
	return time.Duration(r.upTo(uint64(anyTime.Milliseconds()), "duration")) * time.Millisecond
}

func (r *reader) key() store.Key {
	k := store.Key(r.string(maxKey, "key"))
	if r.err == nil {
		if err := k.Validate(); err != nil {
			r.fail(err.Error())
		}
	}
	return k
}

// part reads the name of a part file. It is a name to remove, so one that does
// not look like ours is refused.
func (r *reader) part() string {
	s := r.string(maxPart, "part name")
	if r.err == nil && s != "" && (!isPartName(s) || store.Key(s).Validate() != nil) {
		r.fail("part name")
		return ""
	}
	return s
}

func (r *reader) identity() (i store.Identity) {
	flags := r.byte()
	i.Size = int64(r.upTo(1<<63-1, "size")) - 1
	i.ETag = r.string(maxETag, "entity tag")
	if flags&1 != 0 {
		i.LastModified = time.Unix(r.int(), 0).UTC()
	}
	return i
}

// rng reads a range as its offset and length.
func (r *reader) rng() store.Range {
	off := r.upTo(1<<62, "offset")
	n := r.upTo(1<<62, "length")
	if r.err == nil && n == 0 {
		r.fail("empty range")
	}
	return store.Range{Off: int64(off), End: int64(off + n)}
}

func (w *writer) rng(r store.Range) {
	w.uint(uint64(r.Off))
	w.uint(uint64(r.Len()))
}

// Flags of a published object.
const (
	flagSHA256 = 1 << iota
	flagOver
	flagSet
)

// published writes what is told of a published object, without its owner.
func (w *writer) published(p published) {
	var flags byte
	if p.sha256 != nil {
		flags |= flagSHA256
	}
	if p.over {
		flags |= flagOver
	}
	if !p.set.IsZero() {
		flags |= flagSet
	}
	w.byte(flags)
	w.string(string(p.key))
	w.identity(p.id)
	w.uint(uint64(p.size))
	w.uint32(p.crc)
	if p.sha256 != nil {
		w.b = append(w.b, p.sha256...)
	}
	w.time(p.mtime)
	w.length(p.slack)
	if !p.set.IsZero() {
		w.time(p.set)
	}
	w.string(p.part)
}

func (r *reader) published() (p published) {
	flags := r.byte()
	p.over = flags&flagOver != 0
	p.key = r.key()
	p.id = r.identity()
	p.size = int64(r.upTo(1<<62, "size"))
	p.crc = r.uint32()
	if flags&flagSHA256 != 0 {
		p.sha256 = append([]byte(nil), r.take(32)...)
	}
	p.mtime = r.time()
	p.slack = r.length()
	if flags&flagSet != 0 {
		p.set = r.time()
	}
	p.part = r.part()
	return p
}
