package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-9a1263fe/haul/store/diskstore"
)

func newState(io stdio) *cobra.Command {
	o := defaultOptions()
	dump := &cobra.Command{
		Use:                   "dump [-d DIR]",
		Short:                 "Write the state as JSON, an object a line",
		Args:                  noArgs,
		DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, err := recall(o.dir)
			if err != nil {
				return err
			}
			defer m.close() // it was only read
			return m.dump(cmd.Context(), io.out)
		},
	}
	addPlaceFlags(dump.Flags(), o)
	cmd := &cobra.Command{Use: "state", Short: "Look into the state of an output directory", Args: noArgs}
	cmd.AddCommand(dump)
	return cmd
}

// dumped is an object in the dump: what kind it is, and what applies to it.
type dumped struct {
	Kind         string `json:"kind"` // complete, begun, list or failed
	Job          string `json:"job,omitempty"`
	Path         string `json:"path,omitempty"`
	Size         *int64 `json:"size,omitempty"`
	Present      *int64 `json:"present,omitempty"`
	ETag         string `json:"etag,omitempty"`
	LastModified string `json:"last_modified,omitempty"`
	CRC32C       string `json:"crc32c,omitempty"`
	SHA256       string `json:"sha256,omitempty"`
	Doubtful     bool   `json:"doubtful,omitempty"`

	List   string `json:"list,omitempty"`
	Done   *int64 `json:"done,omitempty"`
	Owed   *int64 `json:"owed,omitempty"`
	Failed *int64 `json:"failed,omitempty"`
	Read   *int64 `json:"read,omitempty"`
	Error  string `json:"error,omitempty"`
	Reason string `json:"message,omitempty"`
}

func (m *memory) dump(ctx context.Context, w io.Writer) error {
	buf := bufio.NewWriter(w)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	for _, l := range m.jobs.Lists {
		if err := enc.Encode(dumped{Kind: "list", List: l.Name, Size: &l.Size, Read: &l.Read, Done: &l.Done, Owed: &l.Owed, Failed: &l.Failed}); err != nil {
			return err
		}
	}
	for _, f := range m.jobs.Failures {
		if err := enc.Encode(dumped{Kind: "failed", Job: f.ID.String(), List: f.List, Error: f.Reason.Kind, Reason: f.Reason.Text}); err != nil {
			return err
		}
	}
	for r := range m.files.Unfinished() {
		if err := enc.Encode(dumpFile("begun", r)); err != nil {
			return err
		}
	}
	for r, err := range m.files.Published(ctx) {
		if err != nil {
			return fmt.Errorf("state: %w", err)
		}
		d := dumpFile("complete", r)
		d.CRC32C = fmt.Sprintf("%08x", r.CRC32C)
		if err := enc.Encode(d); err != nil {
			return err
		}
	}
	return buf.Flush()
}

func dumpFile(kind string, r diskstore.Record) dumped {
	d := dumped{
		Kind: kind, Job: r.Owner.String(), Path: string(r.Key), Present: &r.Present,
		ETag: r.Identity.ETag, SHA256: hex.EncodeToString(r.SHA256), Doubtful: r.Doubtful,
	}
	if r.Identity.Size >= 0 {
		d.Size = &r.Identity.Size
	}
	if t := r.Identity.LastModified; !t.IsZero() {
		d.LastModified = t.UTC().Format(time.RFC3339)
	}
	return d
}
