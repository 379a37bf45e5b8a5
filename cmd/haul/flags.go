package main

import (
	"errors"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// flags is a flag set whose flags belong to groups, in the order in which the
// help shows them.
type flags struct {
	*pflag.FlagSet
	group string
}

// groupOf is the annotation that names a flag's group; flags without one are
// not in the main help.
const groupOf = "group"

func (f *flags) add(v pflag.Value, name, short, usage string) *pflag.Flag {
	flag := f.VarPF(v, name, short, usage)
	flag.Annotations = map[string][]string{groupOf: {f.group}}
	return flag
}

func (f *flags) count(p *int, lo, hi int, name, short, usage string) {
	f.add(intValue{p, lo, hi}, name, short, usage)
}

func (f *flags) size(p *int64, name, short, usage string) {
	f.add(sizeValue{p, "SIZE"}, name, short, usage)
}

func (f *flags) rate(p *int64, name, usage string) {
	f.add(sizeValue{p, "RATE"}, name, "", usage)
}

func (f *flags) seconds(p *time.Duration, lo time.Duration, name, short, usage string) {
	f.add(secondsValue{p, lo}, name, short, usage)
}

func (f *flags) choice(p *string, name, short, usage string, choices ...string) {
	f.add(choiceValue{p, choices}, name, short, usage)
}

func (f *flags) text(p *string, name, short, usage string) {
	f.StringVarP(p, name, short, *p, usage)
	f.Lookup(name).Annotations = map[string][]string{groupOf: {f.group}}
}

func (f *flags) yesNo(p *bool, name, short, usage string) {
	f.BoolVarP(p, name, short, *p, usage)
	f.Lookup(name).Annotations = map[string][]string{groupOf: {f.group}}
}

// Bounds of counts. They keep a slip of the finger from asking for what no
// machine can do.
const (
	maxFiles = 1 << 16
	maxConns = 4096
	maxTries = 1 << 20
)

// addDownloadFlags gives fs the flags of a download, bound to o.
func addDownloadFlags(fs *pflag.FlagSet, o *options) {
	fs.SortFlags = false
	f := &flags{FlagSet: fs}

	f.group = "Input and output"
	f.add(listValue{&o.lists, "FILE", notEmpty}, "input-file", "i", "read URLs from `FILE`; - is standard input; may be given several times")
	f.choice(&o.format, "input-format", "", "lists are in `FORMAT`: auto (by name, then by content), plain, jsonl, csv, tsv, metalink", "auto", "plain", "jsonl", "csv", "tsv", "metalink")
	f.choice(&o.dedupe, "dedupe", "", "find repeated jobs by `METHOD`: exact (27 bytes of memory and disk a job), adjacent (only next to each other), none", "exact", "adjacent", "none")
	f.text(&o.dir, "dir", "d", "put files below `DIR`, made if missing")
	f.text(&o.out, "out", "o", "call the file `NAME`, for a single URL")
	f.add(digestValue{&o.checksum}, "checksum", "", "check the file against `TYPE=HEX`, for a single URL")
	f.text(&o.results, "results", "", "append a JSON record for each finished file to `FILE`; - is standard output")
	f.text(&o.retryFrom, "retry-from", "", "take the jobs of an earlier --results `FILE` again")
	f.add(listValue{&o.only, "KIND", nil}, "only", "", "with --retry-from: only jobs that failed as `KIND,…` (default failed, which is all of them)")
	f.text(&o.saveSession, "save-session", "", "at the end, write what is left to `FILE`, a list as -i takes it")
	f.text(&o.onComplete, "on-complete", "", "run `CMD` for each complete file, with job ID, path and URL as arguments; never through a shell")
	f.yesNo(&o.dryRun, "dry-run", "", "ask for sizes and names, write nothing")

	f.group = "How much at once"
	f.count(&o.files, 1, maxFiles, "max-concurrent-downloads", "j", "at most `N` files in flight")
	f.count(&o.hostConns, 1, maxConns, "max-connection-per-server", "x", "at most `N` connections to one host, all files together")
	f.count(&o.split, 1, maxConns, "split", "s", "at most `N` ranges of one file at once")
	f.size(&o.minSplit, "min-split-size", "k", "never split a range below `SIZE`")

	f.group = "Time and tries"
	f.count(&o.tries, 0, maxTries, "max-tries", "m", "give a file up after `N` tries in a row without progress; 0 is never")
	f.seconds(&o.retryWait, 0, "retry-wait", "", "wait about `SEC` before the second try, longer before each further one; a server's Retry-After outranks it")
	f.seconds(&o.timeout, time.Millisecond, "timeout", "t", "give a connection up when no byte came for `SEC`")
	f.seconds(&o.connectTimeout, time.Millisecond, "connect-timeout", "", "give up connecting after `SEC`")
	f.rate(&o.lowestSpeed, "lowest-speed-limit", "replace a connection that is slower than `RATE` over the timeout; 0 is off")

	f.group = "Limits"
	f.rate(&o.overallRate, "max-overall-download-limit", "at most `RATE` over all connections; 0 is off")
	f.rate(&o.hostRate, "max-host-download-limit", "at most `RATE` from one host; 0 is off")
	f.size(&o.maxFileSize, "max-filesize", "", "fail files larger than `SIZE`; 0 is off")

	f.group = "Requests"
	f.add(listValue{&o.headers, "NAME: VALUE", checkHeader}, "header", "H", "send `'NAME: VALUE'` to the origin that a URL names, never to another; may be given several times")
	f.text(&o.userAgent, "user-agent", "U", "say `TEXT` as User-Agent")
	f.text(&o.referer, "referer", "", "say `URL` as Referer")
	f.text(&o.user, "user", "u", "log in as `NAME:PASSWORD` (basic authentication)")
	f.text(&o.password, "password", "", "`PASSWORD` for a --user without one")
	f.text(&o.netrcFile, "netrc-file", "", "read names and passwords from `FILE`")
	f.text(&o.cookies, "load-cookies", "", "read cookies from `FILE` (Netscape format)")
	f.count(&o.maxRedirect, 0, 1000, "max-redirect", "", "follow at most `N` redirects")

	f.yesNo(&o.robots, "robots", "", "obey each host's robots.txt")
	f.text(&o.refreshCommand, "refresh-command", "", "where a URL answers like an expired one, run `CMD` with it and go on at the URL that it prints")

	f.group = "Network"
	f.text(&o.proxy, "all-proxy", "", "go through `URL`: http, https, socks5 or socks5h (default from the environment)")
	f.text(&o.noProxy, "no-proxy", "", "reach the hosts in `LIST` directly")
	f.choice(&o.httpVersion, "http-version", "", "speak HTTP `V`: auto, 1.1, 2, 3", "auto", "1.1", "2", "3")
	f.add(listValue{&o.resolve, "HOST:PORT:ADDR", nil}, "resolve", "", "use an address instead of asking DNS, as `HOST:PORT:ADDR`")
	f.text(&o.iface, "interface", "", "go out through `NAME`, an interface or a local address")
	f.yesNo(&o.ipv4, "ipv4", "4", "use IPv4 only")
	f.yesNo(&o.ipv6, "ipv6", "6", "use IPv6 only")
	f.yesNo(&o.blockPrivate, "block-private", "", "refuse loopback, link-local and private addresses")

	f.group = "TLS"
	f.text(&o.caFile, "ca-certificate", "", "trust the authorities in `FILE` (default those of the system)")
	f.text(&o.certFile, "certificate", "", "show the client certificate in `FILE`")
	f.text(&o.keyFile, "private-key", "", "private key `FILE` of the client certificate")
	f.yesNo(&o.checkCertificate, "check-certificate", "", "do not check who the server is")

	f.group = "Names and files"
	f.yesNo(&o.rename, "auto-file-renaming", "", "fail a file whose name is taken, instead of calling it name.1.ext")
	f.yesNo(&o.overwrite, "allow-overwrite", "", "replace files that this program did not write")
	f.yesNo(&o.conditional, "conditional-get", "", "ask whether complete files have changed, and fetch those that have")
	f.yesNo(&o.remoteTime, "remote-time", "R", "give files the time that the server says")
	f.text(&o.expectType, "expect-type", "", "fail what is not of `TYPE`, such as application/pdf, image/* or !text/html")
	f.choice(&o.fileAllocation, "file-allocation", "", "reserve disk space by `METHOD`: auto, none, trunc, falloc", "auto", "none", "trunc", "falloc")
	f.choice(&o.durability, "durability", "", "what a power cut may cost, by `LEVEL`: strict (nothing), interval (a few seconds of work), none (all must be checked)", "strict", "interval", "none")

	f.group = "Display"
	f.yesNo(&o.quiet, "quiet", "q", "say nothing but errors")
	f.yesNo(&o.noProgress, "no-progress", "", "show no progress")
	f.choice(&o.logLevel, "log-level", "", "log from `LEVEL`: debug, info, warn, error", "debug", "info", "warn", "error")
	f.choice(&o.logFormat, "log-format", "", "write the log as `FORMAT`: text, json", "text", "json")

	f.group = "Configuration"
	f.text(&o.confPath, "conf-path", "", "read NAME=VALUE lines from `FILE` (default $XDG_CONFIG_HOME/haul/haul.conf)")
	f.yesNo(&o.noConf, "no-conf", "", "read no configuration file")

	addAliases(fs)
}

func notEmpty(s string) error {
	if s == "" {
		return errors.New("must not be empty")
	}
	return nil
}

// checkHeader refuses what is no header field (RFC 9110 section 5.1 and 5.5).
// A line break would let a value carry further fields.
func checkHeader(s string) error {
	name, value, ok := strings.Cut(s, ":")
	if !ok || strings.TrimSpace(name) == "" {
		return errors.New("want 'Name: value'")
	}
	if strings.ContainsAny(strings.TrimSpace(name), " \t\"(),/;<=>?@[\\]{}") {
		return errors.New("the name holds what no header's name may hold")
	}
	for _, r := range name + value {
		if r < ' ' && r != '\t' || r == 0x7f {
			return errors.New("must not hold line breaks or other control characters")
		}
	}
	return nil
}
