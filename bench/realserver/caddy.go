package realserver

import (
	"encoding/json"
	"syscall"
)

// object is a JSON object of Caddy's configuration.
type object = map[string]any

// caddy writes the configuration.
func (s *Server) caddy() (program, error) {
	conf, err := json.MarshalIndent(s.caddyConf(), "", "\t")
	if err != nil {
		return program{}, err
	}
	if err := s.write("caddy.json", conf); err != nil {
		return program{}, err
	}
	if err := s.writeCert(); err != nil {
		return program{}, err
	}
	return program{
		name: "caddy",
		args: []string{"run", "--config", s.path("caddy.json")},
		// Caddy keeps state where these point.
		env:   []string{"XDG_DATA_HOME=" + s.opt.Dir, "XDG_CONFIG_HOME=" + s.opt.Dir, "HOME=" + s.opt.Dir},
		ready: "serving initial configuration",
		quit:  syscall.SIGTERM,
	}, nil
}

func (s *Server) caddyConf() object {
	handlers := []object{}
	if s.opt.Gzip {
		handlers = append(handlers, object{
			"handler": "encode", "encodings": object{"gzip": object{}}, "minimum_length": 1,
			"match": object{"headers": object{"Content-Type": []string{"*"}}},
		})
	}
	handlers = append(handlers, object{"handler": "file_server", "root": s.opt.Root})
	protocols := []string{"h1"}
	if s.opt.HTTP2 {
		protocols = append(protocols, "h2")
	}
	server := object{
		"listen":          []string{s.addr},
		"protocols":       protocols,
		"automatic_https": object{"disable": true},
		"routes":          []object{{"handle": handlers}},
	}
	apps := object{"http": object{"servers": object{"files": server}, "grace_period": "1s"}}
	if s.opt.Cert != nil {
		server["tls_connection_policies"] = []object{{}}
		apps["tls"] = object{"certificates": object{"load_files": []object{{
			"certificate": s.path("cert.pem"), "key": s.path("key.pem"),
		}}}}
	}
	conf := object{
		"admin":   object{"disabled": true, "config": object{"persist": false}},
		"storage": object{"module": "file_system", "root": s.opt.Dir},
		"apps":    apps,
	}
	if !s.opt.NoLog {
		server["logs"] = object{"default_logger_name": "requests"}
		conf["logging"] = object{"logs": object{
			"requests": object{
				"include": []string{"http.log.access.requests"},
				"writer":  object{"output": "file", "filename": s.path("access.log"), "roll": false},
				"encoder": object{"format": "json"},
			},
			"default": object{"exclude": []string{"http.log.access.requests"}},
		}}
	}
	return conf
}
