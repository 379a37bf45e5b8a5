package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

func newMan(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "man",
		Short: "Print the manual page (try: haul man | man -l -)",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return writeMan(cmd.OutOrStdout(), root)
		},
	}
}

// writeMan writes one manual page for the program and all of its commands, in
// the man macros of roff.
func writeMan(w io.Writer, root *cobra.Command) error {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH HAUL 1 \"\" \"haul %s\" \"User Commands\"\n", roff(root.Version))
	fmt.Fprintf(&b, ".SH NAME\nhaul \\- %s\n", roff(strings.ToLower(root.Short[:1])+root.Short[1:]))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B haul\n[\\fIflags\\fR] [\\fIURL\\fR ...]\n.SH DESCRIPTION\n.nf\n%s\n.fi\n", roff(root.Long))
	b.WriteString(".SH COMMANDS\n")
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", roff(c.UseLine()), roff(c.Short))
		}
	}
	b.WriteString(".SH OPTIONS\n")
	for _, g := range flagGroups(root.Flags()) {
		fmt.Fprintf(&b, ".SS %s\n", roff(g.name))
		for _, f := range g.flags {
			form, usage := flagForms(f)
			fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", roff(strings.TrimSpace(form)), roff(usage))
		}
	}
	fmt.Fprintf(&b, ".SH \"OTHER TOOLS' NAMES\"\n.nf\n%s\n.fi\n", roff(strings.TrimSpace(aliasHelp())))
	fmt.Fprintf(&b, ".SH NOTES\n.nf\n%s\n.fi\n", roff(strings.TrimSpace(rootEpilogue)))
	_, err := io.WriteString(w, b.String())
	return err
}

// roff escapes what the formatter would take for its own: backslashes, hyphens
// that must stay hyphens, and dots and quotes that begin a line.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s)
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, ".") || strings.HasPrefix(l, "'") {
			lines[i] = `\&` + l
		}
	}
	return strings.Join(lines, "\n")
}
