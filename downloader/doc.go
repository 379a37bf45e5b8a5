// Package downloader is the engine: it takes jobs from a queue, fetches what
// they name over one HTTP session, and commits the bytes to a store.
//
//	q := memq.New(memq.Config{})                  // or fileq, which survives a crash
//	s, err := diskstore.Open(fs, diskstore.Config{})
//	e, err := downloader.New(q, s, downloader.Config{})
//	go feed(q)                                    // q.Put(...), then q.Seal(...)
//	err = e.Run(ctx)                              // until all is settled
//
// Queue and store are interfaces; both stay the caller's. For one file there is
// Fetch.
//
// # How a file travels
//
//	borrow     a lease is taken from the queue, the job's name is claimed
//	schedule   a range is bound to a worker when the worker is free, hosts in turn
//	ask        the session sends it: a bounded range, which is the probe as well
//	accept     the answer is held against what is known: same version, or begin anew
//	copy       the body goes through the worker's buffer into the store, and is
//	           committed as it comes
//	plan       what is missing is cut into ranges for whoever is idle
//	publish    size and digest are checked, the file gets its name
//	settle     the job is acknowledged, and its result is handed out
//
// A failure is classified where it happens (session.Error, the store's errors),
// and judged in one place, retry.go: try again later, ask in another way, begin
// anew, turn to a mirror, or give up. Tries are counted without progress.
//
// # What is promised
//
// A visible file is whole and verified. Bytes of two versions of a file never
// meet. Whatever was acknowledged is there after a crash, as far as the store
// promises it. Ranges in flight are never more than Config.Workers, those to one
// host never more than Config.Session.MaxConnsPerHost; body memory is at most
// Workers × BufferSize. Nothing outlives Run. Doing a job twice gives the same
// files.
package downloader
