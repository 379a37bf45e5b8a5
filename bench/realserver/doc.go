// Package realserver starts nginx and Caddy for tests and measurements: real
// servers beside the origin with knobs, each with its own configuration on a
// loopback port, ended by Close.
//
//	s, err := realserver.Start(realserver.Nginx, realserver.Options{Root: files, Dir: t.TempDir()})
//	if errors.Is(err, realserver.ErrNotInstalled) {
//		t.Skip(err)
//	}
//	defer s.Close()
//	... s.URL("/a.bin") ...
//	traffic, err := s.Traffic() // after Close: complete
package realserver
