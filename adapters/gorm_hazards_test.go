package adapters_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"log"
	"slices"
	"strings"
	"testing"

	"github.com/glebarez/sqlite"
	"github.com/rightful-go/rightful/adapters"
	"github.com/rightful-go/rightful/authz"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	"gorm.io/gorm/schema"
)

var background = context.Background()

// SQLite keeps any value in any column. A blob loads like the text of the same bytes, so a
// removal that left it there would leave the permission too.
func TestBlobsGoWithTheTextTheyLoadAs(t *testing.T) {
	s := openSQLite(t, newFile(t), adapters.GormOptions{})
	row := authz.Row{Type: "p", V: [6]string{"group:Desk", "orders", "view", "allow"}}
	commit(t, s, authz.Commit{AddRows: []authz.Row{row}})
	execSQL(t, s.Pool(),
		"INSERT INTO casbin_rule (ptype, v0, v1, v2, v3) VALUES ('p', CAST('group:Desk' AS BLOB), CAST('orders' AS BLOB), 'view', 'allow')",
		"INSERT INTO casbin_rule (ptype, v0, v1, v2, v3, v4) VALUES (CAST('p' AS BLOB), 'group:Desk', 'orders', 'view', CAST('allow' AS BLOB), x'')",
		"INSERT INTO casbin_rule (ptype, v0, v1) VALUES ('g', 'ana', CAST('group:Desk' AS BLOB))")
	if rows := load(t, s); len(rows) != 4 || rows[1].V != row.V || rows[2].V != row.V || rows[2].Type != "p" {
		t.Fatalf("loaded %v", rows)
	}
	commit(t, s, authz.Commit{Renames: []authz.Rename{{From: "Desk", To: "Front desk"}}})
	row.V[0] = "group:Front desk"
	commit(t, s, authz.Commit{RemoveRows: []authz.Row{row}})
	if rows := load(t, s); len(rows) != 1 || rows[0].V[1] != "group:Front desk" {
		t.Errorf("left: %v", rows)
	}
}

// database/sql gives a connection back to the pool after a COMMIT that failed, and SQLite
// keeps the transaction open: the next one on it couldn't begin, and nobody else could write.
func TestFailedCommitHoldsNobodyUp(t *testing.T) {
	path := newFile(t)
	db := hostDB(t, path, "journal_mode(DELETE)", "busy_timeout(50)") // where a reader stops a COMMIT
	s, err := adapters.OpenGorm(t.Context(), db, adapters.GormOptions{})
	if err != nil {
		t.Fatal(err)
	}
	reader, err := pool(t, hostDB(t, path)).Begin()
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := reader.QueryRow("SELECT COUNT(*) FROM casbin_rule").Scan(&n); err != nil {
		t.Fatal(err)
	}
	c := authz.Commit{
		Record:  authz.Record{Revision: 1, Delta: []byte("{}"), Hash: []byte{1}},
		AddRows: []authz.Row{{Type: "g", V: [6]string{"ana", "group:Desk"}}},
	}
	if err := s.Commit(t.Context(), c); err == nil {
		t.Fatal("the commit went past a reader")
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	if rows := load(t, s); len(rows) != 0 {
		t.Errorf("a commit that failed left %d rows", len(rows))
	}
	if err := s.Commit(t.Context(), c); err != nil {
		t.Errorf("after a commit that failed: %v", err)
	}
}

// A panic of the caller's must not leave a transaction open either.
func TestPanicInLoadHoldsNobodyUp(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		db := d.host(t, gorm.Config{})
		pool(t, db).SetMaxOpenConns(1)
		s, err := adapters.OpenGorm(t.Context(), db, adapters.GormOptions{})
		if err != nil {
			t.Fatal(err)
		}
		commit(t, s, authz.Commit{AddRows: deskPolicy})
		func() {
			defer func() { _ = recover() }()
			_ = s.Load(t.Context(), func(authz.State) error { return nil }, func(authz.Row) error { panic("the caller's") })
		}()
		commit(t, s, authz.Commit{})
	})
}

