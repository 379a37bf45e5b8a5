package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/seed-9a1263fe/haul/bench/origin"
)

// TestScripts runs the sessions in testdata: the command as users have it, in a
// process of its own, against a server in this one whose URL is $ORIGIN. Beside
// the usual commands the scripts have those of the world below.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Setup:               setUpWorld,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     exits,
			"interrupt": interrupt,
			"stream":    stream,
			"await":     await,
			"same":      same,
			"served":    served,
			"records":   records,
		},
	})
}

// world is the server of one script.
type world struct {
	origin *origin.Origin
	server *origin.Server
	came   chan string // paths of requests, as they come
	marked origin.Stats
}

// The slow file takes a second or two over as many connections as haul opens.
const (
	slowSize = 12 << 20
	slowRate = 2 << 20 // of each answer, in bytes a second
)

func setUpWorld(env *testscript.Env) error {
	w := &world{came: make(chan string, 10_000)}
	w.origin = origin.New(origin.Config{Seed: 1, Observe: func(r origin.Request) { w.came <- r.Path }})
	for path, f := range map[string]origin.File{
		"/a.bin":       {Size: 100_000},
		"/b.bin":       {Size: 1 << 20},
		"/c.txt":       {Data: []byte("hello world\n"), ContentType: "text/plain"},
		"/empty":       {},
		"/big.bin":     {Size: 20 << 20},
		"/x/same.bin":  {Size: 11},
		"/y/same.bin":  {Size: 12},
		"/named":       {Size: 13, Disposition: `attachment; filename="from header.bin"`},
		"/private":     {Size: 14, User: "ann:secret"},
		"/flaky.bin":   {Size: 50_000, Faults: []origin.Fault{{Times: 1, Status: http.StatusServiceUnavailable}}},
		"/hostile":     {Faults: []origin.Fault{{Status: http.StatusForbidden}}},
		"/moved":       {Redirect: "/c.txt"},
		"/slow.bin":    {Size: slowSize, Faults: []origin.Fault{{BodyRate: slowRate}}},
		"/cut off.bin": {Size: 300_000, Faults: []origin.Fault{{Times: 1, Break: origin.CutAfter(100_000)}}},
	} {
		w.origin.Add(path, f)
	}
	srv, err := w.origin.Start(origin.Options{})
	if err != nil {
		return err
	}
	w.server = srv
	env.Defer(func() { srv.Close() })
	env.Values["world"] = w
	env.Setenv("ORIGIN", strings.TrimSuffix(srv.URL("/"), "/"))
	env.Setenv("HOSTPORT", srv.Addr())
	env.Setenv("HOME", env.WorkDir)
	return fillIn(env.WorkDir, env.Getenv("ORIGIN"))
}

// fillIn writes the server's URL for $ORIGIN, and a carriage return for <CR>,
// into the files of a script.
func fillIn(dir, url string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(path, []byte(strings.NewReplacer("$ORIGIN", url, "<CR>", "\r").Replace(string(text))), 0o666)
	})
}

func worldOf(ts *testscript.TestScript) *world { return ts.Value("world").(*world) }

// exits CODE PROGRAM ARGS... runs a program and wants its exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	switch err := ts.Exec(args[1], args[2:]...); {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// interrupt SIGNAL CODE PATH haul ARGS... runs haul, sends the signal once the
// server has sent some of PATH, and wants haul to exit with the code within two
// seconds. The signal KILL leaves it no time: the code is -1 then. If the script has
// a file called stdin, haul reads it as its standard input.
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	sig := map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM, "KILL": os.Kill}[args[0]]
	cmd := command(ts, args[3:])
	if in, err := os.Open(ts.MkAbs("stdin")); err == nil {
		defer in.Close()
		cmd.Stdin = in
	}
	before := w.origin.FileStats(args[2]).BodyBytes
	ts.Check(cmd.Start())
	ts.Check(w.waitForBytes(args[2], before+(1<<20)))
	at := time.Now()
	ts.Check(cmd.Process.Signal(sig))
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || strconv.Itoa(exit.ExitCode()) != args[1] {
		ts.Fatalf("ended with %v, want exit code %s", err, args[1])
	}
	if took := time.Since(at); took > 2*time.Second {
		ts.Fatalf("took %v to end", took)
	}
}

