package process

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv("PROCESS_TEST_GROW") != "" {
		grow()
		return
	}
	goleak.VerifyTestMain(m)
}

// grow is a program that touches 64 MiB and waits to be killed.
func grow() {
	b := make([]byte, 64<<20)
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1
	}
	_ = os.WriteFile(os.Getenv("PROCESS_TEST_GROW"), nil, 0o600)
	runtime.KeepAlive(b)
	<-time.After(time.Minute)
}

func shell(t *testing.T, script string) Command {
	t.Helper()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	return Command{Path: sh, Args: []string{"-c", script}}
}

func TestRunTellsHowTheProgramEnded(t *testing.T) {
	u, err := Run(t.Context(), shell(t, "echo so >&2; exit 7"))
	if err != nil || u.Exit != 7 || u.Said != "so" || u.Killed || u.Wall <= 0 {
		t.Errorf("got %+v %v", u, err)
	}
}

func TestRunKillsAtTheMoment(t *testing.T) {
	c := shell(t, "exec sleep 60")
	c.KillAfter = 10 * time.Millisecond
	u, err := Run(t.Context(), c)
	if err != nil || !u.Killed || u.Exit != -1 || u.Wall < c.KillAfter || u.Wall > 30*time.Second {
		t.Errorf("got %+v %v", u, err)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := shell(t, "exec sleep 60")
	c.First = func() bool { cancel(); return true }
	if _, err := Run(ctx, c); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestRunSeesPeakMemoryAndTheFirstFile(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells the memory of another process")
	}
	mark := filepath.Join(t.TempDir(), "mark")
	t.Setenv("PROCESS_TEST_GROW", mark)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := Command{Path: os.Args[0], KillAfter: 3 * time.Second}
	c.First = func() bool { _, err := os.Stat(mark); return err == nil }
	u, err := Run(ctx, c)
	if err != nil || u.PeakMemory < 64<<20 || u.PeakMemory > 256<<20 || u.First <= 0 || u.First > u.Wall {
		t.Errorf("got %+v %v", u, err)
	}
}

func TestRunRefusesWhatIsNotThere(t *testing.T) {
	if _, err := Run(t.Context(), Command{Path: filepath.Join(t.TempDir(), "none")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestEnvironLeavesSettingsOut(t *testing.T) {
	t.Setenv("HAUL_MAX_TRIES", "9")
	t.Setenv("https_proxy", "http://proxy.example")
	t.Setenv("KEPT", "1")
	env := Environ()
	if slices.Contains(env, "HAUL_MAX_TRIES=9") || slices.Contains(env, "https_proxy=http://proxy.example") || !slices.Contains(env, "KEPT=1") {
		t.Errorf("got %v", env)
	}
}
