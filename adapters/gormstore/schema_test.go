package gormstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/adapters/mysql"
	"github.com/rightful-go/rightful/adapters/postgres"
	"github.com/rightful-go/rightful/adapters/sqlite"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/internal/database"
	"gorm.io/gorm"
)

func TestNewerSchemaIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		s := d.Open(t, gormstore.Options{})
		dbtest.Exec(t, dbtest.StorePool(s), "UPDATE rightful_state SET schema_version = 99")
		was := d.Describe(t, dbtest.StorePool(s), "")
		for _, skip := range []bool{false, true} {
			_, err := database.Open(t.Context(), d.Address, gormstore.Options{SkipMigration: skip})
			if err == nil || errors.Is(err, gormstore.ErrMigrationNeeded) || !strings.Contains(err.Error(), "version 99") || !strings.Contains(err.Error(), "made for 4") {
				t.Errorf("the error doesn't name both versions: %v", err)
			}
		}
		if now := d.Describe(t, dbtest.StorePool(s), ""); !slices.Equal(now, was) {
			t.Error("the tables were changed")
		}
	})
}

// Without its row, the state has lost the revision. Starting over at 0 would let old commits win.
func TestLostStateIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		s := d.Open(t, gormstore.Options{})
		dbtest.Exec(t, dbtest.StorePool(s), "DELETE FROM rightful_state")
		if _, err := database.Open(t.Context(), d.Address, gormstore.Options{}); err == nil {
			t.Error("a store without its state was opened")
		}
		if _, err := s.Position(t.Context()); err == nil {
			t.Error("a store without its state has a revision")
		}
		if err := s.Commit(t.Context(), authz.Commit{Record: authz.Record{Revision: 1}}); err == nil {
			t.Error("a store without its state took a commit")
		}
	})
}

// A table that was restored alone, from a backup from before an adoption for example, has no triggers. Its rows are left as
// they are, for the program that they are from.
func TestLostTriggersAreRefused(t *testing.T) {
	dbtest.EachWith(t, []string{"", "acme"}, func(t *testing.T, d dbtest.Database, prefix string) {
		tables, err := gormstore.TablesOf(prefix)
		if err != nil {
			t.Fatal(err)
		}
		o := gormstore.Options{Prefix: prefix}
		dbtest.Commit(t, d.Open(t, o), authz.Commit{AddRows: dbtest.DeskPolicy})
		if another, err := database.Open(t.Context(), d.Address, o); err != nil {
			t.Fatalf("with its triggers: %v", err)
		} else if err := another.Close(); err != nil {
			t.Error(err)
		}
		for _, table := range []string{tables.Rules, tables.Groups, tables.Memberships, tables.Changes} {
			t.Run(table, func(t *testing.T) {
				d := d.Again(t)
				host := d.Pool(t)
				dbtest.Commit(t, d.Open(t, o), authz.Commit{AddRows: dbtest.DeskPolicy})
				dbtest.Exec(t, host, "ALTER TABLE "+table+" RENAME TO was", "CREATE TABLE "+table+" AS SELECT * FROM was", "DROP TABLE was")
				_, err := database.Open(t.Context(), d.Address, o)
				if err == nil || !strings.Contains(err.Error(), table+" has lost the triggers") {
					t.Errorf("the error doesn't say which table has lost its triggers: %v", err)
				}
			})
		}
	})
}

