//go:build unix

package main

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// onSnapshotSignal calls show whenever the process gets SIGUSR1, until the
// function it returns is called.
func onSnapshotSignal(show func()) (stop func()) {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1)
	var waiting sync.WaitGroup
	waiting.Go(func() {
		for range asked {
			show()
		}
	})
	return func() {
		signal.Stop(asked)
		close(asked)
		waiting.Wait()
	}
}
