package list

import (
	"errors"
	"io"
)

// ErrPause may be returned by a reader, with no bytes, whose writer has paused:
// somebody writes the list while it is read. The entry that has been read so far
// is then given out at once, where it would otherwise wait for the beginning of
// the next one, since option lines might still come. A reader returns it once in
// a pause and then waits.
var ErrPause = errors.New("list: the writer has paused")

// steady hides pauses from readers that would take them for an end.
type steady struct{ r io.Reader }

func (s steady) Read(p []byte) (int, error) {
	for {
		n, err := s.r.Read(p)
		if !errors.Is(err, ErrPause) {
			return n, err
		}
		if n > 0 {
			return n, nil
		}
	}
}
