package vfs

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

func TestRootIsMadeWithItsParents(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b", "c")
	o := newOS(t, dir)
	write(t, o, "f", "x")
	if b, err := os.ReadFile(filepath.Join(dir, "f")); err != nil || string(b) != "x" {
		t.Errorf("got %q, %v", b, err)
	}
}

func TestRootThatIsAFileIsRefused(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	must(t, os.WriteFile(name, nil, 0o600))
	if _, err := NewOS(name); err == nil {
		t.Error("a file was taken for a directory")
	}
}

func TestPlantedLinksNeverLeadOut(t *testing.T) {
	outside := t.TempDir()
	secret := filepath.Join(outside, "secret")
	must(t, os.WriteFile(secret, []byte("secret"), 0o600))
	dir := t.TempDir()
	must(t, os.Symlink(secret, filepath.Join(dir, "file")))
	must(t, os.Symlink(filepath.Join(outside, "new"), filepath.Join(dir, "dangling")))
	must(t, os.Symlink(outside, filepath.Join(dir, "dir")))
	must(t, os.Symlink("../"+filepath.Base(outside), filepath.Join(dir, "relative")))
	o := newOS(t, dir)
	write(t, o, "mine", "mine")

	for _, name := range []string{"file", "dangling", "dir/secret", "relative/secret", "dir/new"} {
		for _, flag := range []int{os.O_RDONLY, os.O_RDWR | os.O_CREATE, os.O_RDWR | os.O_CREATE | os.O_TRUNC, os.O_RDWR | os.O_CREATE | os.O_EXCL} {
			if _, err := o.OpenFile(name, flag); err == nil {
				t.Errorf("%s was opened with flags %#x", name, flag)
			}
		}
	}
	for what, err := range map[string]error{
		"rename into":    o.Rename("mine", "dir/new"),
		"excl into":      o.RenameExcl("mine", "relative/new"),
		"rename out of":  o.Rename("dir/secret", "got"),
		"remove through": o.Remove("dir/secret"),
		"mkdir through":  o.MkdirAll("dir/sub"),
		"lock":           lockErr(o, "file"),
		"sync":           o.SyncDir("dir"),
	} {
		if err == nil {
			t.Errorf("%s a link was allowed", what)
		}
	}
	must(t, o.Rename("mine", "file")) // takes the place of the link itself
	wantContent(t, o, "file", "mine")
	if b, err := os.ReadFile(secret); err != nil || string(b) != "secret" {
		t.Errorf("the file outside holds %q, %v", b, err)
	}
	if entries, err := os.ReadDir(outside); err != nil || len(entries) != 1 {
		t.Errorf("outside there are %v, %v; want only the secret", entries, err)
	}
}

func lockErr(fsys FS, name string) error {
	_, err := fsys.Lock(name, "x")
	return err
}

func TestLinkInTheLastPlaceIsNotFollowedInside(t *testing.T) {
	dir := t.TempDir()
	o := newOS(t, dir)
	write(t, o, "target", "whole")
	must(t, os.Symlink("target", filepath.Join(dir, "link")))
	if _, err := o.OpenFile("link", os.O_RDWR|os.O_TRUNC); err == nil {
		t.Error("a link was followed")
	}
	if info, err := o.Stat("link"); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("stat of a link: %v, %v; want the link itself", info, err)
	}
	wantErr(t, "rename onto a link", o.RenameExcl("target", "link"), fs.ErrExist)
	wantContent(t, o, "target", "whole")
}

func TestDirectoryReplacedByAnotherProcessIsFoundAgain(t *testing.T) {
	dir := t.TempDir()
	o := newOS(t, dir)
	must(t, o.MkdirAll("a"))
	write(t, o, "a/f", "old")
	must(t, os.RemoveAll(filepath.Join(dir, "a")))
	must(t, os.Mkdir(filepath.Join(dir, "a"), 0o700))
	write(t, o, "a/f", "new")
	if b, err := os.ReadFile(filepath.Join(dir, "a", "f")); err != nil || string(b) != "new" {
		t.Errorf("got %q, %v", b, err)
	}
}

func TestManyDirectoriesTakeFewDescriptors(t *testing.T) {
	o := newOS(t, t.TempDir())
	const dirs = 4 * maxDirs
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range dirs {
				name := fmt.Sprintf("d%d", (i*7+w*13)%dirs)
				if err := o.MkdirAll(name); err != nil {
					t.Error(err)
					return
				}
				from, to := fmt.Sprintf("%s/part%d", name, w), fmt.Sprintf("%s/whole%d", name, w)
				f, err := o.OpenFile(from, os.O_RDWR|os.O_CREATE)
				if err != nil {
					t.Error(err)
					return
				}
				if err := f.Close(); err != nil {
					t.Error(err)
				}
				if err := o.RenameExcl(from, to); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	o.dirs.mu.Lock()
	defer o.dirs.mu.Unlock()
	if n := len(o.dirs.byName); n > maxDirs || n != o.dirs.recent.Len() {
		t.Errorf("%d directories are kept, %d in the list; want at most %d", n, o.dirs.recent.Len(), maxDirs)
	}
	for _, e := range o.dirs.byName {
		if e.users != 0 {
			t.Errorf("%s still has %d users", e.name, e.users)
		}
	}
}

// The lock must end with the process however it ends, so a child takes it and
// is killed.
func TestLockEndsWithTheProcess(t *testing.T) {
	dir := os.Getenv("VFS_LOCK_CHILD")
	if dir != "" {
		holdLock(dir)
		return
	}
	dir = t.TempDir()
	o := newOS(t, dir)
	child := exec.Command(os.Args[0], "-test.run=^TestLockEndsWithTheProcess$")
	child.Env = append(os.Environ(), "VFS_LOCK_CHILD="+dir)
	out, err := child.StdoutPipe()
	must(t, err)
	_, err = child.StdinPipe()
	must(t, err)
	must(t, child.Start())
	if _, err := out.Read(make([]byte, 1)); err != nil { // it has the lock
		t.Errorf("child: %v", err)
	}
	wantErr(t, "lock that a child holds", lockErr(o, "LOCK"), ErrLocked)
	must(t, child.Process.Kill())
	if err := child.Wait(); err == nil {
		t.Error("child ended by itself")
	}
	lock, err := o.Lock("LOCK", "me")
	must(t, err)
	must(t, lock.Close())
}

// holdLock is the child: it says that it has the lock and waits to be killed.
func holdLock(dir string) {
	o, err := NewOS(dir)
	if err != nil {
		os.Exit(3)
	}
	if _, err := o.Lock("LOCK", "child"); err != nil {
		os.Exit(4)
	}
	fmt.Print("x")
	_, _ = io.Copy(io.Discard, os.Stdin) // ends only with the parent
	os.Exit(5)
}
