//go:build !linux

package process

import (
	"os"
	"os/exec"
)

// dieWithParent does nothing: only Linux can tell a process of its parent's end.
func dieWithParent(*exec.Cmd) {}

// highWater and exactPeak are known on Linux only.
func highWater(int) int64 { return 0 }

func exactPeak(*os.ProcessState) int64 { return 0 }
