package downloader

import (
	"context"
	"errors"
	"iter"

	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/queue/memq"
	"github.com/seed-9a1263fe/haul/store"
)

// Fetch gets one file into the store, going on from what is there of it, and
// returns what became of it. If the file failed, the error is the Result's Err.
// cfg may be zero; its Observe is called as in a run.
func Fetch(ctx context.Context, s store.Store, r Request, cfg Config) (Result, error) {
	q := memq.New(memq.Config{})
	defer q.Close()
	one := func(yield func(queue.Job, error) bool) { yield(r.Job(), nil) }
	if _, err := q.Put(ctx, iter.Seq2[queue.Job, error](one)); err != nil {
		return Result{}, err
	}
	if err := q.Seal(ctx); err != nil {
		return Result{}, err
	}
	var result Result
	observe := cfg.Observe
	cfg.Observe = func(ev Event) {
		if f, ok := ev.(Finished); ok {
			result = f.Result
		}
		if observe != nil {
			observe(ev)
		}
	}
	e, err := New(q, s, cfg)
	if err != nil {
		return Result{}, err
	}
	if err := e.Run(ctx); err != nil {
		return result, errors.Join(err, result.Err)
	}
	return result, result.Err
}
