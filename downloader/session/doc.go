// Package session is the HTTP client beneath a bulk downloader: it asks for
// files and ranges of files, and lets no byte through that was not asked for.
//
// The steps are those of a classic client, and each has its name:
//
//	s, err := session.Start(session.Config{})  // begin a session
//	c, err := s.Connect(ctx, u)                 // get a connection to a server
//	r, err := c.OpenRequest(u)                  // open a request
//	err = r.AddHeader("Accept", "image/png")    // add headers
//	r.SetRange(0, 1<<20)                        // say what is wanted,
//	r.SetVersion(v, session.Auto)               // and of which version
//	a, err := r.Send(ctx)                       // send it; redirects are followed
//	n, err := a.Read(buf)                       // read through the caller's buffer
//	a.Close(); c.Close(); s.End()               // everything that was opened is closed
//
// What an answer is good for is decided in one place (judge.go) from what was
// asked, the status and the header: a [Part] that starts where it was asked to,
// the [Whole], an [Empty] file, or [NotModified]. Everything else, a missing file
// first of all, is an [*Error] with a [Kind], and says whether another try may
// help and how long the server asked to be left alone. A body that ends before
// what was promised is an error too, so io.EOF means that all is there.
//
// A server is treated as it asks to be (host.go). [Config.MaxConnsPerHost] bounds
// the requests to one origin at any moment, counted where the bytes come from.
// Below it the session learns how many a host takes: from 429 and 503, and from
// connections that are refused or dropped while others are served. A learned
// limit recovers a step at a time. Retry-After holds the whole host. One that
// answers nobody is looked at by one request now and then, and all others fail
// at once. [Session.TryConnect], [Config.OnReady] and [Session.ReadyAt] let a
// scheduler follow that without waiting.
//
// Headers, cookies and logins go to the origin they were given for and not to
// another one after a redirect; errors and logs show URLs without them. With
// [Config.BlockPrivate] only public addresses are connected to, checked when the
// name has been resolved.
//
// Redirects are followed over RFC 9110, connections kept as in RFC 9112, cookies
// as in RFC 6265; the section stands at each rule.
package session
