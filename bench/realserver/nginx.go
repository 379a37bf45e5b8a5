package realserver

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"text/template"
	"time"

	"github.com/seed-9a1263fe/haul/bench/origin"
)

// statusPath is where nginx counts its connections.
const statusPath = "/.stub_status"

// wantFiles is how many descriptors a worker gets, where the system allows: at
// the usual 1024 nginx answers 500 and looks like a slow peer.
const wantFiles = 65536

// nginxConf is written so that nothing outside Dir is touched. The fields of the
// log are read in accessLog.
var nginxConf = template.Must(template.New("nginx.conf").Parse(`
daemon off;
{{if .Root}}user root;{{end}}
worker_processes {{.Workers}};
worker_rlimit_nofile {{.Files}};
worker_shutdown_timeout 1s;
error_log stderr notice;
pid "{{.Dir}}/nginx.pid";
events { worker_connections {{.Conns}}; }
http {
	client_body_temp_path "{{.Dir}}/body";
	proxy_temp_path "{{.Dir}}/proxy";
	fastcgi_temp_path "{{.Dir}}/fastcgi";
	uwsgi_temp_path "{{.Dir}}/uwsgi";
	scgi_temp_path "{{.Dir}}/scgi";
	types { }
	default_type application/octet-stream;
	sendfile on;
	tcp_nopush on;
	keepalive_timeout 75s;
	keepalive_requests {{.KeepAliveRequests}};
	log_format counted '$msec\t$connection\t$status\t$body_bytes_sent\t$bytes_sent\t$request_time\t$server_protocol\t$request_method\t$request_uri\t$http_range';
	access_log {{if .NoLog}}off{{else}}"{{.Dir}}/access.log" counted{{end}};
	{{if .ConnLimit}}limit_conn_zone $binary_remote_addr zone=conns:1m;{{end}}
	{{if .RequestRate}}limit_req_zone $binary_remote_addr zone=requests:1m rate={{.RequestRate}}r/s;{{end}}
	server {
		listen {{.Addr}}{{if .TLS}} ssl{{end}}{{if .HTTP2}} http2{{end}} backlog=4096;
		root "{{.Served}}";
		{{if .TLS}}
		ssl_certificate "{{.Dir}}/cert.pem";
		ssl_certificate_key "{{.Dir}}/key.pem";
		{{end}}
		{{if .Gzip}}
		gzip on;
		gzip_types *;
		gzip_min_length 0;
		{{end}}
		error_page 429 @limited;
		location / {
			{{if .User}}
			auth_basic "nginx";
			auth_basic_user_file "{{.Dir}}/users";
			{{end}}
			{{if .ConnLimit}}limit_conn conns {{.ConnLimit}}; limit_conn_status 429;{{end}}
			{{if .RequestRate}}limit_req zone=requests{{if .Burst}} burst={{.Burst}} nodelay{{end}}; limit_req_status 429;{{end}}
			{{if .LimitRate}}limit_rate {{.LimitRate}}; limit_rate_after {{.LimitAfter}};{{end}}
		}
		{{if .Every}}
		location /every/ {
			open_file_cache max=16;
			rewrite ^ /{{.Every}} break;
		}
		{{end}}
		location @limited {
			internal;
			{{if .RetryAfter}}add_header Retry-After {{.RetryAfter}} always;{{end}}
			return 429;
		}
		location = ` + statusPath + ` {
			access_log off;
			stub_status;
		}
	}
}
`))

// nginxValues are what nginxConf asks for.
type nginxValues struct {
	Options
	Root       bool // is who runs this
	Served     string
	Addr       string
	Workers    string
	TLS        bool
	Files      uint64
	Conns      uint64
	RetryAfter int64
}

// nginx writes the configuration.
func (s *Server) nginx() (program, error) {
	files, err := descriptors()
	if err != nil {
		return program{}, err
	}
	v := nginxValues{
		Options: s.opt, Root: os.Getuid() == 0, Served: s.opt.Root, Addr: s.addr, Workers: "auto",
		TLS: s.opt.Cert != nil, Files: files, Conns: files / 2, // a file and a socket for each
		RetryAfter: int64((s.opt.RetryAfter + time.Second - 1) / time.Second),
	}
	if s.opt.Workers > 0 {
		v.Workers = fmt.Sprint(s.opt.Workers)
	}
	if v.KeepAliveRequests == 0 {
		v.KeepAliveRequests = 1_000_000
	}
	var conf bytes.Buffer
	if err := nginxConf.Execute(&conf, v); err != nil {
		return program{}, err
	}
	if err := s.write("nginx.conf", conf.Bytes()); err != nil {
		return program{}, err
	}
	if s.opt.User != "" {
		name, password, _ := strings.Cut(s.opt.User, ":")
		if err := s.write("users", []byte(name+":{PLAIN}"+password+"\n")); err != nil {
			return program{}, err
		}
	}
	if err := s.writeCert(); err != nil {
		return program{}, err
	}
	return program{
		name: "nginx",
		args: []string{"-p", s.opt.Dir, "-c", s.path("nginx.conf"), "-e", "stderr"},
		// Said by the master when it listens and begins to make workers.
		ready: "start worker process ",
		quit:  syscall.SIGQUIT,
	}, nil
}

// writeCert writes the certificate, if there is one.
func (s *Server) writeCert() error {
	if s.opt.Cert == nil {
		return nil
	}
	chain, key, err := origin.EncodePEM(*s.opt.Cert)
	if err != nil {
		return err
	}
	if err := s.write("cert.pem", chain); err != nil {
		return err
	}
	return s.write("key.pem", key)
}

// Accepted returns how many connections nginx has accepted, without those of
// Accepted itself. The server must be running.
func (s *Server) Accepted() (int64, error) {
	if s.kind != Nginx {
		return 0, fmt.Errorf("realserver: %s does not count its connections", s.kind)
	}
	t := &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // our own child on loopback
	}
	own := s.probes.Add(1)
	resp, err := (&http.Client{Transport: t}).Get(s.URL(statusPath))
	if err != nil {
		return 0, fmt.Errorf("realserver: ask for the status: %w", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	if err != nil {
		return 0, fmt.Errorf("realserver: read the status: %w", err)
	}
	// Active connections: 1
	// server accepts handled requests
	//  7 7 9
	_, rest, _ := strings.Cut(string(text), "requests")
	var accepted int64
	if _, err := fmt.Sscan(rest, &accepted); err != nil {
		return 0, fmt.Errorf("realserver: status %q: %w", text, err)
	}
	return accepted - own, nil
}
