package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// parsed is what args, variables and a configuration file come to.
func parsed(t *testing.T, conf string, vars map[string]string, args ...string) (*options, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "haul.conf")
	if err := os.WriteFile(path, []byte(conf), 0o666); err != nil {
		t.Fatal(err)
	}
	o := defaultOptions()
	fs := pflag.NewFlagSet("haul", pflag.ContinueOnError)
	addDownloadFlags(fs, o)
	if err := fs.Parse(append(args, "--conf-path", path)); err != nil {
		t.Fatal(err)
	}
	return o, applyConf(fs, fs, func(name string) (string, bool) { v, ok := vars[name]; return v, ok })
}

func TestTheCommandLineWinsThenTheEnvironment(t *testing.T) {
	conf := "max-tries=1\nsplit=1\ntimeout=1\nheader=A: conf\nheader=B: conf\n"
	vars := map[string]string{"HAUL_SPLIT": "2", "HAUL_TIMEOUT": "2", "HAUL_RETRY_WAIT": "2"}
	o, err := parsed(t, conf, vars, "-t", "3")
	if err != nil {
		t.Fatal(err)
	}
	if o.tries != 1 || o.split != 2 || o.timeout.Seconds() != 3 || o.retryWait.Seconds() != 2 {
		t.Errorf("tries %d, split %d, timeout %v, wait %v", o.tries, o.split, o.timeout, o.retryWait)
	}
	if want := []string{"A: conf", "B: conf"}; !slices.Equal(o.headers, want) {
		t.Errorf("headers %q, want %q", o.headers, want)
	}
}

func TestARepeatedFlagIsReplacedAsAWhole(t *testing.T) {
	o, err := parsed(t, "header=A: conf\n", map[string]string{"HAUL_HEADER": "B: env\nC: env\n"})
	if err != nil || !slices.Equal(o.headers, []string{"B: env", "C: env"}) {
		t.Errorf("from the environment: %q, %v", o.headers, err)
	}
	o, err = parsed(t, "header=A: conf\n", map[string]string{"HAUL_HEADER": "B: env"}, "-H", "D: line")
	if err != nil || !slices.Equal(o.headers, []string{"D: line"}) {
		t.Errorf("from the command line: %q, %v", o.headers, err)
	}
}

func TestOtherToolsNamesCountAsTheFlagTheyStandFor(t *testing.T) {
	o, err := parsed(t, "max-connection-per-server=3\ninsecure\nproxy=http://conf\n", map[string]string{"HAUL_ALL_PROXY": "http://env"}, "--parallel-max-host", "5")
	if err != nil {
		t.Fatal(err)
	}
	if o.hostConns != 5 || o.checkCertificate || o.proxy != "http://env" {
		t.Errorf("connections %d, check %v, proxy %q", o.hostConns, o.checkCertificate, o.proxy)
	}
}

func TestMistakesInTheConfigurationAreNamed(t *testing.T) {
	for conf, want := range map[string]string{
		"\n\nsplitt=3\n":   `haul.conf:3: unknown option "splitt"; did you mean split?`,
		"split\n":          "split has no value",
		"split=x\n":        "haul.conf:1: split=x: want a whole number",
		"conf-path=x\n":    "has no meaning in a configuration file",
		"header=no colon ": "want 'Name: value'",
	} {
		if _, err := parsed(t, conf, nil); err == nil || !strings.Contains(err.Error(), want) || exitCode(err) != exitUsage {
			t.Errorf("%q gives %v, want %q", conf, err, want)
		}
	}
	if _, err := parsed(t, "", map[string]string{"HAUL_MAX_TRIES": "-1"}); err == nil || !strings.Contains(err.Error(), `HAUL_MAX_TRIES="-1"`) {
		t.Errorf("a bad variable gives %v", err)
	}
}

func TestAliasesMeanWhatTheyMeanElsewhere(t *testing.T) {
	for _, c := range []struct {
		args []string
		ok   func(*options) bool
	}{
		{[]string{"--limit-rate", "1.5M"}, func(o *options) bool { return o.overallRate == 3<<19 }},
		{[]string{"--retry", "0"}, func(o *options) bool { return o.tries == 1 }},
		{[]string{"--tries", "inf"}, func(o *options) bool { return o.tries == 0 }},
		{[]string{"-P", "x"}, func(o *options) bool { return o.dir == "x" }},
		{[]string{"--no-check-certificate"}, func(o *options) bool { return !o.checkCertificate }},
		{[]string{"--check-certificate=false"}, func(o *options) bool { return !o.checkCertificate }},
		{[]string{"--http2"}, func(o *options) bool { return o.httpVersion == "2" }},
		{[]string{"-c", "-Z", "-L", "--continue=true"}, func(o *options) bool { return o.files == defaultOptions().files }},
		{[]string{"--allow-overwrite", "--no-clobber"}, func(o *options) bool { return !o.overwrite }},
		{[]string{"-x16", "-s16", "-j5", "-k1M"}, func(o *options) bool {
			return o.hostConns == 16 && o.split == 16 && o.files == 5 && o.minSplit == 1<<20
		}},
	} {
		if o, err := parsed(t, "", nil, c.args...); err != nil || !c.ok(o) {
			t.Errorf("%q: %v, %+v", c.args, err, o)
		}
	}
}

func TestEveryAliasStandsForAFlag(t *testing.T) {
	fs := pflag.NewFlagSet("haul", pflag.ContinueOnError)
	addDownloadFlags(fs, defaultOptions())
	for _, a := range aliases {
		if fs.Lookup(a.target) == nil || a.from == "" {
			t.Errorf("alias %+v", a)
		}
	}
}

func FuzzConfigurationLine(f *testing.F) {
	for _, s := range []string{"dir=x", "# c", "max-tries", "=", "header=A: b", "check-certificate=false", "checksum=md5=00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		fs := pflag.NewFlagSet("haul", pflag.ContinueOnError)
		addDownloadFlags(fs, defaultOptions())
		_ = applyLine(line, fs, fs, map[string]bool{}) // must not panic
	})
}