func TestMigrationByAnotherProcess(t *testing.T) {
	dbtest.EachWith(t, []string{"", "acme"}, func(t *testing.T, d dbtest.Database, prefix string) {
		o := gormstore.Options{Prefix: prefix, SkipMigration: true}
		host := d.Pool(t)
		if tables := d.Tables(t, host); len(tables) != 0 { // this also makes the file of SQLite
			t.Fatalf("the database has %s already", tables)
		}
		_, err := database.Open(t.Context(), d.Address, o)
		if !errors.Is(err, gormstore.ErrMigrationNeeded) || !strings.Contains(err.Error(), "version 0") || !strings.Contains(err.Error(), "needs 4") {
			t.Errorf("the error doesn't name both versions: %v", err)
		}
		if tables := d.Tables(t, host); len(tables) != 0 {
			t.Errorf("made although migrations are switched off: %s", tables)
		}

		text, err := database.MigrationSQL(d.Kind, prefix)
		if err != nil {
			t.Fatal(err)
		}
		if err := dbtest.Script(t, host, text); err != nil {
			t.Fatal(err)
		}
		s := d.Open(t, o)
		dbtest.Commit(t, s, authz.Commit{AddRows: []authz.Row{{Type: "g", V: [6]string{"ana", "group:Desk"}}}})

		another := d.Again(t)
		own := another.Open(t, gormstore.Options{Prefix: prefix})
		want, got := another.Describe(t, dbtest.StorePool(own), ""), d.Describe(t, host, "")
		indent := regexp.MustCompile(`\s+`) // SQLite keeps the text
		if got, want := indent.ReplaceAllString(strings.Join(got, "\n"), " "), indent.ReplaceAllString(strings.Join(want, "\n"), " "); got != want {
			t.Errorf("by hand\n%s\nby itself\n%s", got, want)
		}
	})
}

// A script that fails when it is run by hand has changed nothing, where the database can take
// definitions back.
func TestMigrationByHandIsWholeOrAbsent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		if d.Kind == "mysql" {
			t.Skip("MySQL commits with each definition")
		}
		host := d.Pool(t)
		dbtest.Exec(t, host, "CREATE VIEW rightful_changes AS SELECT 1 AS one")
		was := d.Tables(t, host)
		text, err := database.MigrationSQL(d.Kind, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := dbtest.Script(t, host, text); err == nil {
			t.Error("the view was no obstacle")
		}
		if now := d.Tables(t, host); !slices.Equal(now, was) {
			t.Errorf("half a migration: %q", now)
		}
	})
}

// A migration that fails is made up for by the next start. Where definitions of tables can be
// taken back it leaves nothing behind, and never a store that looks whole.
func TestMigrationIsWholeOrAbsent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		host := d.Pool(t)
		obstacle := "rightful_changes"
		if d.Kind == "mysql" { // finds no fault with what has that name
			obstacle = "rightful_state"
		}
		dbtest.Exec(t, host, "CREATE VIEW "+obstacle+" AS SELECT 1 AS one")
		was := d.Tables(t, host)
		if _, err := database.Open(t.Context(), d.Address, gormstore.Options{}); err == nil {
			t.Error("the store was opened")
		}
		if now := d.Tables(t, host); d.Kind != "mysql" && !slices.Equal(now, was) {
			t.Errorf("half a migration: %q", now)
		}
		dbtest.Exec(t, host, "DROP VIEW "+obstacle)
		dbtest.Commit(t, d.Open(t, gormstore.Options{}), authz.Commit{AddRows: dbtest.DeskPolicy})
		another := d.Again(t)
		whole := another.Describe(t, dbtest.StorePool(another.Open(t, gormstore.Options{})), "")
		if now := d.Describe(t, host, ""); !slices.Equal(now, whole) {
			t.Errorf("made up for\n%s\nat once\n%s", strings.Join(now, "\n"), strings.Join(whole, "\n"))
		}
	})
}

// openNext opens a store as a version of Rightful will that knows one migration more.
func openNext(ctx context.Context, db *gorm.DB, o gormstore.Options) (*gormstore.Store, error) {
	dialect := map[string]func() gormstore.Dialect{"sqlite": sqlite.Dialect, "postgres": postgres.Dialect, "mysql": mysql.Dialect}[db.Name()]()
	dialect.Migrations = append(slices.Clip(dialect.Migrations), gormstore.Migration{
		Version:    dialect.Migrations[len(dialect.Migrations)-1].Version + 1,
		Statements: []string{"ALTER TABLE {groups} ADD COLUMN color varchar(20)"},
	})
	return gormstore.New(ctx, db, dialect, o)
}

