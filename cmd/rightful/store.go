package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/internal/database"
	"github.com/spf13/cobra"
)

// databaseFlags say which database a command works on. This file alone knows how to open it.
type databaseFlags struct{ address, prefix string }

// closableStore is a store that the command opened and has to close.
type closableStore interface {
	authz.Store
	Close() error
}

func (d *databaseFlags) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&d.address, "db", "", "`address` of the database: sqlite:PATH, postgres://… or mysql://… (default $RIGHTFUL_DB)")
	cmd.Flags().StringVar(&d.prefix, "prefix", "", "`prefix` of the table names, if the service uses one")
}

// notePassword tells someone who gives a password as an argument that others can read it.
func notePassword(cmd *cobra.Command) {
	flag := cmd.Flags().Lookup("db")
	if flag == nil || !flag.Changed {
		return
	}
	address, err := url.Parse(flag.Value.String())
	if err != nil || address.User == nil {
		return
	}
	if _, has := address.User.Password(); has {
		note(cmd.ErrOrStderr(), "Other users of this machine can read the password in --db; put the address into RIGHTFUL_DB.\n")
	}
}

// complete takes the address from the environment if there is no flag.
func (d *databaseFlags) complete(getenv func(string) string) error {
	d.address = cmp.Or(d.address, getenv("RIGHTFUL_DB"))
	switch {
	case d.address == "" && getenv("RIGHTFUL_URL") != "":
		return usageError{errors.New("this command works only on a database: use --db or RIGHTFUL_DB")}
	case d.address == "":
		return usageError{errors.New("no database given: use --db or set RIGHTFUL_DB")}
	}
	return nil
}

// open opens a store that exists. It creates neither tables nor a database file.
func (d *databaseFlags) open(ctx context.Context) (closableStore, error) {
	store, err := database.Open(ctx, d.address, gormstore.Options{Prefix: d.prefix, SkipMigration: true})
	if path, isFile := strings.CutPrefix(d.address, "sqlite:"); isFile && errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no database file %s; check --db, or create it with rightful migrate", path)
	}
	if errors.Is(err, gormstore.ErrMigrationNeeded) {
		return nil, restated{migrationFault(err) + ": run rightful migrate", err}
	}
	if err != nil {
		return nil, err
	}
	return store, nil
}

// errUnadopted is why there is nothing to migrate.
var errUnadopted = errors.New("another program filled the policy table, so no tables were created: " +
	"rightful adopt --check says what would become of its rows, and rightful adopt adopts them; if you have copied them already, use --prefix with the prefix of the copy")

// migrate creates the tables or upgrades them, and on SQLite creates the file.
func (d *databaseFlags) migrate(ctx context.Context) error {
	store, err := database.Open(ctx, d.address, gormstore.Options{Prefix: d.prefix})
	if err != nil {
		return err
	}
	if store.Unadopted() {
		return errors.Join(errUnadopted, store.Close())
	}
	return store.Close()
}

// migrationDue says what migrate would do, "" if the tables are up to date.
func (d *databaseFlags) migrationDue(ctx context.Context) (string, error) {
	store, err := database.Open(ctx, d.address, gormstore.Options{Prefix: d.prefix, SkipMigration: true})
	path, isFile := strings.CutPrefix(d.address, "sqlite:")
	switch {
	case isFile && errors.Is(err, fs.ErrNotExist):
		return "create the file " + path + " with the tables", nil
	case errors.Is(err, gormstore.ErrMigrationNeeded):
		return "upgrade the tables: " + migrationFault(err), nil
	case err != nil:
		return "", err
	case store.Unadopted():
		return "", errors.Join(errUnadopted, store.Close())
	}
	return "", store.Close()
}

// migrationFault says which version the tables have and which they need.
func migrationFault(err error) string {
	text, _, _ := strings.Cut(err.Error(), ", and "+gormstore.ErrMigrationNeeded.Error())
	return text
}

// migrationSQL returns the statements that migrate would run on an empty database.
func (d *databaseFlags) migrationSQL() (string, error) {
	scheme, _, _ := strings.Cut(d.address, ":")
	if scheme == "postgresql" {
		scheme = "postgres"
	}
	return database.MigrationSQL(scheme, d.prefix)
}
