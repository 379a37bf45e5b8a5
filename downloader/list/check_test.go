package list

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// checkList compares the entries of input with want: a line for each, with its
// line number before it. It also checks what holds for every list.
func checkList(t *testing.T, cfg Config, input, want string) {
	t.Helper()
	var b strings.Builder
	all := decodeAll(t, cfg, input)
	for _, e := range all {
		fmt.Fprintf(&b, "%d %s\n", e.Request.Line, brief(e.Request))
		if e.Request.List != cfg.Name {
			t.Errorf("entry of line %d is of list %q, want %q", e.Request.Line, e.Request.List, cfg.Name)
		}
	}
	if got := b.String(); got != want {
		t.Errorf("entries of %.500q:\ngot  %q\nwant %q", input, got, want)
	}
}

func itoa(n int) string { return strconv.Itoa(n) }