// Errors and statements end up in logs; user ids and names don't belong there.
func TestErrorsAndLogsTellNoValues(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		const secret = "s3cret"
		var lines bytes.Buffer
		defaultLogger := logger.Default
		logger.Default = logger.New(log.New(&lines, "", 0), logger.Config{LogLevel: logger.Info})
		defer func() { logger.Default = defaultLogger }()

		db := d.host(t, gorm.Config{Logger: logger.Default})
		s, err := adapters.OpenGorm(t.Context(), db, adapters.GormOptions{})
		if err != nil {
			t.Fatal(err)
		}
		row := authz.Row{Type: "g", V: [6]string{secret, "group:" + secret}}
		group := authz.GroupRow{GroupInfo: authz.GroupInfo{Name: secret}}
		row2 := authz.Row{Type: "g", V: [6]string{secret, "group:" + secret + " 2"}}
		commit(t, s, authz.Commit{AddRows: []authz.Row{row, row2}, PutGroups: []authz.GroupRow{group}, Users: []authz.UserID{secret}})

		other := authz.Row{Type: "g", V: [6]string{secret + " too", "group:" + secret}}
		for name, c := range map[string]authz.Commit{
			"a row that is there":      {AddRows: []authz.Row{row}},
			"a row twice":              {AddRows: []authz.Row{other, other}},
			"a missing row":            {RemoveRows: []authz.Row{row, other}},
			"a group twice":            {PutGroups: []authz.GroupRow{group, group}},
			"rows that a rename joins": {Renames: []authz.Rename{{From: secret + " 2", To: secret}}},
		} {
			c.Record = authz.Record{Revision: 2, Reason: secret, Target: secret, Delta: []byte(secret), Hash: []byte(secret)}
			if err := s.Commit(t.Context(), c); err == nil {
				t.Errorf("%s was committed", name)
			} else if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := s.UserVersion(t.Context(), secret); err != nil {
			t.Error(err)
		}
		a, err := s.CasbinAdapter()
		if err != nil {
			t.Fatal(err)
		}
		if err := a.LoadPolicy(newModel(t)); err != nil {
			t.Error(err)
		}
		execSQL(t, pool(t, db), "DROP TABLE casbin_rule", "DROP TABLE rightful_users")
		_, err = s.UserVersion(t.Context(), secret)
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("without its table: %v", err)
		}
		if lines.Len() > 0 {
			t.Errorf("logged:\n%s", lines.String())
		}
	})
}

// strange is a naming of a host's that has nothing in common with gorm-adapter's.
type strange struct{ schema.NamingStrategy }

func (strange) ColumnName(_, column string) string { return "x_" + column }
func (strange) TableName(table string) string      { return "y_" + table }

// Whatever a host has set in its GORM, neither has it an effect here nor is it changed.
func TestHostsSettingsStayTheHosts(t *testing.T) {
	for name, config := range map[string]gorm.Config{
		"dry run":             {DryRun: true},
		"prepared statements": {PrepareStmt: true},
		"naming":              {NamingStrategy: strange{}},
		"batches of one":      {CreateBatchSize: 1},
		"errors translated":   {TranslateError: true},
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, d database) { hostsSettingsStay(t, d.host(t, config)) })
		})
	}
}

func hostsSettingsStay(t *testing.T, db *gorm.DB) {
	calls := 0
	count := func(*gorm.DB) { calls++ }
	for _, register := range []func(string, func(*gorm.DB)) error{
		db.Callback().Create().Before("gorm:create").Register,
		db.Callback().Raw().Before("gorm:raw").Register,
		db.Callback().Row().Before("gorm:row").Register,
		db.Callback().Query().Before("gorm:query").Register,
	} {
		if err := register("count", count); err != nil {
			t.Fatal(err)
		}
	}
	was := *db.Config

	s, err := adapters.OpenGorm(t.Context(), db, adapters.GormOptions{})
	if err != nil {
		t.Fatal(err)
	}
	commit(t, s, authz.Commit{AddRows: deskPolicy})
	commit(t, s, authz.Commit{RemoveRows: deskPolicy[:1]})
	if n := len(load(t, s)); n != len(deskPolicy)-1 {
		t.Errorf("%d rows", n)
	}
	if _, err := s.CasbinAdapter(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}

	if err := pool(t, db).PingContext(t.Context()); err != nil {
		t.Errorf("the host's database was closed: %v", err)
	}
	if calls > 0 {
		t.Errorf("the host's callbacks were called %d times", calls)
	}
	now := *db.Config
	if now.Logger != was.Logger || now.NamingStrategy != was.NamingStrategy || now.DryRun != was.DryRun ||
		now.PrepareStmt != was.PrepareStmt || now.SkipDefaultTransaction != was.SkipDefaultTransaction || now.ConnPool != was.ConnPool {
		t.Error("the host's settings were changed")
	}
}

