package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/seed-9a1263fe/haul/downloader"
)

// recorder appends result records to a file or to standard output. A goroutine
// of its own writes, so that a slow reader of the output holds the run up only
// when recorderBacklog records are waiting, and a reader that went away or hangs
// cannot keep an interrupted run from ending.
type recorder struct {
	name   string
	out    io.Writer
	file   *os.File // to be synced and closed; nil for standard output
	queue  chan *downloader.Result
	ended  chan struct{}      // closed when the writing goroutine is through
	broken context.CancelFunc // told of the first failed write; may be nil
	late   <-chan struct{}    // closed when nobody waits for a slow reader any more
	lost   atomic.Int64
	err    error // of writing; read after ended
}

const (
	recorderBacklog = 4096
	// recorderGrace is how long a cancelled run waits for a reader that hangs.
	recorderGrace = 500 * time.Millisecond
)

// openRecorder begins to append to the file of that name, or to out if it is
// "-". ctx is the run's; broken is called when out has failed, since nobody will
// see what a run does whose output was all it was for.
func openRecorder(ctx context.Context, name string, out io.Writer, broken context.CancelFunc) (*recorder, error) {
	r := &recorder{
		name: name, out: out, broken: broken,
		queue: make(chan *downloader.Result, recorderBacklog),
		ended: make(chan struct{}),
	}
	if name == "-" {
		r.name = "standard output"
	} else {
		f, err := openForAppend(name)
		if err != nil {
			return nil, usageErrorf("results file: %w", err)
		}
		r.out, r.file, r.broken = f, f, nil
	}
	late := make(chan struct{})
	r.late = late
	context.AfterFunc(ctx, func() { time.AfterFunc(recorderGrace, func() { close(late) }) })
	go r.write()
	return r, nil
}

// openForAppend opens a file of lines so that the next line begins on its own,
// also if the last writer was killed within one.
func openForAppend(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if !info.Mode().IsRegular() || info.Size() == 0 {
		return f, nil
	}
	var last [1]byte
	if _, err = f.ReadAt(last[:], info.Size()-1); err == nil && last[0] != '\n' {
		_, err = f.WriteString("\n")
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// add takes a result. It may be called from many goroutines, not after close. It
// waits while the backlog is full, unless the run is over.
func (r *recorder) add(res *downloader.Result) {
	select {
	case r.queue <- res:
		return
	default:
	}
	select {
	case r.queue <- res:
	case <-r.late:
		r.lost.Add(1)
	}
}

// write encodes what comes, and hands it on whenever nothing more is waiting, so
// that each record is seen at once and a flood of them costs few writes.
func (r *recorder) write() {
	defer close(r.ended)
	buf := bufio.NewWriterSize(r.out, 64<<10)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	for res := range r.queue {
		if r.err != nil {
			r.lost.Add(1)
			continue
		}
		err := enc.Encode(newRecord(res))
		if err == nil && len(r.queue) == 0 {
			err = buf.Flush()
		}
		r.fail(err)
	}
	if r.err == nil {
		r.fail(buf.Flush())
	}
	if r.file != nil {
		r.fail(r.file.Sync())
		r.fail(r.file.Close())
	}
}

// fail keeps the first error.
func (r *recorder) fail(err error) {
	if err == nil || r.err != nil {
		return
	}
	r.err = err
	if r.broken != nil {
		r.broken()
	}
}

// close waits until everything is written and, in a file, on the disk, and
// reports whether it is. When the run was cancelled it does not wait for a
// reader that hangs.
func (r *recorder) close() error {
	close(r.queue)
	select {
	case <-r.ended:
	case <-r.late:
		select {
		case <-r.ended:
		default:
			return fmt.Errorf("results: nobody reads %s; %d records were not written", r.name, r.lost.Load()+int64(len(r.queue)))
		}
	}
	if r.err != nil {
		return fmt.Errorf("results: %w; records are missing", r.err)
	}
	if n := r.lost.Load(); n > 0 {
		return fmt.Errorf("results: nobody read %s in time; %d records were not written", r.name, n)
	}
	return nil
}
