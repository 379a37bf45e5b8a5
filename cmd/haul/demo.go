package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-9a1263fe/haul/downloader"
)

func newDemo(io stdio, env environment) *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Download a few hundred files from a misbehaving server inside this program, and check every byte",
		Long: `Starts a server on this machine that misbehaves now and then, downloads a few
hundred files of mixed sizes from it as any list would be, compares every byte
with what the server has, and tells what happened. It takes some seconds, needs
no network and some 150 MB below the directory for temporary files, and leaves
nothing behind.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return demo(cmd.Context(), io, env) },
	}
}

// demo runs the demonstration. It fails if one byte is wrong, if a file is
// missing, or if a dead link did not fail as such.
func demo(ctx context.Context, io stdio, env environment) (err error) {
	dir, err := os.MkdirTemp("", "haul-demo-")
	if err != nil {
		return placeErrorf("demo: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	stage, err := newStage()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stage.close()) }()

	fmt.Fprintf(io.err, "haul: demo: %d files, %s, of two servers that misbehave; %d links are dead on purpose\n",
		len(stage.files), formatSize(stage.bytes()), len(stage.dead))
	var records bytes.Buffer
	o := defaultOptions()
	o.dir, o.lists, o.results = dir, []string{"-"}, "-"
	o.timeout, o.retryWait = time.Second, 200*time.Millisecond
	began := time.Now()
	end, err := download(ctx, o, nil, stdio{strings.NewReader(stage.list()), &records, io.err}, env)
	took := time.Since(began)
	if err != nil && !errors.Is(err, errJobsFailed) {
		return err
	}
	if err := stage.check(dir, &records); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	stage.tell(io.err, &end, took)
	return nil
}

// check compares what was downloaded with what the servers have, and what
// failed with what was to fail.
func (s *stage) check(dir string, records io.Reader) error {
	seen := map[string]bool{}
	for dec := json.NewDecoder(records); ; {
		var r record
		if err := dec.Decode(&r); err == io.EOF {
			break
		} else if err != nil {
			return fmt.Errorf("results: %w", err)
		}
		seen[r.URL] = true
		if err := s.checkOne(dir, &r); err != nil {
			return fmt.Errorf("%s: %w", r.URL, err)
		}
	}
	if want := len(s.files) + len(s.dead); len(seen) != want {
		return fmt.Errorf("%d files have a result, want %d", len(seen), want)
	}
	return nil
}

func (s *stage) checkOne(dir string, r *record) error {
	if s.dead[r.URL] {
		if r.Status != downloader.Failed || r.Error == nil || r.Error.Kind != "not_found" {
			return fmt.Errorf("is a dead link but ended as %s", r.Status)
		}
		return nil
	}
	want, ok := s.files[r.URL]
	if !ok {
		return errors.New("was never asked for")
	}
	if r.Status != downloader.Complete {
		return fmt.Errorf("ended as %s: %v", r.Status, r.Error)
	}
	if r.SHA256 != want.SHA256() {
		return fmt.Errorf("its record has the digest %s, want %s", r.SHA256, want.SHA256())
	}
	f, err := os.Open(filepath.Join(dir, filepath.FromSlash(r.Path)))
	if err != nil {
		return err
	}
	defer f.Close()
	return want.CheckReader(f)
}

// tell says what happened.
func (s *stage) tell(w io.Writer, end *state, took time.Duration) {
	stats := s.origin.Stats()
	fmt.Fprintf(w, "\nEvery byte of %d files (%s) is right, after %s.\n", len(s.files), formatSize(s.bytes()), formatDuration(took))
	fmt.Fprintf(w, "  The servers saw %d requests on %d connections, %d at most at once.\n", stats.Requests, stats.Conns, stats.MaxOpenConns)
	fmt.Fprintf(w, "  They sent %s to deliver %s.\n", formatSize(stats.BodyBytes), formatSize(s.bytes()))
	fmt.Fprintf(w, "  They misbehaved on purpose: %s.\n", strings.Join(s.sins, ", "))
	fmt.Fprintf(w, "  %s, and all ended well.\n", plural(end.Retries, "try was made again", "tries were made again"))
	fmt.Fprintf(w, "  %d dead links failed as not_found, as they should.\n", len(s.dead))
	fmt.Fprintf(w, "  Everything was removed. Now try: haul -i LIST -d DIR\n")
}
