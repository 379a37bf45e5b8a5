package journal

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/seed-9a1263fe/haul/store/vfs"
)

// imageVar names, for the child of the test below, the directory with the disk.
const imageVar = "JOURNAL_TEST_DISK"

// TestRealDiskThatFillsUpLosesNothing fills an ext4 of its own. The disk is
// mounted by a child in a mount namespace, so that it goes away with the child
// however that ends.
func TestRealDiskThatFillsUpLosesNothing(t *testing.T) {
	if dir := os.Getenv(imageVar); dir != "" {
		fillRealDisk(t, dir)
		return
	}
	mkfs, err := exec.LookPath("mkfs.ext4")
	if err != nil || os.Geteuid() != 0 {
		t.Skip("mounting a small ext4 needs root and mkfs.ext4")
	}
	dir := t.TempDir()
	image := filepath.Join(dir, "image")
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(image, 8<<20); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(mkfs, "-q", image).CombinedOutput(); err != nil {
		t.Fatalf("mkfs: %v: %s", err, out)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestRealDiskThatFillsUpLosesNothing$", "-test.v")
	child.Env = append(os.Environ(), imageVar+"="+dir)
	child.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	out, err := child.CombinedOutput()
	if errors.Is(err, syscall.EPERM) {
		t.Skip("this root may not have a mount namespace of its own")
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// fillRealDisk is the child.
func fillRealDisk(t *testing.T, dir string) {
	disk := filepath.Join(dir, "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-o", "loop", filepath.Join(dir, "image"), disk).CombinedOutput(); err != nil {
		t.Fatalf("mount: %v: %s", err, out)
	}
	fsys, err := vfs.NewOS(disk)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = fsys.Close() }()
	small := func(o *Options) { o.SegmentSize = 50_000 }
	l, _ := open(t, fsys, small)
	var taken []string
	for round := range 3 {
		fill(t, fsys)
		taken = append(taken, appendUntilFull(t, l, round)...)
		got := readOnly(t, fsys)
		if len(got) < len(taken)-1 || !slices.Equal(got, taken[:len(got)]) {
			t.Fatalf("round %d, full: %d records are on the disk, %d were taken", round, len(got), len(taken))
		}
		if err := fsys.Remove("filler"); err != nil {
			t.Fatal(err)
		}
		if err := l.Flush(l.Last()); err != nil {
			t.Fatalf("round %d, with room again: %v", round, err)
		}
	}
	closeLog(t, l)
	if _, got := open(t, fsys, small); !slices.Equal(got, taken) {
		t.Fatalf("got %d records, want the %d that were taken", len(got), len(taken))
	}
}

// fill writes a file until there is no room for another block.
func fill(t *testing.T, fsys vfs.FS) {
	t.Helper()
	f, err := fsys.OpenFile("filler", vfs.ReadWrite|vfs.Create)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 4096)
	for off := int64(0); ; off += int64(len(b)) {
		if _, err := f.WriteAt(b, off); err != nil {
			if !errors.Is(err, vfs.ErrNoSpace) {
				t.Fatal(err)
			}
			break
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// appendUntilFull returns the records that were taken. The last one could not
// be flushed.
func appendUntilFull(t *testing.T, l *Log, round int) []string {
	t.Helper()
	var taken []string
	for i := 0; ; i++ {
		body := fmt.Sprintf("round %d record %d %s", round, i, strings.Repeat("x", i%500))
		lsn, err := l.Append(1, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, body)
		if err := l.Flush(lsn); err != nil {
			if !errors.Is(err, vfs.ErrNoSpace) || errors.Is(err, ErrFailed) {
				t.Fatalf("flush on a full disk: %v", err)
			}
			return taken
		}
	}
}

// readOnly returns what stands in the log, which is in use.
func readOnly(t *testing.T, fsys vfs.FS) []string {
	t.Helper()
	var bodies []string
	err := Dump(fsys, "log", "test", func(f Frame) error {
		for _, r := range f.Records {
			if r.Type == 1 {
				bodies = append(bodies, string(r.Body))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return bodies
}
