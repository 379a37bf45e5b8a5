package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/seed-9a1263fe/haul/bench/lab"
	"github.com/seed-9a1263fe/haul/bench/page"
	"github.com/seed-9a1263fe/haul/bench/peer"
)

// bench is one call of the program.
type bench struct {
	lab      *lab.Lab
	settings settings
	stdout   io.Writer
	report   page.Report
}

func newBench(l *lab.Lab, s settings, stdout io.Writer) *bench {
	b := &bench{lab: l, settings: s, stdout: stdout}
	b.report.When = time.Now().Format(time.RFC3339)
	b.report.Machine = page.ThisMachine()
	b.report.Machine.Sources, b.report.Machine.Downloads = l.Places()
	b.settings.matrix.Peers = append([]peer.Peer{peer.Haul(l.Haul, s.haulArgs...)}, peer.Installed(s.peers...)...)
	return b
}

// all does what was chosen, and says whether something was not as promised.
func (b *bench) all(ctx context.Context) (broken bool, err error) {
	m := b.report.Machine
	fmt.Fprintf(b.stdout, "%s, %d cores, %s, load %s; sources in %s, downloads in %s\n",
		m.CPU, m.Cores, m.System, m.Load, m.Sources, m.Downloads)
	for _, p := range b.settings.promises {
		o, err := p.Try(ctx, b.lab, b.settings.promise)
		if err != nil {
			return broken, err
		}
		o.Print(b.stdout)
		b.report.Promises = append(b.report.Promises, o)
		broken = broken || !o.Kept()
	}
	if len(b.settings.rows) > 0 {
		b.versions(ctx)
	}
	for _, r := range b.settings.rows {
		t, err := r.Run(ctx, b.lab, b.settings.matrix)
		if err != nil {
			return broken, fmt.Errorf("%s: %w", r.Name, err)
		}
		if err := t.Print(b.stdout); err != nil {
			return broken, err
		}
		b.report.Tables = append(b.report.Tables, t)
		broken = broken || !t.OK()
	}
	return broken, nil
}

// versions asks all programs for theirs.
func (b *bench) versions(ctx context.Context) {
	b.report.Programs = map[string]string{}
	for _, p := range b.settings.matrix.Peers {
		v := p.Version(ctx)
		b.report.Programs[p.Name] = v
		fmt.Fprintf(b.stdout, "%s: %s\n", p.Name, v)
	}
}

// write writes the files that were asked for.
func (b *bench) write() error {
	return errors.Join(
		writeFile(b.settings.json, func(w io.Writer) error {
			e := json.NewEncoder(w)
			e.SetIndent("", "  ")
			return e.Encode(b.report)
		}),
		writeFile(b.settings.html, func(w io.Writer) error { return page.Write(w, b.report) }),
	)
}

// writeFile does nothing without a path.
func writeFile(path string, content func(io.Writer) error) error {
	if path == "" {
		return nil
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(content(f), f.Close())
}
