package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is where lines of the help are broken.
const helpWidth = 100

// writeHelp writes what a command does, then its commands, then its flags in
// their groups.
func writeHelp(w io.Writer, cmd *cobra.Command) {
	text := cmd.Long
	if text == "" {
		text = cmd.Short + "."
	}
	fmt.Fprintf(w, "%s\n", strings.TrimRight(text, "\n"))
	if !cmd.Runnable() && !cmd.HasSubCommands() {
		return // a topic
	}
	fmt.Fprintf(w, "\nUsage:\n  %s\n", cmd.UseLine())
	if cmd.HasAvailableSubCommands() {
		fmt.Fprint(w, "\nCommands:\n")
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() || c.IsAdditionalHelpTopicCommand() || c.Name() == "help" {
				name := c.Name()
				if c.IsAdditionalHelpTopicCommand() {
					name = "help " + name
				}
				fmt.Fprintf(w, "  %-14s %s\n", name, c.Short)
			}
		}
	}
	for _, g := range flagGroups(cmd.Flags()) {
		fmt.Fprintf(w, "\n%s:\n", g.name)
		for _, f := range g.flags {
			writeFlag(w, f)
		}
	}
	if !cmd.HasParent() {
		fmt.Fprint(w, rootEpilogue)
	}
}

const rootEpilogue = `
SIZE takes K, M, G or T (powers of 1024); RATE is a SIZE a second. Every flag can also come from a
variable (HAUL_MAX_TRIES=9) or from the configuration file (max-tries=9); the command line wins.

Exit codes: 0 all complete, 1 some failed, 2 the command line or a list cannot be used, 3 the output
directory cannot be used, 130 and 143 interrupted (and committed: the same command goes on).
`

type flagGroup struct {
	name  string
	flags []*pflag.Flag
}

// flagGroups gathers the flags that are in the help, in the order in which they
// were defined.
func flagGroups(fs *pflag.FlagSet) []flagGroup {
	var groups []flagGroup
	fs.VisitAll(func(f *pflag.Flag) {
		name := f.Annotations[groupOf]
		if f.Hidden || len(name) == 0 {
			return
		}
		if len(groups) == 0 || groups[len(groups)-1].name != name[0] {
			groups = append(groups, flagGroup{name: name[0]})
		}
		g := &groups[len(groups)-1]
		g.flags = append(g.flags, f)
	})
	return groups
}

// flagForms returns a flag as it is written and what it does, with its default.
func flagForms(f *pflag.Flag) (form, usage string) {
	arg, usage := pflag.UnquoteUsage(f)
	form = "    --" + f.Name
	if f.Shorthand != "" {
		form = "-" + f.Shorthand + ", --" + f.Name
	}
	isSwitch := f.NoOptDefVal != ""
	if !isSwitch {
		form += " " + arg
	}
	switch def := f.DefValue; {
	case isSwitch && def == "true":
		form += "=false" // and the usage says what that does
	case isSwitch, def == "", def == "0" && strings.Contains(usage, "0 is off"):
	default:
		usage += fmt.Sprintf(" (default %s)", def)
	}
	return form, usage
}

func writeFlag(w io.Writer, f *pflag.Flag) {
	const column = 38
	form, usage := flagForms(f)
	if len(form)+3 > column {
		fmt.Fprintf(w, "  %s\n%*s", form, column, "")
	} else {
		fmt.Fprintf(w, "  %-*s", column-2, form)
	}
	fmt.Fprintln(w, strings.Join(wrap(usage, helpWidth-column), "\n"+strings.Repeat(" ", column)))
}

// wrap breaks text into lines of at most width bytes, where words allow.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) > width:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}
