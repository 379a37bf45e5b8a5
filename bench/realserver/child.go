package realserver

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// errPortTaken says that somebody else was faster.
var errPortTaken = errors.New("address already in use")

// program is how a server is run, and what it says when it is ready.
type program struct {
	name  string
	args  []string
	env   []string
	ready string    // part of the line on standard error after which it accepts
	quit  os.Signal // asks it to end in good order
}

// startWait and stopWait bound what a program may take to begin and to end.
const (
	startWait = 20 * time.Second
	stopWait  = 10 * time.Second
)

// child is a running program. Its goroutine reads what the program says until
// it has ended; stop waits for both.
type child struct {
	cmd   *exec.Cmd
	quit  os.Signal
	ready chan struct{} // closed at the ready line
	done  chan struct{} // closed when the program has ended

	once sync.Once

	mu   sync.Mutex
	said []string // its latest lines
}

// spawn runs p until it is ready.
func spawn(p program) (*child, error) {
	path, err := exec.LookPath(p.name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotInstalled, err)
	}
	c := &child{
		cmd: exec.Command(path, p.args...), quit: p.quit,
		ready: make(chan struct{}), done: make(chan struct{}),
	}
	c.cmd.Env = append(os.Environ(), p.env...)
	dieWithParent(c.cmd)
	stderr, err := c.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	go c.listen(stderr, p.ready)
	return c, c.await()
}

// await returns when the program is ready, or ends it if it will not be.
func (c *child) await() error {
	late := time.NewTimer(startWait)
	defer late.Stop()
	select {
	case <-c.ready:
		return nil
	case <-c.done:
	case <-late.C:
		_ = c.stop()
	}
	said := c.lines()
	if strings.Contains(strings.ToLower(said), errPortTaken.Error()) {
		return errPortTaken
	}
	return fmt.Errorf("did not start: %s", said)
}

// listen reads what the program says, and waits for its end.
func (c *child) listen(stderr io.Reader, ready string) {
	defer close(c.done)
	var once sync.Once
	in := bufio.NewScanner(stderr)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		c.note(in.Text())
		if strings.Contains(in.Text(), ready) {
			once.Do(func() { close(c.ready) })
		}
	}
	// A line too long ends the scan, but must not block the program.
	_, _ = io.Copy(io.Discard, stderr)
	_ = c.cmd.Wait() // how it ended matters only before it was ready
}

// keepLines is how much of what a program says is kept for an error.
const keepLines = 20

func (c *child) note(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.said) == keepLines {
		c.said = append(c.said[:0], c.said[1:]...)
	}
	c.said = append(c.said, line)
}

func (c *child) lines() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.said, "\n")
}

// stop asks the program to end, makes it end, and waits until it has.
func (c *child) stop() error {
	var err error
	c.once.Do(func() { err = c.cmd.Process.Signal(c.quit) })
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	late := time.NewTimer(stopWait)
	defer late.Stop()
	select {
	case <-c.done:
		return err
	case <-late.C:
	}
	err = errors.Join(errors.New("had to be killed"), c.cmd.Process.Kill())
	<-c.done
	return err
}
