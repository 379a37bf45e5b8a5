package peer

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/seed-9a1263fe/haul/bench/source"
)

// many files are more than the slower programs get through within minutes.
const many = 100_000

func anything(Task) bool   { return true }
func single(t Task) bool   { return t.Single() }
func notMany(t Task) bool  { return t.Set.Len < many }
func listOnly(t Task) bool { return !t.Single() && notMany(t) }

// tools are the programs, each without its user's configuration, silent, and
// with what its manual recommends for speed.
var tools = []tool{
	{name: "aria2", program: "aria2c", suits: anything, args: aria2("none")},
	// Preallocation pays for one large file only.
	{name: "aria2-falloc", program: "aria2c", suits: single, args: aria2("falloc")},
	{name: "curl", program: "curl", suits: anything, list: curlLine, args: curl(0)},
	// As many transfers as the others have connections; alone it takes 50.
	{name: "curl-n", program: "curl", suits: listOnly, list: curlLine, args: curl(1)},
	{name: "wget2", program: "wget2", suits: anything, args: wget2},
	{name: "wget", program: "wget", suits: notMany, args: wget},
	{name: "axel", program: "axel", suits: single, args: axel},
	{name: "lftp", program: "lftp", suits: notMany, list: lftpLine, args: lftp},
	{name: "rclone", program: "rclone", suits: notMany, list: nameLine, args: rclone},
}

func aria2(allocation string) func(t Task, list, out string) []string {
	return func(t Task, list, out string) []string {
		args := []string{
			"--no-conf", "--quiet", "--summary-interval=0", "--async-dns=false", "--file-allocation=" + allocation,
			"--input-file=" + list, "--dir=" + out,
			"--max-concurrent-downloads=" + strconv.Itoa(t.Conns),
			// More than 16 it refuses.
			"--max-connection-per-server=" + strconv.Itoa(min(16, t.Conns)),
			"--split=" + strconv.Itoa(min(16, t.Conns)), "--min-split-size=1M",
		}
		if t.CACert != "" {
			args = append(args, "--ca-certificate="+t.CACert)
		}
		if t.Set.Len >= many {
			args = append(args, "--deferred-input=true")
		}
		if t.Tries > 0 {
			args = append(args, "--max-tries="+strconv.Itoa(t.Tries), "--retry-wait=1")
		}
		return args
	}
}

func curlLine(f source.File, url string) string {
	return fmt.Sprintf("url = %q\noutput = %q", url, f.Name)
}

// curl returns what tells curl to run its default of 50 transfers, or as many as
// the task has connections.
func curl(perConn int) func(t Task, list, out string) []string {
	return func(t Task, list, out string) []string {
		n := t.Conns * perConn
		if n == 0 {
			n = max(50, t.Conns)
		}
		args := []string{
			"-q", "-sS", "--fail", "--parallel", "--parallel-max", strconv.Itoa(n), "--output-dir", out, "--config", list,
		}
		if t.CACert != "" {
			args = append(args, "--cacert", t.CACert)
			if !t.HTTP2 {
				args = append(args, "--http1.1")
			}
		}
		if t.Tries > 0 {
			args = append(args, "--retry", strconv.Itoa(t.Tries))
		}
		return args
	}
}

func wget2(t Task, list, out string) []string {
	args := []string{
		"--no-config", "--quiet", "--no-host-directories", "--no-directories", "--directory-prefix=" + out,
		"--input-file=" + list, "--max-threads=" + strconv.Itoa(t.Conns), "--no-robots",
	}
	if t.CACert != "" {
		args = append(args, "--ca-certificate="+t.CACert)
		if !t.HTTP2 {
			args = append(args, "--no-http2")
		}
	}
	return args
}

func wget(t Task, list, out string) []string {
	args := []string{"--no-config", "--quiet", "--no-directories", "--directory-prefix=" + out, "--input-file=" + list}
	if t.CACert != "" {
		args = append(args, "--ca-certificate="+t.CACert)
	}
	return args
}

func axel(t Task, _, out string) []string {
	args := []string{"--quiet", "--num-connections=" + strconv.Itoa(t.Conns), "--output=" + filepath.Join(out, t.Set.At(0).Name)}
	if t.CACert != "" {
		// It can only be told to trust everybody.
		args = append(args, "--insecure")
	}
	return append(args, t.url(0))
}

// lftp runs its list as a script. It gets one file in as many ranges as there
// are connections; of a list it takes as many at once.
func lftp(t Task, list, out string) []string {
	n := strconv.Itoa(t.Conns)
	script := []string{
		"set net:connection-limit 0", "set xfer:clobber true", "set cmd:parallel " + n, "set cmd:queue-parallel " + n,
		"set pget:default-n " + n, "lcd " + strconv.Quote(out),
	}
	if t.CACert != "" {
		script = append(script, "set ssl:ca-file "+strconv.Quote(t.CACert))
	}
	if t.Single() {
		script = append(script, "pget "+strconv.Quote(t.url(0)))
	} else {
		script = append(script, "source "+strconv.Quote(list), "queue start", "wait all")
	}
	return []string{"--norc", "-c", strings.Join(script, "; ")}
}

func lftpLine(_ source.File, url string) string { return "queue get " + strconv.Quote(url) }

func rclone(t Task, list, out string) []string {
	n := strconv.Itoa(t.Conns)
	args := []string{
		"copy", ":http:", out, "--config=", "--quiet", "--http-url=" + t.Base + t.Set.Prefix, "--files-from-raw=" + list,
		"--no-traverse", "--no-check-dest", "--transfers=" + n, "--checkers=" + n, "--multi-thread-streams=" + n,
	}
	if t.CACert != "" {
		args = append(args, "--ca-cert="+t.CACert)
		if !t.HTTP2 {
			args = append(args, "--disable-http2")
		}
	}
	return args
}

func nameLine(f source.File, _ string) string { return f.Name }
