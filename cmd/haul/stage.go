package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/seed-9a1263fe/haul/bench/origin"
)

// stage is what the demonstration downloads: files on two servers of one
// origin, some of which are served badly.
type stage struct {
	origin  *origin.Origin
	servers []*origin.Server
	urls    []string // in the order of the list
	files   map[string]origin.File
	dead    map[string]bool
	sins    []string // what the servers do wrong, for people
}

// sin is something that servers do wrong with some of the files.
type sin struct {
	name  string
	count int
	fault origin.Fault
}

const (
	stageSeed  = 2
	stageSmall = 300
	stageLarge = 4
	stageDead  = 5
)

// sins are what real servers were seen to do. Each is done once to each of its
// files, but for ranges that are ignored always.
var sins = []sin{
	{"connections cut in the middle of a file", 8, origin.Fault{Times: 1, Break: origin.CutAfter(700)}},
	{"connections reset", 4, origin.Fault{Times: 1, Break: origin.ResetAfter(300)}},
	{"answers 503", 4, origin.Fault{Times: 1, Status: http.StatusServiceUnavailable}},
	{"answers 429 with Retry-After: 1", 2, origin.Fault{Times: 1, Status: http.StatusTooManyRequests, RetryAfter: time.Second}},
	{"stalled bodies", 2, origin.Fault{Times: 1, Break: origin.StallAfter(100)}},
	{"ranges answered with the whole file", 5, origin.Fault{Range: origin.RangeIgnored}},
}

// newStage sets the stage and opens the doors. The caller closes it.
func newStage() (*stage, error) {
	s := &stage{origin: origin.New(origin.Config{Seed: stageSeed}), files: map[string]origin.File{}, dead: map[string]bool{}}
	for range 2 {
		srv, err := s.origin.Start(origin.Options{})
		if err != nil {
			return nil, errors.Join(fmt.Errorf("demo: start a server: %w", err), s.close())
		}
		s.servers = append(s.servers, srv)
	}
	s.addFiles()
	for i := range stageDead {
		url := s.servers[i%len(s.servers)].URL(fmt.Sprintf("/gone/%d.bin", i))
		s.urls = append(s.urls, url)
		s.dead[url] = true
	}
	return s, nil
}

func (s *stage) addFiles() {
	small := origin.Tree(stageSeed, stageSmall, origin.Sizes{Min: 1 << 10, Max: 2 << 20})
	next := 0
	for _, sin := range sins {
		for range sin.count {
			small[next].File.Faults = []origin.Fault{sin.fault}
			next += 7 // spread over the list; 7 and the number of files share no factor
		}
		s.sins = append(s.sins, fmt.Sprintf("%d %s", sin.count, sin.name))
	}
	large := origin.Tree(stageSeed+1, stageLarge, origin.Sizes{Min: 12 << 20, Max: 30 << 20})
	for i := range large {
		large[i].Path = fmt.Sprintf("/large/%d.iso", i)
		large[i].File.Faults = []origin.Fault{{Skip: 1, Times: 1, Break: origin.CutAfter(1 << 20)}}
	}
	for i, f := range s.origin.AddTree(append(large, small...)) {
		url := s.servers[i%len(s.servers)].URL(f.Path)
		s.urls = append(s.urls, url)
		s.files[url] = f.File
	}
}

// list is the list as a user would write it.
func (s *stage) list() string { return strings.Join(s.urls, "\n") + "\n" }

func (s *stage) bytes() int64 {
	var n int64
	for _, f := range s.files {
		n += f.Size
	}
	return n
}

func (s *stage) close() error {
	var errs []error
	for _, srv := range s.servers {
		errs = append(errs, srv.Close())
	}
	return errors.Join(errs...)
}
