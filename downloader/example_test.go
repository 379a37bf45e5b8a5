package downloader_test

import (
	"context"
	"fmt"
	"log"
	"sync"

	"github.com/seed-9a1263fe/haul/bench/origin"
	"github.com/seed-9a1263fe/haul/downloader"
	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/queue/memq"
	"github.com/seed-9a1263fe/haul/store/memstore"
)

// serve starts an origin for the examples. Elsewhere that is the internet.
func serve(files map[string]int64) (url func(string) string, stop func() error) {
	o := origin.New(origin.Config{Seed: 1})
	for path, size := range files {
		o.Add(path, origin.File{Size: size})
	}
	srv, err := o.Start(origin.Options{})
	if err != nil {
		log.Fatal(err)
	}
	return srv.URL, srv.Close
}

// One file, without a queue. A diskstore.Store in place of the memstore would
// go on from where an earlier process was killed.
func ExampleFetch() {
	url, stop := serve(map[string]int64{"/data.bin": 1 << 20})
	defer stop()
	s := memstore.New()
	defer s.Close()

	r, err := downloader.Fetch(context.Background(), s, downloader.Request{URLs: []string{url("/data.bin")}}, downloader.Config{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Status, r.Key, r.Bytes)
	// Output: complete data.bin 1048576
}

// A queue of jobs, and a callback per result.
func ExampleEngine_Run() {
	url, stop := serve(map[string]int64{"/a": 10, "/b": 20})
	defer stop()
	ctx := context.Background()
	s := memstore.New()
	defer s.Close()
	q := memq.New(memq.Config{})
	defer q.Close()

	var mu sync.Mutex
	count := map[downloader.Status]int{}
	e, err := downloader.New(q, s, downloader.Config{
		Observe: func(ev downloader.Event) {
			if f, ok := ev.(downloader.Finished); ok {
				mu.Lock()
				defer mu.Unlock()
				count[f.Result.Status]++
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}

	// Jobs may be put while the engine runs, by any number of goroutines; a full
	// queue makes them wait. Seal says that there will be no more.
	jobs := func(yield func(queue.Job, error) bool) {
		for _, path := range []string{"/a", "/b", "/missing"} {
			r := downloader.Request{URLs: []string{url(path)}}
			if !yield(r.Job(), nil) {
				return
			}
		}
	}
	if _, err := q.Put(ctx, jobs); err != nil {
		log.Fatal(err)
	}
	if err := q.Seal(ctx); err != nil {
		log.Fatal(err)
	}
	if err := e.Run(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println("complete:", count[downloader.Complete], "failed:", count[downloader.Failed])
	// Output: complete: 2 failed: 1
}
