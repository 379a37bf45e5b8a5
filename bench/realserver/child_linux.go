package realserver

import (
	"os/exec"
	"syscall"
)

// dieWithParent lets the program end also when this process is killed and can
// no longer stop it.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
}
