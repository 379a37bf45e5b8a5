package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/seed-9a1263fe/haul/store/diskstore"
)

// shownBegun is how many begun files the status names.
const shownBegun = 20

func newStatus(io stdio) *cobra.Command {
	o := defaultOptions()
	cmd := &cobra.Command{
		Use:   "status [-d DIR]",
		Short: "Tell what is done, owed, failed and begun in an output directory",
		Long: `Tells what the state in an output directory knows: files that are complete and
begun, and of the jobs that were given there what is done, owed and failed.
Nothing is changed, and a run may be under way.`,
		Args:                  noArgs,
		DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, err := recall(o.dir)
			if err != nil {
				return err
			}
			defer m.close() // it was only read
			return m.writeStatus(cmd.Context(), io.out)
		},
	}
	addPlaceFlags(cmd.Flags(), o)
	return cmd
}

func (m *memory) writeStatus(ctx context.Context, w io.Writer) error {
	var files, bytes, doubtful int64
	for r, err := range m.files.Published(ctx) {
		if err != nil {
			return fmt.Errorf("status: %w", err)
		}
		files++
		bytes += r.Present
		if r.Doubtful {
			doubtful++
		}
	}
	fmt.Fprintf(w, "complete: %s, %s\n", plural(files, "file", "files"), formatSize(bytes))
	if doubtful > 0 {
		fmt.Fprintf(w, "          %s before a power cut and will be looked at again\n", plural(doubtful, "was written shortly", "were written shortly"))
	}
	fmt.Fprintf(w, "owed:     %s\n", plural(m.jobs.Owed, "job", "jobs"))
	if m.jobs.Left > 0 {
		fmt.Fprintf(w, "          and %s of earlier runs, until asked for again\n", plural(m.jobs.Left, "job", "jobs"))
	}
	fmt.Fprintf(w, "failed:   %s\n", plural(m.jobs.Failed, "job", "jobs"))
	kinds := slices.SortedFunc(maps.Keys(m.jobs.Kinds), func(a, b string) int {
		return cmp.Or(cmp.Compare(m.jobs.Kinds[b], m.jobs.Kinds[a]), cmp.Compare(a, b))
	})
	for _, kind := range kinds {
		fmt.Fprintf(w, "          %s: %d\n", kind, m.jobs.Kinds[kind])
	}
	m.writeBegun(w)
	if p := m.jobs.Put; p.Done+p.Owed+p.Failed > 0 {
		fmt.Fprintf(w, "URLs and standard input: %d done, %d owed, %d failed\n", p.Done, p.Owed, p.Failed)
	}
	for _, l := range m.jobs.Lists {
		fmt.Fprintf(w, "list %s: %d done, %d owed, %d failed", printable(l.Name), l.Done, l.Owed, l.Failed)
		if l.Read < l.Size {
			fmt.Fprintf(w, ", %d%% of it read", 100*l.Read/l.Size)
		}
		fmt.Fprintln(w)
	}
	return nil
}

// writeBegun names the files that are begun, those with the most bytes first.
func (m *memory) writeBegun(w io.Writer) {
	begun := slices.Collect(m.files.Unfinished())
	fmt.Fprintf(w, "begun:    %s\n", plural(int64(len(begun)), "file", "files"))
	slices.SortStableFunc(begun, func(a, b diskstore.Record) int { return cmp.Compare(b.Present, a.Present) })
	for i, f := range begun {
		if i == shownBegun {
			fmt.Fprintf(w, "          and %d more\n", len(begun)-i)
			break
		}
		of := ""
		if f.Identity.Size > 0 {
			of = fmt.Sprintf(" of %s (%d%%)", formatSize(f.Identity.Size), 100*f.Present/f.Identity.Size)
		}
		fmt.Fprintf(w, "          %s: %s%s\n", printable(string(f.Key)), formatSize(f.Present), of)
	}
}
