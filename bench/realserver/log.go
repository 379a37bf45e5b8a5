package realserver

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"strconv"
	"strings"
	"time"
)

// Access is a request as the server logged it.
type Access struct {
	// Conn names its connection.
	Conn   string
	Proto  string
	Method string
	URI    string // as the client sent it
	Range  string // "" without
	Status int
	// Body is how many bytes of body were sent.
	Body     int64
	Duration time.Duration
}

// Traffic is what a server did, in sum.
type Traffic struct {
	Requests int
	// Conns is how many connections had a request.
	Conns int
	// Body is how many bytes of body were sent.
	Body   int64
	Status map[int]int // requests by status
}

// Traffic sums the log. A request is logged when it has ended, and a client may
// know its end a moment earlier: after Close the sum is complete.
func (s *Server) Traffic() (Traffic, error) {
	t := Traffic{Status: map[int]int{}}
	conns := map[string]struct{}{}
	for a, err := range s.Log() {
		if err != nil {
			return Traffic{}, err
		}
		t.Requests++
		t.Body += a.Body
		t.Status[a.Status]++
		conns[a.Conn] = struct{}{}
	}
	t.Conns = len(conns)
	return t, nil
}

// Log reads the log as it stands, in the order in which requests ended.
func (s *Server) Log() iter.Seq2[Access, error] {
	return func(yield func(Access, error) bool) {
		if s.opt.NoLog {
			yield(Access{}, fmt.Errorf("realserver: %s keeps no log", s.kind))
			return
		}
		f, err := os.Open(s.path("access.log"))
		if errors.Is(err, fs.ErrNotExist) {
			return // no request yet
		}
		if err != nil {
			yield(Access{}, fmt.Errorf("realserver: %w", err))
			return
		}
		defer f.Close()
		parse := parseNginx
		if s.kind == Caddy {
			parse = parseCaddy
		}
		in := bufio.NewScanner(f)
		in.Buffer(nil, 1<<20)
		for in.Scan() {
			a, err := parse(in.Text())
			if err != nil {
				err = fmt.Errorf("realserver: log line %q: %w", in.Text(), err)
			}
			if !yield(a, err) {
				return
			}
		}
		if err := in.Err(); err != nil {
			yield(Access{}, fmt.Errorf("realserver: read the log: %w", err))
		}
	}
}

// parseNginx reads a line of nginxConf's log_format.
func parseNginx(line string) (Access, error) {
	f := strings.Split(line, "\t")
	if len(f) != 10 {
		return Access{}, fmt.Errorf("%d fields", len(f))
	}
	a := Access{Conn: f[1], Proto: f[6], Method: f[7], URI: f[8]}
	if f[9] != "-" {
		a.Range = f[9]
	}
	var err error
	if a.Status, err = strconv.Atoi(f[2]); err != nil {
		return Access{}, err
	}
	if a.Body, err = strconv.ParseInt(f[3], 10, 64); err != nil {
		return Access{}, err
	}
	sec, err := strconv.ParseFloat(f[5], 64)
	a.Duration = time.Duration(sec * float64(time.Second))
	return a, err
}

// parseCaddy reads a line of Caddy's JSON log.
func parseCaddy(line string) (Access, error) {
	var l struct {
		Request struct {
			RemoteIP   string `json:"remote_ip"`
			RemotePort string `json:"remote_port"`
			Proto      string
			Method     string
			URI        string
			Headers    map[string][]string
		}
		Status   int
		Size     int64
		Duration float64 // seconds
	}
	if err := json.Unmarshal([]byte(line), &l); err != nil {
		return Access{}, err
	}
	r := l.Request
	return Access{
		Conn: r.RemoteIP + ":" + r.RemotePort, Proto: r.Proto, Method: r.Method, URI: r.URI,
		Range: strings.Join(r.Headers["Range"], ", "), Status: l.Status, Body: l.Size,
		Duration: time.Duration(l.Duration * float64(time.Second)),
	}, nil
}
