package vfs

import (
	"fmt"
	"os"
	"time"
)

// Holder describes this process for a lock file: whoever finds the lock taken
// reads it.
func Holder() string {
	host, err := os.Hostname()
	if err != nil {
		host = "an unknown host"
	}
	return fmt.Sprintf("pid %d on %s since %s", os.Getpid(), host, time.Now().Format(time.RFC3339))
}
