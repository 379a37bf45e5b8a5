package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/seed-9a1263fe/haul/cmd/haul/internal/report"
	"github.com/seed-9a1263fe/haul/downloader/list"
)

func newReport(io stdio) *cobra.Command {
	out := "-"
	cmd := &cobra.Command{
		Use:   "report RESULTS ... [-o FILE.html]",
		Short: "Make one HTML page of result records: throughput, sizes, hosts, errors, slowest files",
		Long: `Reads the records of one or more --results files, which may be compressed with gzip
or zstd ("-" is standard input), and writes one HTML page with what they tell:
throughput over time, sizes, durations, hosts, errors with examples, tries, and
the slowest and largest files. The page needs no other file, no network and no
script, and shows no credentials. Lines that are no records are counted and named.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageErrorf("report needs a file that --results wrote, or - for standard input")
			}
			return nil
		},
		DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			return writeReport(cmd.Context(), args, out, io)
		},
	}
	f := &flags{FlagSet: cmd.Flags(), group: "Flags"}
	f.text(&out, "out", "o", "write the page to `FILE`, replacing it; - is standard output")
	return cmd
}

// writeReport reads results and writes the page of them. A file that breaks off
// is told of after the page of all else is written.
func writeReport(ctx context.Context, results []string, out string, io stdio) error {
	r := report.New()
	var unread error
	for _, name := range results {
		if err := sameFile(name, out); err != nil {
			return err
		}
	}
	for _, name := range results {
		if err := readResults(ctx, r, name, io.in); err != nil {
			if ctx.Err() != nil || exitCode(err) != exitFailed {
				return err
			}
			unread = errors.Join(unread, err)
		}
	}
	if r.Broken() > 0 {
		fmt.Fprintf(io.err, "haul: %s not counted:\n", plural(r.Broken(), "line is no record and was", "lines are no records and were"))
		for _, b := range r.BrokenLines() {
			fmt.Fprintf(io.err, "  %s: %s\n", printable(b.Place), printable(b.Why))
		}
	}
	if r.Records() == 0 {
		return errors.Join(usageErrorf("report: no record could be read"), unread)
	}
	return errors.Join(writePage(r, out, io.out), unread)
}

func readResults(ctx context.Context, r *report.Report, name string, stdin io.Reader) error {
	if name == "-" {
		return r.Read(ctx, "standard input", steady{newLivePipe(ctx, stdin)})
	}
	f, err := os.Open(name)
	if err != nil {
		return usageErrorf("results file: %w", err)
	}
	defer f.Close() // it was only read
	return r.Read(ctx, name, f)
}

// steady is a live pipe for a reader to whom pauses mean nothing.
type steady struct{ *livePipe }

func (s steady) Read(b []byte) (int, error) {
	for {
		n, err := s.livePipe.Read(b)
		if !errors.Is(err, list.ErrPause) {
			return n, err
		}
		if n > 0 {
			return n, nil
		}
	}
}

// sameFile refuses to write the page over the records that it is made of.
func sameFile(results, out string) error {
	a, err := os.Stat(results)
	if err != nil {
		return nil // opening it says why
	}
	if b, err := os.Stat(out); err == nil && a.Mode().IsRegular() && os.SameFile(a, b) {
		return usageErrorf("-o %s: is one of the results files, which would be lost", out)
	}
	return nil
}

// writePage writes the page to standard output, to a device, or to a file that
// appears under its name when it is whole.
func writePage(r *report.Report, name string, stdout io.Writer) error {
	if name == "-" {
		return r.WriteHTML(stdout)
	}
	mode := fs.FileMode(0o666)
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real // the link stays
	}
	if info, err := os.Stat(name); err == nil {
		if !info.Mode().IsRegular() {
			return writeDevice(r, name)
		}
		mode = info.Mode().Perm()
	}
	temp := fmt.Sprintf("%s.%d.tmp", name, os.Getpid())
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return &exitError{exitUsage, fmt.Errorf("report: %w", err)}
	}
	err = errors.Join(r.WriteHTML(f), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(temp, name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("report: %w", err), os.Remove(temp))
	}
	return nil
}

func writeDevice(r *report.Report, name string) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return usageErrorf("report: %w", err)
	}
	return errors.Join(r.WriteHTML(f), f.Close())
}
