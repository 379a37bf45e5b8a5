//go:build !linux

package session

import (
	"errors"
	"fmt"
	"syscall"
)

// bindTo returns a net.Dialer.Control that refuses: there is no way to bind to
// an interface by name here. Config.LocalAddr does nearly the same.
func bindTo(name string) func(network, address string, c syscall.RawConn) error {
	return func(string, string, syscall.RawConn) error {
		return fmt.Errorf("bind to interface %q: %w", name, errors.ErrUnsupported)
	}
}
