package integration_test

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	driver "github.com/go-sql-driver/mysql"
	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/internal/database"
)

// A service needs no right to define tables.
func TestRoleThatMayDefineNothing(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, d dbtest.Database) {
		owner := d.Open(t, gormstore.Options{})
		limited := limitedRole(t, d, owner, "")
		for _, skip := range []bool{true, false} {
			s := limited.Open(t, gormstore.Options{SkipMigration: skip})
			if _, err := dbtest.StorePool(s).ExecContext(t.Context(), "CREATE TABLE other (id int)"); err == nil {
				t.Fatal("the role may define tables")
			}
			engine, err := authz.Open(t.Context(), s, authz.Options{Bootstrap: "root", Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			name := authz.GroupName(fmt.Sprintf("Group %t", skip))
			if _, err := engine.As("root").CreateGroup(t.Context(), authz.GroupSpec{Name: name}); err != nil {
				t.Error(err)
			}
			if _, err := engine.As("root").ChangeMembers(t.Context(), name, []authz.UserID{"ana"}, nil); err != nil {
				t.Error(err)
			}
			if _, err := engine.As("root").DeleteGroup(t.Context(), name, true); err != nil {
				t.Error(err)
			}
			if _, err := authz.AuditRecords(t.Context(), s, authz.AuditOptions{}); err != nil {
				t.Error(err)
			}
			engine.Close(context.Background())
		}
		if _, err := database.Open(t.Context(), limited.Address, gormstore.Options{Prefix: "acme"}); err == nil {
			t.Error("tables were made")
		}
	})
}

// An account that writes to the policy table needs no right on the table that counts writes.
func TestRoleThatWritesRulesAlone(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, d dbtest.Database) {
		owner := d.Open(t, gormstore.Options{})
		authztest.Prepare(t, owner)
		outsider := limitedRole(t, d, owner, "casbin_rule")
		before, err := owner.Position(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		dbtest.Exec(t, withoutSearchPath(t, outsider), "INSERT INTO "+qualified(t, d, owner)+" (ptype, v0, v1) VALUES ('g', 'cleo', 'group:Desk')")
		if after, err := owner.Position(t.Context()); err != nil || after.Writes == before.Writes {
			t.Errorf("from %+v to %+v: %v", before, after, err)
		}
	})
}

// qualified is the policy table with its schema, as someone names it who works elsewhere.
func qualified(t *testing.T, d dbtest.Database, owner *gormstore.Store) string {
	t.Helper()
	if d.Kind == "mysql" {
		return "casbin_rule"
	}
	return dbtest.Query(t, dbtest.StorePool(owner), "SELECT current_schema()")[0] + ".casbin_rule"
}

// withoutSearchPath opens a database, on PostgreSQL with another schema on its path.
func withoutSearchPath(t *testing.T, d dbtest.Database) *sql.DB {
	t.Helper()
	if d.Kind == "mysql" {
		return d.Pool(t)
	}
	parsed, err := url.Parse(d.Address)
	if err != nil {
		t.Fatal(err)
	}
	query := parsed.Query()
	query.Del("search_path")
	parsed.RawQuery = query.Encode()
	d.DSN = parsed.String()
	return d.Pool(t)
}

// limitedRole makes a role that may read and write the tables of a store, or one of them, and
// nothing else. It returns the database as the role gets at it.
func limitedRole(t *testing.T, d dbtest.Database, owner *gormstore.Store, table string) dbtest.Database {
	t.Helper()
	parsed, err := url.Parse(d.Address)
	if err != nil {
		t.Fatal(err)
	}
	role := "r" + dbtest.Prefix()
	parsed.User = url.UserPassword(role, "s3cret")
	db := dbtest.StorePool(owner)
	if d.Kind == "mysql" {
		schema := strings.TrimPrefix(parsed.Path, "/")
		dbtest.Exec(t, db, "CREATE USER "+role+" IDENTIFIED BY 's3cret'",
			"GRANT SELECT, INSERT, UPDATE, DELETE ON "+schema+"."+cmp.Or(table, "*")+" TO "+role)
		t.Cleanup(func() { _, _ = db.ExecContext(context.Background(), "DROP USER "+role) })
		config, err := driver.ParseDSN(d.DSN)
		if err != nil {
			t.Fatal(err)
		}
		config.User, config.Passwd = role, "s3cret"
		return dbtest.Database{Kind: d.Kind, Address: parsed.String(), DSN: config.FormatDSN()}
	}
	dbtest.Exec(t, db, "CREATE ROLE "+role+" LOGIN PASSWORD 's3cret'")
	t.Cleanup(func() {
		_, _ = db.ExecContext(context.Background(), "DROP OWNED BY "+role)
		_, _ = db.ExecContext(context.Background(), "DROP ROLE "+role)
	})
	schema := dbtest.Query(t, db, "SELECT current_schema()")[0]
	of := "ALL TABLES IN SCHEMA " + schema
	if table != "" {
		of = schema + "." + table
	}
	dbtest.Exec(t, db, "GRANT USAGE ON SCHEMA "+schema+" TO "+role,
		"GRANT SELECT, INSERT, UPDATE, DELETE ON "+of+" TO "+role,
		"GRANT USAGE ON ALL SEQUENCES IN SCHEMA "+schema+" TO "+role)
	if parsed.Host == "" { // a socket fixes the account's name, so another account needs a host
		parsed.Host, parsed.Path = "127.0.0.1", dbtest.Query(t, db, "SELECT current_database()")[0]
	}
	return dbtest.Database{Kind: d.Kind, Address: parsed.String(), DSN: parsed.String()}
}
