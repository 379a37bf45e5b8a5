// Package store is the contract for bytes that are safely here.
//
// A store keeps objects. An object is one file on its way: it belongs to one
// owner (the job that fetches it), carries the identity that the origin gave
// its bytes, and is invisible until it is whole.
//
//	          Open            WriteAt, Commit            Publish
//	nothing ───────▶ unfinished ───────────▶ unfinished ─────────▶ published
//	   ▲                 │  ▲ │
//	   │     Discard     │  └─┘ Reset: other identity, no bytes
//	   └─────────────────┘
//
// Writing shows nothing to anyone. Committing vouches for a range, also in a
// process started after this one was killed. Publishing makes the object
// visible under its key, whole and verified, or does nothing. The three endings
// of an open object are Publish (done), Close (keep for later) and Discard
// (forget).
//
// A store knows neither queues nor HTTP. Package storetest has the suite that
// every implementation passes.
package store

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"time"
)

var (
	// ErrNotFound is returned by Stat when the store knows nothing of the owner.
	ErrNotFound = errors.New("store: not found")

	// ErrExists is returned when a key is taken by something that is not this
	// owner's: another owner's object, or a file that the store did not write.
	ErrExists = errors.New("store: name is taken")

	// ErrBusy is returned by Open when the owner's object, or the key, is open
	// already.
	ErrBusy = errors.New("store: object is in use")

	// ErrIncomplete is returned by Publish when bytes are missing.
	ErrIncomplete = errors.New("store: object is incomplete")

	// ErrMismatch is returned by Publish, wrapped with what was found and what
	// was wanted, when size or digest differ from what was asked for.
	ErrMismatch = errors.New("store: object does not match")

	// ErrPoisoned is returned by an object after one of its writes or syncs
	// failed in a way that leaves its bytes unknown. Only Discard, Reset and
	// Close are left: nothing it holds will be vouched for.
	ErrPoisoned = errors.New("store: object is poisoned")

	// ErrInUse is returned when a store's place is held by another process.
	ErrInUse = errors.New("store: in use by another run")

	// ErrNoSpace is wrapped by every error that was caused by a full disk or an
	// exhausted quota.
	ErrNoSpace = errors.New("store: no space left")

	// ErrClosed is returned by every method of a store or object after Close.
	ErrClosed = errors.New("store: closed")
)

// Owner names who an object is for: the job's ID, in the queue's terms.
type Owner [16]byte

// String returns the owner as 32 hexadecimal digits.
func (o Owner) String() string { return hex.EncodeToString(o[:]) }

// State says how far an owner's object is.
type State uint8

const (
	// Unfinished objects hold some committed bytes and are not visible.
	Unfinished State = iota + 1
	// Published objects are whole, verified and visible under their key.
	Published
)

// Info describes what the store holds for an owner.
type Info struct {
	State    State
	Key      Key
	Identity Identity
	// Present is the number of bytes that are vouched for; for a published
	// object, its size.
	Present int64
	// SHA256 is the digest of a published object, where it was computed.
	SHA256 []byte
}

// Want says what Publish must find, and what else it shall do. The zero value
// asks for nothing beyond completeness.
type Want struct {
	// Digests that the bytes must have, every one of them.
	Digests []Digest
	// SHA256 asks for Info.SHA256, which costs a pass over the bytes that were
	// not written in order.
	SHA256 bool
	// Replace allows the object to take the place of whatever has its key.
	Replace bool
	// ModTime, when not zero, becomes the modification time of the file.
	ModTime time.Time
}

// Store keeps objects. All methods may be called from any number of goroutines.
type Store interface {
	// Stat tells what is held for an owner: its published object if that still
	// stands where it was put with the size it had, else its unfinished one,
	// else ErrNotFound. It reads no body but that of an object which a power cut
	// has left in doubt, and that one once.
	Stat(ctx context.Context, owner Owner) (Info, error)

	// Taken reports whether something has the key, or is on its way to it, that
	// does not belong to the owner. The answer may be out of date when it
	// arrives; Publish decides.
	Taken(ctx context.Context, owner Owner, key Key) (bool, error)

	// Open begins the owner's object or goes on with it. An unfinished object
	// of this owner is opened with the bytes that are vouched for and with the
	// key that it has, whatever key is given. A published one is begun anew
	// beside what is visible. The key must be valid. At most one Object of an
	// owner is open at any time: ErrBusy.
	Open(ctx context.Context, owner Owner, key Key) (Object, error)

	// Close makes what was committed and published as durable as the store makes
	// anything, and releases everything, locks included. Objects still open are
	// closed. A second Close returns nil.
	Close() error
}

// Object is one open object. WriteAt and Commit of disjoint ranges may run at
// once; Reset, Rename, Publish, Discard and Close run alone. After Publish
// (when it succeeds), Discard and Close, everything but Close returns ErrClosed.
type Object interface {
	// Key is the name it will have.
	Key() Key

	// Rename changes the name that it will have. ErrExists if that is on its
	// way to somebody else.
	Rename(ctx context.Context, key Key) error

	// Identity is what the last Reset said, in this process or before. The zero
	// Identity means that there was none: the object is new.
	Identity() Identity

	// Reset gives up every byte and says whose the next ones are. It also says
	// the size: ranges outside of it are refused. It cures a poisoned object.
	Reset(ctx context.Context, id Identity) error

	// Extents are the ranges that were committed, now or before.
	Extents() Extents

	// WriteAt takes bytes of the present identity, visible to no one. It may
	// be called again for a range that was written, but is refused for one that
	// was committed. It does not keep p.
	io.WriterAt

	// Commit vouches for a range that was written through this Object. When it
	// returns nil, the range is in Extents, also in a process started after
	// this one was killed; after a power cut it is checked first, or owed
	// again. Whoever fetches a small object in one go may leave it out: Publish
	// takes what was written.
	Commit(ctx context.Context, r Range) error

	// Publish makes the object visible under its key. Every byte of it must
	// have been written here or committed before; where the size is unknown, the
	// bytes must be one run from zero, whose end becomes the size. When it
	// returns nil, the object is there for everyone, also after a kill; and
	// after a power cut it is whole, or owed again.
	//
	// ErrIncomplete, ErrMismatch and ErrExists leave the object as it was, and
	// open: more may be written, or it may be reset, renamed or discarded.
	Publish(ctx context.Context, want Want) (Info, error)

	// Discard forgets the object and its bytes, and closes it.
	Discard(ctx context.Context) error

	// Close keeps what was committed and releases the object. A second Close
	// returns nil.
	Close() error
}
