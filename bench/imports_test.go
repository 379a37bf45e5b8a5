package bench

import (
	"fmt"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/seed-9a1263fe/haul/"

// rules say which of the module's packages each package may import, test files
// left out. A name that ends in /... stands for the package and all below it.
const rules = `
queue:                    -
queue/memq:               queue
queue/queuetest:          queue
queue/fileq:              queue store/vfs store/journal
store:                    -
store/vfs:                -
store/journal:            store/vfs
store/memstore:           store
store/storetest:          store store/vfs
store/diskstore:          store store/vfs store/journal
downloader/session/...:   downloader/session
downloader/name:          store
downloader:               queue queue/memq store downloader/session downloader/name
downloader/list:          downloader downloader/session store
bench/...:                bench/...
bench/index:              queue queue/fileq store/vfs downloader downloader/list
cmd/...:                  queue/... store/... downloader/... bench/origin cmd/...
`

// onlyUnder says where a package of the standard library may be imported.
var onlyUnder = map[string][]string{
	"net/http": {"downloader/session", "downloader/name", "cmd", "bench"},
	"os":       {"store/vfs", "cmd", "bench"},
	"testing":  {"queue/queuetest", "store/storetest"},
}

func TestImportsFollowTheRules(t *testing.T) {
	allowed := parseRules(t)
	for pkg, imports := range packages(t) {
		rule, ok := ruleFor(allowed, pkg)
		if !ok {
			t.Errorf("%s: no rule says what it may import", pkg)
			continue
		}
		for _, imp := range imports {
			if own, ok := strings.CutPrefix(imp, module); ok && own != pkg && !matchesAny(rule, own) {
				t.Errorf("%s imports %s, which its rule (%v) does not allow", pkg, own, rule)
			}
			if places, ok := onlyUnder[imp]; ok && !slices.ContainsFunc(places, func(p string) bool { return under(pkg, p) }) {
				t.Errorf("%s imports %s, which is only allowed under %v", pkg, imp, places)
			}
		}
	}
}

func parseRules(t *testing.T) map[string][]string {
	t.Helper()
	m := map[string][]string{}
	for line := range strings.Lines(strings.TrimSpace(rules)) {
		pkg, list, ok := strings.Cut(line, ":")
		if !ok {
			t.Fatalf("rule %q", line)
		}
		m[pkg] = strings.Fields(list)
	}
	return m
}

// packages returns what each package of the module imports.
func packages(t *testing.T) map[string][]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	m := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		m[strings.TrimPrefix(f[0], module)] = f[1:]
	}
	if len(m) < 10 {
		t.Fatal(fmt.Errorf("go list shows only %d packages", len(m)))
	}
	return m
}

func ruleFor(rules map[string][]string, pkg string) ([]string, bool) {
	if r, ok := rules[pkg]; ok {
		return r, true
	}
	for p := pkg; p != "."; p = path.Dir(p) {
		if r, ok := rules[p+"/..."]; ok {
			return r, true
		}
	}
	return nil, false
}

func matchesAny(patterns []string, pkg string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		if base, ok := strings.CutSuffix(p, "/..."); ok {
			return under(pkg, base)
		}
		return p == pkg
	})
}

func under(pkg, dir string) bool { return pkg == dir || strings.HasPrefix(pkg, dir+"/") }
