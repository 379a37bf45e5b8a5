package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"
)

// A flag gets its value from the first of these that has one: the command line,
// the environment variable HAUL_ and its name in capitals, the configuration
// file. The file has aria2's form: NAME=VALUE lines, # for comments, a name
// given again for a flag that may be repeated. An empty variable is none.

// envPrefix begins the variables that stand for flags.
const envPrefix = "HAUL_"

// applyConf sets the flags that the command line left alone. known are the
// flags that the file may name although this command has no use for them.
func applyConf(flags, known *pflag.FlagSet, env environment) error {
	given := map[string]bool{}
	flags.Visit(func(f *pflag.Flag) { given[canonical(flags, f.Name)] = true })
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed {
			given[f.Name] = true
		}
	})
	if err := applyEnv(flags, given, env); err != nil {
		return err
	}
	path, err := confFile(flags, env)
	if err != nil || path == "" {
		return err
	}
	return applyFile(path, flags, known, given)
}

func applyEnv(flags *pflag.FlagSet, given map[string]bool, env environment) error {
	var first error
	flags.VisitAll(func(f *pflag.Flag) {
		name := envPrefix + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(f.Name))
		value, ok := env.lookup(name)
		target := canonical(flags, f.Name)
		if !ok || value == "" || first != nil || given[target] {
			return
		}
		if err := setAll(flags, f, value); err != nil {
			first = usageErrorf("environment variable %s=%q: %w", name, value, err)
		}
		given[target] = true
	})
	return first
}

// setAll sets a flag from a variable, which holds several values, a line each,
// where the flag may be repeated.
func setAll(flags *pflag.FlagSet, f *pflag.Flag, value string) error {
	values := []string{value}
	if _, ok := f.Value.(listValue); ok {
		values = strings.Split(strings.TrimRight(value, "\n"), "\n")
	}
	for _, v := range values {
		if err := f.Value.Set(v); err != nil {
			return err
		}
	}
	f.Changed = true
	return nil
}

// confFile names the configuration file to read: "" for none. One that was
// asked for must be there; the usual one need not be.
func confFile(flags *pflag.FlagSet, env environment) (string, error) {
	if off, err := flags.GetBool("no-conf"); err == nil && off {
		return "", nil
	}
	if path, err := flags.GetString("conf-path"); err == nil && path != "" {
		return path, nil
	}
	home, ok := env.lookup("XDG_CONFIG_HOME")
	if !ok || home == "" {
		if home, ok = env.lookup("HOME"); !ok || home == "" {
			return "", nil
		}
		home = filepath.Join(home, ".config")
	}
	path := filepath.Join(home, "haul", "haul.conf")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return "", nil
	}
	return path, nil
}

func applyFile(path string, flags, known *pflag.FlagSet, given map[string]bool) error {
	file, err := os.Open(path)
	if err != nil {
		return usageErrorf("configuration file: %w", err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		if err := applyLine(lines.Text(), flags, known, given); err != nil {
			return usageErrorf("%s:%d: %w", path, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return usageErrorf("configuration file %s: %w", path, err)
	}
	return nil
}

func applyLine(line string, flags, known *pflag.FlagSet, given map[string]bool) error {
	line = strings.TrimSpace(line)
	if line == "" || strings.HasPrefix(line, "#") {
		return nil
	}
	name, value, hasValue := strings.Cut(line, "=")
	name = strings.TrimPrefix(strings.TrimSpace(name), "--")
	value = strings.TrimSpace(value)
	f := flags.Lookup(name)
	switch {
	case f == nil && known.Lookup(name) != nil:
		return nil
	case f == nil:
		return fmt.Errorf("unknown option %q%s", name, didYouMean(name, "", known))
	case name == "conf-path" || name == "no-conf":
		return fmt.Errorf("%s has no meaning in a configuration file", name)
	case given[canonical(flags, name)]:
		return nil
	case !hasValue && f.NoOptDefVal == "":
		return fmt.Errorf("%s has no value: write %s=VALUE", name, name)
	case !hasValue:
		value = f.NoOptDefVal
	}
	if err := f.Value.Set(value); err != nil {
		return fmt.Errorf("%s=%s: %w", name, value, err)
	}
	return nil
}

// didYouMean proposes the flag that was probably meant, with dashes before it
// where the one at hand has them.
func didYouMean(name, dashes string, flags *pflag.FlagSet) string {
	var names []string
	flags.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if near := nearest(name, names); near != "" {
		return fmt.Sprintf("; did you mean %s%s?", dashes, near)
	}
	return ""
}
