package adapters_test

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gormadapter "github.com/casbin/gorm-adapter/v3"
	driver "github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/rightful-go/rightful/adapters"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"gorm.io/gorm"
)

// onServers runs a test on a database of each kind that is a server's.
func onServers(t *testing.T, test func(*testing.T, database)) {
	for _, kind := range kinds[1:] {
		t.Run(kind.name, func(t *testing.T) { test(t, kind.make(t)) })
	}
}

// A restart of the database leaves dead connections in every pool. Nobody should have to try
// again, let alone restart, because of them.
func TestDeadConnectionsAreReplaced(t *testing.T) {
	onServers(t, func(t *testing.T, d database) {
		d = d.named(t)
		outside := d.pool(t)
		outside.SetMaxOpenConns(1)
		s := d.open(t, adapters.GormOptions{})
		revision := authz.Revision(0)
		for name, use := range map[string]func() error{
			"commit": func() error { revision++; return s.Commit(t.Context(), turn(revision, "after the cut")) },
			"load": func() error {
				return s.Load(t.Context(), func(authz.State) error { return nil }, func(authz.Row) error { return nil })
			},
			"revision":     func() error { _, err := s.Position(t.Context()); return err },
			"since":        func() error { _, err := s.Since(t.Context(), 0, 10); return err },
			"before":       func() error { _, err := s.Before(t.Context(), 0, 10); return err },
			"user version": func() error { _, err := s.UserVersion(t.Context(), "ana"); return err },
		} {
			fillPool(t, s)
			d.cutAll(t, outside)
			if err := use(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// A write that can't have its turn fails when its context ends, and nobody is held up by it.
func TestLockedStateFailsInTime(t *testing.T) {
	onServers(t, func(t *testing.T, d database) {
		s := d.open(t, adapters.GormOptions{})
		other, err := d.pool(t).Begin()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = other.Rollback() }()
		if _, err := other.ExecContext(t.Context(), "UPDATE rightful_state SET seeded = seeded, revision = revision + 7"); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		start := time.Now()
		err = s.Commit(ctx, turn(1, "too late"))
		if err == nil || errors.Is(err, authz.ErrConflict) {
			t.Errorf("the commit said %v", err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("the commit took %v", took)
		}
		if len(load(t, s)) != 0 { // reading goes on
			t.Error("half a commit")
		}
		if err := other.Rollback(); err != nil {
			t.Fatal(err)
		}
		commit(t, s, authz.Commit{AddRows: deskPolicy})
	})
}

// A process that is frozen amidst a commit, with the row of the state locked, must not hold
// the others up for good; and thawed it must not think that it has written.
func TestFrozenCommitHoldsNobodyUpForGood(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for timeouts of the servers")
	}
	onServers(t, func(t *testing.T, d database) {
		t.Parallel()
		if d.kind == "mysql" { // as Open sets it
			d.dsn += "&wait_timeout=30"
		}
		frozen, connector := openFaulty(t, d.named(t))
		thawed, reached := make(chan struct{}), make(chan struct{})
		thaw := sync.OnceFunc(func() { close(thawed) })
		defer thaw()
		connector.before = func(statement string) error {
			if strings.HasPrefix(statement, "INSERT INTO rightful_changes") {
				close(reached)
				<-thawed
			}
			return nil
		}
		result := make(chan error, 1)
		go func() { result <- frozen.Commit(background, faultyCommit()) }()
		<-reached

		other := d.open(t, adapters.GormOptions{})
		c := authz.Commit{Onto: firstPosition, Record: authz.Record{Revision: 2, Reason: "by another", Delta: []byte("{}"), Hash: []byte{2}}}
		start := time.Now()
		for {
			err := other.Commit(t.Context(), c)
			if err == nil {
				break
			}
			if time.Since(start) > time.Minute {
				t.Fatalf("still held up: %v", err)
			}
		}
		t.Logf("held up for %v", since(start))
		thaw()
		if err := <-result; err == nil {
			t.Error("the frozen commit says that it was written")
		}
		connector.before = nil
		list, err := frozen.Since(t.Context(), 1, 10)
		if err != nil || len(list) != 1 || list[0].Reason != "by another" {
			t.Errorf("on record is %v (%v)", list, err)
		}
	})
}

// What the database gives up for the sake of another transaction can be tried again. So can,
// later, what failed otherwise, but not as a conflict: nobody was first.
func TestDeadlocksAreConflicts(t *testing.T) {
	onServers(t, func(t *testing.T, d database) {
		s, connector := openFaulty(t, d.named(t))
		was := everything(t, s)
		for _, e := range []struct {
			of       error
			conflict bool
		}{
			{&pgconn.PgError{Code: "40001"}, d.kind == "postgres"},
			{&pgconn.PgError{Code: "40P01"}, d.kind == "postgres"},
			{&pgconn.PgError{Code: "55P03"}, false},
			{&driver.MySQLError{Number: 1213}, d.kind == "mysql"},
			{&driver.MySQLError{Number: 1205}, false},
		} {
			for _, statement := range []string{"UPDATE rightful_state", "DELETE", "COMMIT"} {
				connector.before = func(s string) error {
					if strings.HasPrefix(s, statement) {
						return e.of
					}
					return nil
				}
				err := s.Commit(t.Context(), faultyCommit())
				connector.before = nil
				if err == nil || errors.Is(err, authz.ErrConflict) != e.conflict {
					t.Errorf("%v at %s makes the commit say %v", e.of, statement, err)
				}
			}
		}
		if now := everything(t, s); !slices.Equal(now, was) {
			t.Errorf("of\n%q\nwas made\n%q", was, now)
		}
		commit(t, s, authz.Commit{})
	})
}

// A service needs no right to define tables.
func TestRoleThatMayDefineNothing(t *testing.T) {
	onServers(t, func(t *testing.T, d database) {
		owner := d.open(t, adapters.GormOptions{})
		address := d.limited(t, owner, "")
		for _, skip := range []bool{true, false} {
			limited := d
			limited.address = address
			s := limited.open(t, adapters.GormOptions{SkipMigration: skip})
			if _, err := s.Pool().ExecContext(t.Context(), "CREATE TABLE other (id int)"); err == nil {
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
			if _, err := engine.AuditRecords(t.Context()); err != nil {
				t.Error(err)
			}
			engine.Close()
		}
		if _, err := adapters.Open(t.Context(), address, adapters.GormOptions{Prefix: "acme"}); err == nil {
			t.Error("tables were made")
		}
	})
}

// Whoever may write to the policy table needs no right on what counts it.
func TestRoleThatWritesRulesAlone(t *testing.T) {
	onServers(t, func(t *testing.T, d database) {
		owner := d.open(t, adapters.GormOptions{})
		authztest.Prepare(t, owner)
		outsider := d
		outsider.address = d.limited(t, owner, "casbin_rule")
		before, err := owner.Position(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		execSQL(t, outsider.rawPool(t), "INSERT INTO "+d.qualified(t, owner)+" (ptype, v0, v1) VALUES ('g', 'cleo', 'group:Desk')")
		if after, err := owner.Position(t.Context()); err != nil || after.Writes == before.Writes {
			t.Errorf("from %+v to %+v: %v", before, after, err)
		}
	})
}

// qualified is the policy table with its schema, as someone names it who works elsewhere.
func (d database) qualified(t *testing.T, owner *adapters.GormStore) string {
	t.Helper()
	if d.kind == "mysql" {
		return "casbin_rule"
	}
	return query(t, owner.Pool(), "SELECT current_schema()")[0] + ".casbin_rule"
}

// rawPool opens the address without a store, on PostgreSQL with another schema on its path.
func (d database) rawPool(t *testing.T) *sql.DB {
	t.Helper()
	parsed, err := url.Parse(d.address)
	if err != nil {
		t.Fatal(err)
	}
	query := parsed.Query()
	query.Del("search_path")
	parsed.RawQuery = query.Encode()
	driver, dsn := "pgx", parsed.String()
	if d.kind == "mysql" {
		config, err := adapters.MySQLConfig(d.address)
		if err != nil {
			t.Fatal(err)
		}
		driver, dsn = "mysql", config.FormatDSN()
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// limited makes a role that may read and write the tables of a store, or one of them, and nothing
// else. It returns the address under which the role gets at them.
func (d database) limited(t *testing.T, owner *adapters.GormStore, table string) string {
	t.Helper()
	parsed, err := url.Parse(d.address)
	if err != nil {
		t.Fatal(err)
	}
	role := "r" + strings.ToLower(fmt.Sprintf("%x", time.Now().UnixNano()))
	parsed.User = url.UserPassword(role, "s3cret")
	db := owner.Pool()
	if d.kind == "mysql" {
		schema := strings.TrimPrefix(parsed.Path, "/")
		execSQL(t, db, "CREATE USER "+role+" IDENTIFIED BY 's3cret'",
			"GRANT SELECT, INSERT, UPDATE, DELETE ON "+schema+"."+cmp.Or(table, "*")+" TO "+role)
		t.Cleanup(func() { _, _ = db.ExecContext(background, "DROP USER "+role) })
		return parsed.String()
	}
	execSQL(t, db, "CREATE ROLE "+role+" LOGIN PASSWORD 's3cret'")
	t.Cleanup(func() {
		_, _ = db.ExecContext(background, "DROP OWNED BY "+role)
		_, _ = db.ExecContext(background, "DROP ROLE "+role)
	})
	schema := query(t, db, "SELECT current_schema()")[0]
	of := "ALL TABLES IN SCHEMA " + schema
	if table != "" {
		of = schema + "." + table
	}
	execSQL(t, db, "GRANT USAGE ON SCHEMA "+schema+" TO "+role,
		"GRANT SELECT, INSERT, UPDATE, DELETE ON "+of+" TO "+role,
		"GRANT USAGE ON ALL SEQUENCES IN SCHEMA "+schema+" TO "+role)
	if parsed.Host == "" { // sockets tell who one is: with a name of one's own, a host is needed
		parsed.Host, parsed.Path = "127.0.0.1", query(t, db, "SELECT current_database()")[0]
	}
	return parsed.String()
}

// A table that plain Casbin filled is taken over by the engine as one recorded change.
func TestPlainCasbinsTableIsAdopted(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		a, err := gormadapter.NewAdapterByDB(d.host(t, gorm.Config{}))
		if err != nil {
			t.Fatal(err)
		}
		if err := a.AddPolicies("p", "p", [][]string{{"desk", "orders", "view"}, {"ana", "orders", "edit", "deny"}}); err != nil {
			t.Fatal(err)
		}
		if err := a.AddPolicies("g", "g", [][]string{{"ana", "desk"}, {"zoë 𐐷", "desk"}}); err != nil {
			t.Fatal(err)
		}
		s := d.open(t, adapters.GormOptions{})
		engine, err := authz.Open(t.Context(), s, authz.Options{Bootstrap: "root", Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer engine.Close()
		for _, q := range []struct {
			user       authz.UserID
			permission authz.Permission
			want       bool
		}{
			{"ana", "orders:view", true},
			{"zoë 𐐷", "orders:view", true},
			{"Ana", "orders:view", false},
			{"ana ", "orders:view", false},
			{"ana", "orders:edit", false},
			{"root", "orders:edit", true},
		} {
			if got := engine.Can(q.user, q.permission); got != q.want {
				t.Errorf("%q %s: %t", q.user, q.permission, got)
			}
		}
		adopted := 0
		list, err := s.Since(t.Context(), 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			if r.Action == authz.ActionPolicyAdopt {
				adopted++
			}
		}
		if adopted != 1 {
			t.Errorf("%d of %d changes are adoptions", adopted, len(list))
		}
		if _, err := engine.AuditRecords(t.Context()); err != nil {
			t.Error(err)
		}
		if bad := engine.View().BadRows(); len(bad) > 0 {
			t.Errorf("bad rows: %v", bad)
		}
	})
}

// Ids that differ in case alone, in what a collation takes for nothing or beyond the Unicode
// of two bytes are different people, whoever's table it is.
func TestLookalikesAreDifferentPeople(t *testing.T) {
	people := []authz.UserID{"ana", "Ana", "ANA", "ána", "аna", "zoë", "zoe", "𐐷", "𐐏", "straße", "strasse", "o'_%", `o'\%`, "1", "01", "1.0"}
	onEach(t, func(t *testing.T, d database) {
		if _, err := gormadapter.NewAdapterByDB(d.host(t, gorm.Config{})); err != nil { // in the server's collation
			t.Fatal(err)
		}
		engine, err := authz.Open(t.Context(), d.open(t, adapters.GormOptions{}), authz.Options{Bootstrap: "root", Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer engine.Close()
		root := engine.As("root")
		spec := authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"orders:view"}}}
		if _, err := root.CreateGroup(t.Context(), spec); err != nil {
			t.Fatal(err)
		}
		if _, err := root.ChangeMembers(t.Context(), "Desk", people, nil); err != nil {
			t.Fatal(err)
		}
		for i, user := range people {
			if _, err := root.ChangeMembers(t.Context(), "Desk", nil, []authz.UserID{user}); err != nil {
				t.Fatal(err)
			}
			for j, other := range people {
				if engine.Can(other, "orders:view") != (j > i) {
					t.Errorf("after %q went, %q can: %t", user, other, j <= i)
				}
			}
		}
		if _, err := engine.AuditRecords(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// fillPool leaves as many connections in the pool of a store as it keeps.
func fillPool(t *testing.T, s *adapters.GormStore) {
	t.Helper()
	taken := make([]*sql.Conn, 8)
	for i := range taken {
		var err error
		if taken[i], err = s.Pool().Conn(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, conn := range taken {
		conn.Close()
	}
}
