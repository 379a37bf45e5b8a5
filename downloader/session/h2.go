package session

import "fmt"

// streamError has the shape of net/http's error for one stream of HTTP/2, which
// lets errors.As fill it in.
type streamError struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

func (e streamError) Error() string { return fmt.Sprintf("stream error %d", e.Code) }

// protocol reports that one side broke the rules (RFC 9113 section 7), rather
// than gave the stream up.
func (e streamError) protocol() bool {
	switch e.Code {
	case 0x1, 0x3, 0x5, 0x6, 0x9: // PROTOCOL_ERROR, FLOW_CONTROL_ERROR, STREAM_CLOSED, FRAME_SIZE_ERROR, COMPRESSION_ERROR
		return true
	}
	return false
}
