package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
)

func migrateCommand(p process, out *output) *cobra.Command {
	var db databaseFlags
	var printSQL, dryRun bool
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Create the tables, or upgrade them to this version",
		Long: `Create the tables of a policy, or upgrade them to the version that this program needs. Tables
that are up to date don't change. A SQLite file is created if it doesn't exist.

With --print, migrate prints the SQL for an empty database without connecting to one. Use it if
another account runs migrations: the service itself needs no right to create tables.`,
		Example: `  rightful migrate --db sqlite:policy.db
  rightful migrate --db postgres:// --print > tables.sql`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := db.complete(p.getenv); err != nil {
				return err
			}
			if printSQL {
				sql, err := db.migrationSQL()
				if err != nil {
					return usageError{err}
				}
				return out.print(map[string]string{"sql": sql}, "%s", strings.TrimSuffix(sql, "\n"))
			}
			if dryRun {
				return printMigrationDue(cmd.Context(), out, db)
			}
			if err := db.migrate(cmd.Context()); err != nil {
				return err
			}
			return out.print(migrated{Migrated: true}, "The tables are up to date.")
		},
	}
	db.addFlags(cmd)
	cmd.Flags().BoolVarP(&dryRun, "dry-run", "n", false, "show what would change, and change nothing")
	cmd.Flags().BoolVar(&printSQL, "print", false, "print the SQL, and run nothing")
	return cmd
}

// migrated is the result of migrate.
type migrated struct {
	Migrated bool   `json:"migrated"`
	Due      string `json:"due,omitempty"` // what a dry run found to do
}

func printMigrationDue(ctx context.Context, out *output, db databaseFlags) error {
	due, err := db.migrationDue(ctx)
	if err != nil {
		return err
	}
	if due == "" {
		return out.print(migrated{}, "The tables are up to date.")
	}
	return out.print(migrated{Due: due}, "Dry run: nothing changed. migrate would %s.", due)
}
