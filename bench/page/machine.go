package page

import (
	"bufio"
	"os"
	"runtime"
	"strings"
)

// Machine is where the measurements were made.
type Machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Memory int64  `json:"memory_bytes"`
	System string `json:"system"`
	Go     string `json:"go"`
	// Load is what the system says of its load before the first run; a machine
	// with other work says little.
	Load      string `json:"load"`
	Sources   string `json:"sources"`
	Downloads string `json:"downloads"`
}

// ThisMachine describes the machine as far as Linux tells.
func ThisMachine() Machine {
	m := Machine{
		CPU: field("/proc/cpuinfo", "model name"), Cores: runtime.NumCPU(), Go: runtime.Version(),
		System: strings.TrimSpace(runtime.GOOS + " " + first("/proc/sys/kernel/osrelease")),
		Load:   first("/proc/loadavg"), Memory: kibibytes(field("/proc/meminfo", "MemTotal")) << 10,
	}
	if m.CPU == "" {
		m.CPU = runtime.GOARCH
	}
	return m
}

// first returns the first line of a file, or nothing.
func first(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return line
}

// field returns what stands behind a name and a colon, or nothing.
func field(path, name string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	for in := bufio.NewScanner(f); in.Scan(); {
		if key, value, ok := strings.Cut(in.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func kibibytes(s string) (n int64) {
	for _, c := range strings.TrimSuffix(s, " kB") {
		if c < '0' || c > '9' {
			return 0
		}
		n = n*10 + int64(c-'0')
	}
	return n
}
