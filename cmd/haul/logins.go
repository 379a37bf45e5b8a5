package main

import (
	"io"
	"os"
	"strings"

	"github.com/seed-9a1263fe/haul/downloader/session"
)

// setProxy takes the proxy that was given, else those of the environment.
func setProxy(cfg *session.Config, o *options, env environment) (err error) {
	if o.proxy != "" {
		if cfg.Proxy, err = session.FixedProxy(o.proxy, o.noProxy); err != nil {
			return usageErrorf("--all-proxy: %w", err)
		}
		return nil
	}
	getenv := func(name string) string {
		if o.noProxy != "" && strings.EqualFold(name, "no_proxy") {
			return o.noProxy
		}
		value, _ := env.lookup(name)
		return value
	}
	if cfg.Proxy, err = session.EnvironmentProxy(getenv); err != nil {
		return usageErrorf("proxy in the environment: %w", err)
	}
	return nil
}

// setLogins reads the files that hold logins and cookies.
func setLogins(cfg *session.Config, o *options, _ environment) (err error) {
	if o.netrcFile != "" {
		if cfg.Netrc, err = parseFile(o.netrcFile, session.ParseNetrc); err != nil {
			return usageErrorf("--netrc-file: %w", err)
		}
	}
	if o.cookies != "" {
		if cfg.Cookies, err = parseFile(o.cookies, session.ParseCookies); err != nil {
			return usageErrorf("--load-cookies: %w", err)
		}
	}
	return nil
}

// parseFile reads a file with parse. The parsers' errors never show a secret.
func parseFile[T any](name string, parse func(io.Reader) (T, error)) (T, error) {
	f, err := os.Open(name)
	if err != nil {
		var none T
		return none, err
	}
	defer f.Close()
	return parse(f)
}
