package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// alias is a name that aria2, curl or wget have for a flag of this program.
type alias struct {
	name, short string
	target      string
	// value is set to the target when the alias is a switch; the alias then
	// takes no value of its own.
	value string
	// edit, if set, turns the alias's value into the target's.
	edit func(string) string
	from string
}

// aliases are what people's fingers know from other tools. The short letters
// are aria2's where tools differ: -t is the timeout, -m the tries, -x the
// connections, -k the split size.
var aliases = []alias{
	{name: "limit-rate", target: "max-overall-download-limit", from: "curl, wget"},
	{name: "retry", target: "max-tries", edit: atLeastOne, from: "curl"},
	{name: "tries", target: "max-tries", edit: infinite, from: "wget"},
	{name: "retry-delay", target: "retry-wait", from: "curl"},
	{name: "waitretry", target: "retry-wait", from: "wget"},
	{name: "read-timeout", target: "timeout", from: "wget"},
	{name: "speed-limit", target: "lowest-speed-limit", from: "curl"},
	{name: "proxy", target: "all-proxy", from: "curl"},
	{name: "noproxy", target: "no-proxy", from: "curl"},
	{name: "output-dir", target: "dir", from: "curl"},
	{name: "directory-prefix", short: "P", target: "dir", from: "wget"},
	{name: "output", target: "out", from: "curl"},
	{name: "output-document", target: "out", from: "wget"},
	{name: "parallel-max", target: "max-concurrent-downloads", from: "curl"},
	{name: "max-threads", target: "max-concurrent-downloads", from: "wget2"},
	{name: "parallel-max-host", target: "max-connection-per-server", from: "curl"},
	{name: "max-redirs", target: "max-redirect", from: "curl"},
	{name: "cacert", target: "ca-certificate", from: "curl"},
	{name: "cert", short: "E", target: "certificate", from: "curl"},
	{name: "key", target: "private-key", from: "curl"},
	{name: "insecure", target: "check-certificate", value: "false", from: "curl"},
	{name: "no-check-certificate", target: "check-certificate", value: "false", from: "wget"},
	{name: "no-clobber", target: "allow-overwrite", value: "false", from: "curl, wget"},
	{name: "http-user", target: "user", from: "aria2, wget"},
	{name: "http-passwd", target: "password", from: "aria2"},
	{name: "http-password", target: "password", from: "wget"},
	{name: "netrc-path", target: "netrc-file", from: "aria2"},
	{name: "bind-address", target: "interface", from: "wget"},
	{name: "inet4-only", target: "ipv4", value: "true", from: "wget"},
	{name: "inet6-only", target: "ipv6", value: "true", from: "wget"},
	{name: "disable-ipv6", target: "ipv4", value: "true", from: "aria2"},
	{name: "http1.1", target: "http-version", value: "1.1", from: "curl"},
	{name: "http2", target: "http-version", value: "2", from: "curl"},
	{name: "http3", target: "http-version", value: "3", from: "curl"},
	{name: "on-download-complete", target: "on-complete", from: "aria2"},
	{name: "spider", target: "dry-run", value: "true", from: "wget"},
	{name: "silent", target: "quiet", value: "true", from: "curl"},
	{name: "verbose", target: "log-level", value: "info", from: "curl, wget"},
}

// always are switches of other tools that ask for what this program does
// anyway. They are taken and change nothing.
var always = []alias{
	{name: "continue", short: "c", from: "aria2, wget"},
	{name: "parallel", short: "Z", from: "curl"},
	{name: "location", short: "L", from: "curl"},
	{name: "fail", short: "f", from: "curl"},
	{name: "create-dirs", from: "curl"},
	{name: "remote-name-all", from: "curl"},
}

// atLeastOne reads curl's count of tries: its 0 is one try, not endless ones.
func atLeastOne(s string) string {
	if strings.TrimSpace(s) == "0" {
		return "1"
	}
	return s
}

// infinite reads wget's word for endless tries.
func infinite(s string) string {
	if strings.TrimSpace(s) == "inf" {
		return "0"
	}
	return s
}

// aliasValue hands what it is set to on to the flag that it stands for.
type aliasValue struct {
	alias
	fs *pflag.FlagSet
}

func (v aliasValue) String() string   { return "" }
func (v aliasValue) Type() string     { return "" }
func (v aliasValue) IsBoolFlag() bool { return v.value != "" }
func (v aliasValue) Set(s string) error {
	switch {
	case v.value == "":
	case s == "true":
		s = v.value
	case s == "false":
		return nil
	default:
		return errors.New("want true or false")
	}
	if v.edit != nil {
		s = v.edit(s)
	}
	if err := v.fs.Lookup(v.target).Value.Set(s); err != nil {
		return err
	}
	v.fs.Lookup(v.target).Changed = true
	return nil
}

// addAliases adds the other tools' names, hidden from the main help.
func addAliases(fs *pflag.FlagSet) {
	for _, a := range aliases {
		f := fs.VarPF(aliasValue{a, fs}, a.name, a.short, "")
		f.Hidden = true
		if a.value != "" {
			f.NoOptDefVal = "true"
		}
	}
	for _, a := range always {
		fs.BoolP(a.name, a.short, true, "")
		fs.Lookup(a.name).Hidden = true
	}
}

// canonical is the name of the flag that is set when name is set.
func canonical(fs *pflag.FlagSet, name string) string {
	if f := fs.Lookup(name); f != nil {
		if v, ok := f.Value.(aliasValue); ok {
			return v.target
		}
	}
	return name
}

// aliasHelp is the text of "haul help aliases".
func aliasHelp() string {
	var b strings.Builder
	b.WriteString("Names of other tools' options that are taken as well, where the meaning is the\nsame. Short letters that differ between tools have aria2's meaning.\n\n")
	for _, a := range aliases {
		left := "--" + a.name
		if a.short != "" {
			left = "-" + a.short + ", " + left
		}
		right := "--" + a.target
		if a.value != "" {
			right += "=" + a.value
		}
		fmt.Fprintf(&b, "  %-26s %-32s %s\n", left, right, a.from)
	}
	b.WriteString("\nTaken and without effect, since it is what happens anyway:\n\n")
	for _, a := range always {
		left := "--" + a.name
		if a.short != "" {
			left = "-" + a.short + ", " + left
		}
		fmt.Fprintf(&b, "  %-59s %s\n", left, a.from)
	}
	return b.String()
}
