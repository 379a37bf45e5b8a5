// Package journal is an append-only log with checksums, from which the queue
// and the store on disk rebuild what they knew.
//
// The owner appends records and keeps its state in memory. After a crash, Open
// gives it the newest checkpoint of that state and every record since. Three
// steps make a record safe, each at its own price:
//
//	Append    in a buffer of this process     nothing yet
//	Flush     handed to the system            there after a kill
//	Sync      on the disk                     there after a power cut
//
// Many goroutines that Flush or Sync at once share one write and one sync: the
// first to come leads, the others wait for it. There is no goroutine behind it.
//
// FORMAT.md has the bytes, what can be true after a crash at each write, and
// what is assumed of the disk. A log is written by one process at a time; the
// owner holds the lock that sees to it.
package journal
