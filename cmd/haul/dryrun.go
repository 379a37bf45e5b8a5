package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/seed-9a1263fe/haul/downloader"
	"github.com/seed-9a1263fe/haul/downloader/name"
	"github.com/seed-9a1263fe/haul/downloader/session"
	"github.com/seed-9a1263fe/haul/store"
)

// prospect is what a server says of a file that nobody has fetched.
type prospect struct {
	url    string
	name   store.Key
	size   int64
	ranges bool
	kind   string // of content
	err    error
}

// dryRun asks for the first byte of each file, once, and writes what would be
// fetched as a table, in the order of the lists. It writes to no disk. Names are
// those that files have when nobody else has them.
func dryRun(ctx context.Context, sources []*source, cfg downloader.Config, o *options, out io.Writer) error {
	sess, err := session.Start(cfg.Session)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	defer sess.End()

	// Answers are printed in the order of questions: each has a place to put its
	// answer, and as many places wait in a row as files may be in flight.
	row := make(chan chan prospect, o.files)
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(row)
		return askAll(gctx, sess, sources, cfg, o, row)
	})
	var table table
	group.Go(func() error { return table.write(gctx, out, row) })
	err = group.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err == nil && table.failed > 0 {
		err = errJobsFailed
	}
	return err
}

func askAll(ctx context.Context, sess *session.Session, sources []*source, cfg downloader.Config, o *options, row chan<- chan prospect) error {
	var asking errgroup.Group
	defer asking.Wait() // its functions return no error
	for _, s := range sources {
		for r, err := range s.requests(o) {
			if err != nil {
				return usageErrorf("%w", err)
			}
			place := make(chan prospect, 1)
			select {
			case row <- place:
			case <-ctx.Done():
				return ctx.Err()
			}
			asking.Go(func() error {
				place <- ask(ctx, sess, &r, cfg.Header)
				return nil
			})
		}
	}
	return nil
}

// ask sends one request for the first byte of a file.
func ask(ctx context.Context, sess *session.Session, r *downloader.Request, header []downloader.Field) prospect {
	p := prospect{size: store.UnknownSize}
	if len(r.URLs) > 0 {
		p.url = session.RedactString(r.URLs[0])
	}
	if r.Defect != nil {
		p.err = r.Defect
		return p
	}
	a, err := firstByte(ctx, sess, r, header)
	if err != nil {
		p.err = err
		return p
	}
	p.size, p.ranges, p.kind = a.Version.Size, a.Ranges, a.ContentType
	if a.Verdict == session.Empty {
		p.kind = "" // it is that of the server's refusal
	}
	out := cmp.Or(r.Out, name.Of(a.Disposition, a.URL))
	p.name, p.err = name.Join(r.Dir, out)
	return p
}

// firstByte returns the answer to a request for the first byte. Its body is
// closed.
func firstByte(ctx context.Context, sess *session.Session, r *downloader.Request, header []downloader.Field) (*session.Answer, error) {
	u, err := url.Parse(r.URLs[0])
	if err != nil {
		return nil, errors.New("is not a URL") // err would show what stands in it
	}
	conn, err := sess.Connect(ctx, u)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	req, err := conn.OpenRequest(u)
	if err != nil {
		return nil, err
	}
	for _, fields := range [][]downloader.Field{header, r.Header} {
		for _, f := range fields {
			if err := req.AddHeader(f.Name, f.Value); err != nil {
				return nil, err
			}
		}
	}
	req.SetRange(0, 1)
	a, err := req.Send(ctx)
	if err != nil {
		return nil, err
	}
	return a, a.Close()
}

// table is what is printed: a line a file, and the sums.
type table struct {
	files, failed, unknown, bytes int64
}

func (t *table) write(ctx context.Context, out io.Writer, row <-chan chan prospect) error {
	if _, err := fmt.Fprintf(out, "%11s  %-6s  %-40s  %-24s  %s\n", "size", "ranges", "name", "type", "url"); err != nil {
		return err
	}
	for place := range row {
		select {
		case p := <-place:
			if err := t.line(out, &p); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	_, err := fmt.Fprintf(out, "%11s  in %s, %d of unknown size; %d failed\n", formatSize(t.bytes), plural(t.files, "file", "files"), t.unknown, t.failed)
	return err
}

func (t *table) line(out io.Writer, p *prospect) error {
	if p.err != nil {
		t.failed++
		why := strings.TrimPrefix(p.err.Error(), p.url+": ")
		_, err := fmt.Fprintf(out, "%11s  %s: %s\n", "failed", printable(p.url), printable(why))
		return err
	}
	t.files++
	size, ranges := "unknown", "no"
	if p.size >= 0 {
		size = formatSize(p.size)
		t.bytes += p.size
	} else {
		t.unknown++
	}
	if p.ranges {
		ranges = "yes"
	}
	_, err := fmt.Fprintf(out, "%11s  %-6s  %-40s  %-24s  %s\n", size, ranges, printable(string(p.name)), printable(p.kind), printable(p.url))
	return err
}
