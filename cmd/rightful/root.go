package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const rootLong = `rightful asks and changes the policy of a Rightful service: on its database (--db), so that
it helps even if the service is down, or through a running service (--url). The same code
answers both ways.

Environment:
  RIGHTFUL_DB            stands in for --db; use it for an address with a password
  RIGHTFUL_CATALOG       stands in for --catalog
  RIGHTFUL_URL           stands in for --url
  RIGHTFUL_TOKEN         the token for the service; there is no flag for it, since other
                         users of the machine can read the arguments of a process
  RIGHTFUL_TOKEN_HEADER  stands in for --token-header

Exit status:
  0  yes, or done
  1  no, or something differs
  2  wrong usage, or any other error
  3  a conflict, with someone else's change or with what the policy has
  4  the database or the service cannot be reached; try again later`

func rootCommand(p process) *cobra.Command {
	out := &output{to: p.stdout, format: formatText}
	root := &cobra.Command{
		Use:           "rightful",
		Short:         "Ask and change the policy of a Rightful service",
		Long:          rootLong,
		Version:       buildInfo().Version,
		SilenceErrors: true, // run reports them
		SilenceUsage:  true,
	}
	root.SetVersionTemplate("rightful {{.Version}}\n")
	root.SetUsageTemplate(usageTemplate(root.UsageTemplate()))
	root.SetFlagErrorFunc(flagError)
	out.addFlag(root)
	makeParent(root, versionCommand(out))
	addGroup(root, "Ask:", canCommand(p, out), whyCommand(p, out), whoCanCommand(p, out), userCommand(p, out), matrixCommand(p, out))
	addGroup(root, "Change:", groupCommand(p, out), requestCommand(p, out), importCommand(p, out), exportCommand(p, out))
	addGroup(root, "Keep it like code:", catalogCommand(p, out), testCommand(p, out), diffCommand(p, out), applyCommand(p, out))
	addGroup(root, "Watch:", auditCommand(p, out), doctorCommand(p, out), statusCommand(p, out))
	addGroup(root, "Look after the database:", migrateCommand(p, out), adoptCommand(p, out), bootstrapCommand(p, out),
		repairCommand(p, out), renamePermissionCommand(p, out))
	return root
}

// addGroup adds commands that the help lists together.
func addGroup(root *cobra.Command, title string, commands ...*cobra.Command) {
	root.AddGroup(&cobra.Group{ID: title, Title: title})
	for _, cmd := range commands {
		cmd.GroupID = title
		root.AddCommand(cmd)
	}
}

// flagError explains a flag that only other commands have.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return usageError{err}
	}
	switch name := unknown.GetSpecifiedName(); {
	case name == "url" && cmd.Flags().Lookup("db") != nil:
		err = errors.New("a service can't do this: give the database itself with --db or RIGHTFUL_DB")
	case name == "db" && cmd.Flags().Lookup("url") != nil:
		err = errNoUser.error
	}
	return usageError{err}
}

// makeParent gives a command subcommands, one of which has to be named.
func makeParent(parent *cobra.Command, children ...*cobra.Command) {
	parent.AddCommand(children...)
	parent.SuggestionsMinimumDistance = 2
	parent.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		text := fmt.Sprintf("there is no command %q", args[0])
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			text += fmt.Sprintf("; did you mean %q?", strings.Join(near, `" or "`))
		}
		return usageError{fmt.Errorf("%s", text)}
	}
	parent.RunE = func(cmd *cobra.Command, _ []string) error {
		note(cmd.ErrOrStderr(), "%s", cmd.UsageString())
		return errUsageShown
	}
}

// usageTemplate leaves out that a parent can be run by itself: for most, all that does is print the usage. Those that take
// arguments complete them.
func usageTemplate(cobras string) string {
	return strings.Replace(cobras, "{{if .Runnable}}", "{{if and .Runnable (or (not .HasAvailableSubCommands) .ValidArgsFunction)}}", 1)
}

// noFiles keeps shells from completing the names of files in place of users and permissions.
func noFiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveNoFileComp
}
