package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const rootLong = `rightful queries and changes a Rightful policy: who may do what in an application.
Administrators use it through the running service (--url), operators on its database
(--db), which works even while the service is down. Many commands that only read can
also use a folder of CSV files (--seed).

Environment:
  RIGHTFUL_DB            default of --db; use it for an address with a password
  RIGHTFUL_CATALOG       default of --catalog
  RIGHTFUL_URL           default of --url
  RIGHTFUL_TOKEN         token for the service; no flag takes it, because other users of
                         the machine can read the arguments of a process
  RIGHTFUL_TOKEN_HEADER  default of --token-header

Exit status:
  0  yes, or done
  1  no, or something differs
  2  wrong usage, or any other error
  3  a conflict with someone else's change or with the current policy
  4  the database or the service can't be reached; try again later`

func rootCommand(p process) *cobra.Command {
	out := &output{to: p.stdout, format: formatText}
	root := &cobra.Command{
		Use:           "rightful",
		Short:         "Query and change a Rightful policy",
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
	addGroup(root, "Query:", canCommand(p, out), whyCommand(p, out), whoCanCommand(p, out), userCommand(p, out), matrixCommand(p, out))
	addGroup(root, "Change:", groupCommand(p, out), requestCommand(p, out), importCommand(p, out), exportCommand(p, out))
	addGroup(root, "Policy as code:", catalogCommand(p, out), testCommand(p, out), diffCommand(p, out), applyCommand(p, out))
	addGroup(root, "Audit and health:", auditCommand(p, out), doctorCommand(p, out), statusCommand(p, out))
	addGroup(root, "Database maintenance:", migrateCommand(p, out), adoptCommand(p, out), bootstrapCommand(p, out),
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
		err = errors.New("this command works only on a database: use --db or RIGHTFUL_DB")
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
