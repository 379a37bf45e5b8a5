package session

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// bindTo returns a net.Dialer.Control that binds sockets to a network interface.
func bindTo(name string) func(network, address string, c syscall.RawConn) error {
	return func(_, _ string, c syscall.RawConn) error {
		var bound error
		err := c.Control(func(fd uintptr) { bound = unix.BindToDevice(int(fd), name) })
		if err != nil {
			return err
		}
		if bound != nil {
			return fmt.Errorf("bind to interface %q: %w", name, bound)
		}
		return nil
	}
}