func TestOlderSchemaMovesForwardWithItsData(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		s := d.Open(t, gormstore.Options{})
		desk := authz.GroupRow{GroupInfo: authz.GroupInfo{Name: "Desk"}, Version: authz.Version{Revision: 1}}
		dbtest.Commit(t, s, authz.Commit{AddRows: dbtest.DeskPolicy, PutGroups: []authz.GroupRow{desk}, Users: []authz.UserID{"ana"}})
		was, rows := dbtest.Everything(t, s), dbtest.Load(t, s)

		host := d.Host(t, gorm.Config{})
		if _, err := openNext(t.Context(), host, gormstore.Options{SkipMigration: true}); err == nil ||
			!strings.Contains(err.Error(), "version 4") || !strings.Contains(err.Error(), "needs 5") {
			t.Errorf("the error doesn't name both versions: %v", err)
		}
		errs := make([]error, 8)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() {
				_, errs[i] = openNext(t.Context(), host, gormstore.Options{})
			})
		}
		all.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		next, err := openNext(t.Context(), host, gormstore.Options{SkipMigration: true})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(dbtest.Load(t, next), rows) {
			t.Error("the rows were changed")
		}
		if now := dbtest.Everything(t, next); len(now) != len(was) {
			t.Errorf("of\n%s\nwas made\n%s", strings.Join(was, "\n"), strings.Join(now, "\n"))
		}
		dbtest.Commit(t, next, authz.Commit{RemoveRows: rows[:1]})
		if _, err := database.Open(t.Context(), d.Address, gormstore.Options{}); err == nil || !strings.Contains(err.Error(), "version 5") {
			t.Errorf("the older program takes the newer tables: %v", err)
		}
	})
}

func TestEightStartAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		for range 5 {
			d := d.Again(t)
			errs := make([]error, 8)
			var all sync.WaitGroup
			for i := range errs {
				all.Go(func() {
					s, err := database.Open(t.Context(), d.Address, gormstore.Options{})
					if err == nil {
						_, err = s.Position(t.Context())
						_ = s.Close()
					}
					errs[i] = err
				})
			}
			all.Wait()
			for i, err := range errs {
				if err != nil {
					t.Errorf("start %d: %v", i, err)
				}
			}
			s := d.Open(t, gormstore.Options{})
			if n := dbtest.Query(t, dbtest.StorePool(s), "SELECT COUNT(*) FROM rightful_state"); n[0] != "1" {
				t.Errorf("%s states", n[0])
			}
		}
	})
}

// A first start that is broken off anywhere is made up for by the next one. MySQL takes nothing
// back there, and half a state would look like a policy that was lost.
func TestFirstStartBrokenOffAnywhere(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute; the full run has it")
	}
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		whole := d.Describe(t, dbtest.StorePool(d.Open(t, gormstore.Options{})), "")
		steps := 0
		for reached := true; reached; steps++ {
			t.Run(fmt.Sprint("statement ", steps+1), func(t *testing.T) { // which closes its connections
				reached = breakOffStart(t, d.Again(t).Named(t), steps+1, whole)
			})
		}
		if steps < 10 {
			t.Errorf("the start had %d statements, so that little was tried", steps)
		}
	})
}

// breakOffStart breaks a first start off at a statement, and reports whether it has so many. The
// next start makes the tables whole.
func breakOffStart(t *testing.T, d dbtest.Database, step int, whole []string) (reached bool) {
	t.Helper()
	connector := &dbtest.Faulty{Through: d.Pool(t).Driver(), DSN: d.DSN}
	host := sql.OpenDB(connector)
	t.Cleanup(func() { _ = host.Close() })
	db, err := gorm.Open(d.Over(host), &gorm.Config{})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	connector.Before = func(string) error {
		if n++; n >= step { // from here on all goes wrong
			return errors.New("killed")
		}
		return nil
	}
	_, err = database.New(t.Context(), db, gormstore.Options{})
	connector.Before = nil
	if reached = n >= step; reached && err == nil {
		t.Error("opened")
	}
	s := d.Open(t, gormstore.Options{})
	dbtest.Commit(t, s, authz.Commit{AddRows: dbtest.DeskPolicy})
	if now := d.Describe(t, dbtest.StorePool(s), ""); !slices.Equal(now, whole) {
		t.Errorf("made up for\n%s\nat once\n%s", strings.Join(now, "\n"), strings.Join(whole, "\n"))
	}
	return reached
}
