package process

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// dieWithParent lets the program end also when this process is killed and can
// no longer stop it.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// highWater returns the most memory that the process ever had resident, in
// bytes; zero if it has none any more.
func highWater(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	in := bufio.NewScanner(bytes.NewReader(text))
	for in.Scan() {
		var kib int64
		if n, _ := fmt.Sscanf(in.Text(), "VmHWM: %d kB", &kib); n == 1 {
			return kib << 10
		}
	}
	return 0
}

// exactPeak returns the peak that the kernel reports at the end of a process. It
// counts the memory of whoever started the process too, as it was between fork
// and exec, so it says something only above that; below it is zero.
func exactPeak(s *os.ProcessState) int64 {
	u, ok := s.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if peak := u.Maxrss << 10; peak > highWater(os.Getpid()) {
		return peak
	}
	return 0
}