// command prepares haul to be run in the script's directory and environment.
func command(ts *testscript.TestScript, args []string) *exec.Cmd {
	path := ""
	for dir := range strings.SplitSeq(ts.Getenv("PATH"), string(os.PathListSeparator)) {
		if _, err := os.Stat(dir + "/" + args[0]); err == nil && path == "" {
			path = dir + "/" + args[0]
		}
	}
	cmd := exec.Command(path, args[1:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = []string{"HOME=" + ts.Getenv("HOME"), "PATH=" + ts.Getenv("PATH")}
	cmd.Stdout, cmd.Stderr = ts.Stdout(), ts.Stderr()
	return cmd
}

// patience bounds every wait for haul to do something.
const patience = 20 * time.Second

// waitForBytes returns when the server has sent n bytes of a file. The server
// counts a body while it is sent.
func (w *world) waitForBytes(path string, n int64) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for w.origin.FileStats(path).BodyBytes < n {
		select {
		case <-tick.C:
		case <-late:
			return fmt.Errorf("%d bytes of %s were sent, want %d", w.origin.FileStats(path).BodyBytes, path, n)
		}
	}
	return nil
}

// waitForRequest returns when a request for a path has come that was not waited
// for before.
func (w *world) waitForRequest(path string) error {
	late := time.After(patience)
	for {
		select {
		case got := <-w.came:
			if got == path {
				return nil
			}
		case <-late:
			return fmt.Errorf("nobody asks for %s", path)
		}
	}
}

// stream FIRST SECOND LAST ARGS... gives haul a list on standard input: the first
// two paths, and the last only when the first was asked for. (An entry of a list
// ends where the next one begins, since options may follow.)
func stream(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	cmd := command(ts, append([]string{"haul"}, args[3:]...))
	in, err := cmd.StdinPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	_, err = io.WriteString(in, w.server.URL(args[0])+"\n"+w.server.URL(args[1])+"\n")
	ts.Check(err)
	ts.Check(w.waitForRequest(args[0]))
	_, err = io.WriteString(in, w.server.URL(args[2])+"\n")
	ts.Check(err)
	ts.Check(in.Close())
	ts.Check(cmd.Wait())
}

// await PATH returns when the server was asked for a path.
func await(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(worldOf(ts).waitForRequest(args[0]))
}

// same FILE PATH wants a file to be what the server has at a path.
func same(ts *testscript.TestScript, neg bool, args []string) {
	want, ok := worldOf(ts).origin.File(args[1])
	if !ok {
		ts.Fatalf("the server has no %s", args[1])
	}
	f, err := os.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer f.Close()
	ts.Check(want.CheckReader(f))
}

// served mark begins to count anew what the server sends. served N wants it to have
// sent N bytes of bodies since, and served at-most N no more than that.
func served(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	now := w.origin.Stats()
	if args[0] == "mark" {
		w.marked = now
		return
	}
	want, err := strconv.ParseInt(args[len(args)-1], 10, 64)
	ts.Check(err)
	got := now.BodyBytes - w.marked.BodyBytes
	if got > want || got < want && args[0] != "at-most" {
		ts.Fatalf("%d bytes were sent, want %s", got, strings.Join(args, " "))
	}
}

// records FILE NAME=VALUE... wants exactly one result record in which each named
// field has that value; "error.kind" reaches into the error.
func records(ts *testscript.TestScript, neg bool, args []string) {
	var found int
	lines := bufio.NewScanner(strings.NewReader(ts.ReadFile(args[0])))
	for lines.Scan() {
		var r map[string]any
		ts.Check(json.Unmarshal(lines.Bytes(), &r))
		if e, ok := r["error"].(map[string]any); ok {
			for name := range maps.Keys(e) {
				r["error."+name] = e[name]
			}
		}
		if !slices.ContainsFunc(args[1:], func(want string) bool {
			name, value, _ := strings.Cut(want, "=")
			got, err := json.Marshal(r[name])
			ts.Check(err)
			return strings.Trim(string(got), `"`) != value
		}) {
			found++
		}
	}
	if found != 1 {
		ts.Fatalf("%d records have %v, want 1:\n%s", found, args[1:], ts.ReadFile(args[0]))
	}
}
