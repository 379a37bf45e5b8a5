// Command index opens the durable queue for a list and says how long that took,
// so that its time and memory can be measured in a process of its own.
//
//	index LIST STATE        opens the queue and borrows the first job
//	index -settle LIST STATE settles every job but the last one
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"os"
	"time"

	"github.com/seed-9a1263fe/haul/downloader/list"
	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/queue/fileq"
	"github.com/seed-9a1263fe/haul/store/vfs"
)

func main() {
	settle := flag.Bool("settle", false, "settle every job but the last one")
	flag.Parse()
	if flag.NArg() != 2 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(context.Background(), flag.Arg(0), flag.Arg(1), *settle); err != nil {
		fmt.Fprintln(os.Stderr, "index:", err)
		os.Exit(1)
	}
}

// run prints the seconds until the first job was lent, and then those until all
// were settled.
func run(ctx context.Context, path, state string, settle bool) (err error) {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	start := time.Now()
	disk, err := vfs.NewOS(state)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, disk.Close()) }()
	q, err := open(ctx, f, disk)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, q.Close()) }()
	lease, err := q.Next(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%f\n", time.Since(start).Seconds())
	if !settle {
		return lease.Return(ctx)
	}
	n, err := settleAllButLast(ctx, q, lease)
	fmt.Printf("%f %d\n", time.Since(start).Seconds(), n)
	return err
}

// open begins a run over the list.
func open(ctx context.Context, f *os.File, disk vfs.FS) (*fileq.Queue, error) {
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	q, err := fileq.Open(disk, "queue", fileq.Config{})
	if err != nil {
		return nil, err
	}
	err = q.AddList(ctx, fileq.List{
		Name: f.Name(), Reader: f, Size: fi.Size(), ModTime: fi.ModTime(),
		Format: lines{list.NewDecoder(list.Config{Format: list.Plain})},
	})
	if err == nil {
		err = q.Seal(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, q.Close())
	}
	return q, nil
}

// settleAllButLast takes one lease ahead, so that the last job stays owed.
func settleAllButLast(ctx context.Context, q *fileq.Queue, lease queue.Lease) (n int, err error) {
	// How many there are is known when the list is read to its end.
	read := func() bool {
		l := q.Stats().Lists
		return len(l) == 1 && l[0].Read >= l[0].Size && q.Stats().Owed == 1
	}
	for !read() {
		if err := lease.Ack(ctx); err != nil {
			return n, err
		}
		n++
		if lease, err = q.Next(ctx); err != nil {
			return n, err
		}
	}
	return n, lease.Return(ctx)
}

// lines cuts a list into jobs.
type lines struct{ *list.Decoder }

// Jobs is as fileq.Format has it.
func (d lines) Jobs(r io.Reader, line int64) iter.Seq2[fileq.Entry, error] {
	return func(yield func(fileq.Entry, error) bool) {
		for e, err := range d.Requests(r, line) {
			if err != nil {
				yield(fileq.Entry{}, err)
				return
			}
			if !yield(fileq.Entry{Job: e.Request.Job(), Size: e.Size, Lines: e.Lines}, nil) {
				return
			}
		}
	}
}
