package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const rootLong = `haul downloads lists of URLs into a folder of whole files: many at once, each in
ranges, never a wrong or a half one under its final name.

    haul -i urls.txt -d out               download a list
    haul https://example.org/a.iso        download a URL
    generate-urls | haul -i - -d out      begin before the list ends

The same command again is how to resume: what is complete is not fetched again,
what was begun goes on, what failed is tried anew.`

// newRoot builds the tree of commands. Nothing of it outlives one execution.
func newRoot(io stdio, env environment) *cobra.Command {
	root := newDownload("haul [flags] [URL ...]", io, env)
	root.Short = "Download lists of URLs into a folder of whole files"
	root.Long = rootLong
	root.Version = programVersion()
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetIn(io.in)
	root.SetOut(io.out)
	root.SetErr(io.err)
	root.SetVersionTemplate("haul {{.Version}}\n")
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { writeHelp(cmd.OutOrStdout(), cmd) })
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return explainFlagError(cmd, err) })

	get := newDownload("get [flags] URL ...", io, env)
	get.Short = "The same as haul without a command"
	root.AddCommand(get, newStatus(io), newVerify(io), newState(io), newReport(io), newDemo(io, env), newMan(root), newVersion(),
		&cobra.Command{Use: "aliases", Short: "Names of aria2's, curl's and wget's options that are taken as well", Long: aliasHelp()})

	configure(root, root.Flags(), env)
	return root
}

// configure lets environment and configuration file set the flags of cmd and the
// commands below it. known are the flags that the file may name.
func configure(cmd *cobra.Command, known *pflag.FlagSet, env environment) {
	if cmd.Flags().Lookup("conf-path") != nil {
		cmd.PreRunE = func(c *cobra.Command, _ []string) error { return applyConf(c.Flags(), known, env) }
	}
	for _, c := range cmd.Commands() {
		configure(c, known, env)
	}
}

// explainFlagError turns what the flag parser says into what was given, what is
// wrong with it, and what to write instead.
func explainFlagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return usageErrorf("unknown flag -%s", unknown.GetSpecifiedName()[:1])
	case errors.As(err, &unknown):
		return usageErrorf("unknown flag --%s%s", unknown.GetSpecifiedName(), didYouMean(unknown.GetSpecifiedName(), "--", cmd.Flags()))
	case errors.As(err, &missing):
		return usageErrorf("%s needs a value", flagName(missing.GetFlag()))
	case errors.As(err, &invalid):
		return usageErrorf("%s %q: %w", flagName(invalid.GetFlag()), invalid.GetValue(), invalid.Unwrap())
	}
	return &exitError{exitUsage, err}
}

func flagName(f *pflag.Flag) string {
	if f.Shorthand != "" {
		return fmt.Sprintf("-%s, --%s", f.Shorthand, f.Name)
	}
	return "--" + f.Name
}