// GORM closes a database that it can't open, which here isn't its to close.
func TestFailedOpenLeavesTheHostsDatabaseOpen(t *testing.T) {
	connector := &faulty{driver: pool(t, hostDB(t, newFile(t))).Driver(), dsn: newFile(t)}
	host := sql.OpenDB(connector)
	defer host.Close()
	host.SetMaxIdleConns(0) // each connection is a new one
	db, err := gorm.Open(&sqlite.Dialector{Conn: host}, &gorm.Config{})
	if err != nil {
		t.Fatal(err)
	}
	open := func(ctx context.Context, o adapters.GormOptions) error {
		_, err := adapters.OpenGorm(ctx, db, o)
		if err := host.PingContext(t.Context()); err != nil && !connector.down.Load() {
			t.Errorf("the host's database was closed: %v", err)
		}
		return err
	}

	connector.down.Store(true)
	if err := open(t.Context(), adapters.GormOptions{}); err == nil {
		t.Error("opened while the database was down")
	}
	connector.down.Store(false)
	if err := open(t.Context(), adapters.GormOptions{SkipMigration: true}); err == nil {
		t.Error("opened without tables")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := open(ended, adapters.GormOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("opened with a context that has ended: %v", err)
	}
	if err := open(t.Context(), adapters.GormOptions{}); err != nil {
		t.Error(err)
	}
}

func TestTransactionsAreNoDatabases(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		db := d.host(t, gorm.Config{})
		tx := db.Begin()
		defer tx.Rollback()
		if _, err := adapters.OpenGorm(t.Context(), tx, adapters.GormOptions{}); err == nil {
			t.Error("a transaction was taken for a database")
		}
	})
}

// other is a driver that there is no dialect for.
type other struct{ gorm.Dialector }

func (other) Name() string { return "other" }

func TestOtherDatabasesAreRefused(t *testing.T) {
	db, err := gorm.Open(other{sqlite.Open(newFile(t))}, &gorm.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer pool(t, db).Close()
	if _, err := adapters.OpenGorm(t.Context(), db, adapters.GormOptions{}); err == nil || !strings.Contains(err.Error(), "other") {
		t.Errorf("opened: %v", err)
	}
}

// Only what a commit says goes, among rows that the driver might take for variables.
func TestValuesAreNoStatements(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		s := d.open(t, adapters.GormOptions{})
		odd := []string{"@name", "?", "?1", ":x", "$1", "#{y}", "'; DROP TABLE casbin_rule; --", "%s", "{{z}}", "\\", "NULL"}
		var rows []authz.Row
		for _, v := range odd {
			rows = append(rows, authz.Row{Type: v, V: [6]string{v, v, v, v, v, v}}, authz.Row{Type: "g", V: [6]string{v, "group:" + v}})
		}
		commit(t, s, authz.Commit{AddRows: rows})
		for i, v := range odd {
			commit(t, s, authz.Commit{Renames: []authz.Rename{{From: authz.GroupName(v), To: authz.GroupName(v + v)}}})
			commit(t, s, authz.Commit{RemoveRows: []authz.Row{rows[2*i], {Type: "g", V: [6]string{v, "group:" + v + v}}}})
			if n := len(load(t, s)); n != len(rows)-2*(i+1) {
				t.Fatalf("after %q %d rows are left", v, n)
			}
		}
		if !slices.Equal(load(t, s), nil) {
			t.Error("rows are left")
		}
	})
}
