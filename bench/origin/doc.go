// Package origin is an HTTP server with knobs: it serves files that exist only
// as a formula, and misbehaves on request.
//
// A File is a pure function of its seed, so one of many GiB costs no memory and
// every byte that a client stored can be checked against File.ReadAt, Check or
// SHA256. Answers follow RFC 9110 (validators, conditions, ranges) until a
// Fault says otherwise; what a client did is recorded and read with Stats and
// Requests.
//
//	o := origin.New(origin.Config{Seed: 1})
//	f := o.Add("/a.bin", origin.File{
//		Size:   1 << 20,
//		Faults: []origin.Fault{{Times: 1, Break: origin.CutAfter(1000)}},
//	})
//	srv, err := o.Start(origin.Options{})
//	...
//	resp, err := srv.Client().Get(srv.URL("/a.bin"))
//
// Start listens on loopback, or on a Network: connections in memory whose every
// wait is durably blocking, so that clients and servers can be run in a
// testing/synctest bubble where minutes of stalling cost no time. A Network and
// its servers are made inside the bubble that uses them.
package origin
