package casbinv3_test

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	plain "github.com/casbin/casbin/v3"
	"github.com/casbin/casbin/v3/model"
	"github.com/casbin/casbin/v3/persist"
	gormadapter "github.com/casbin/gorm-adapter/v3"
	"github.com/rightful-go/rightful"
	"github.com/rightful-go/rightful/adapters/casbinv3"
	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/authz"
	"gorm.io/gorm"
)

// Any program with Casbin and gorm-adapter reads the table, by the model of this module.
func TestPlainCasbinReadsTheTable(t *testing.T) {
	dbtest.EachWith(t, []string{"", "acme"}, func(t *testing.T, d dbtest.Database, prefix string) {
		s := d.Open(t, gormstore.Options{Prefix: prefix})
		dbtest.Commit(t, s, authz.Commit{AddRows: dbtest.DeskPolicy})

		theirs, err := gormadapter.NewAdapterByDBUseTableName(d.Host(t, gorm.Config{}), prefix, "casbin_rule")
		if err != nil {
			t.Fatal(err)
		}
		checkDecisions(t, theirs)
		ours, err := casbinv3.NewAdapter(s)
		if err != nil {
			t.Fatal(err)
		}
		checkDecisions(t, ours)
	})
}

func checkDecisions(t *testing.T, a persist.Adapter) {
	t.Helper()
	e, err := plain.NewEnforcer(newModel(t), a)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []struct {
		user, object, action string
		want                 bool
	}{
		{"ana", "anything", "at all", true},
		{"ben", "clients.requests", "view", true},
		{"ben", "clients.vip", "view", false},
		{"ben", "clients.requests", "update", false},
		{"cleo", "clients.vip", "view", true},
		{"dana", "clients.requests", "view", false},
	} {
		if got, err := e.Enforce(q.user, q.object, q.action); err != nil || got != q.want {
			t.Errorf("%s %s:%s: %t, %v", q.user, q.object, q.action, got, err)
		}
	}
}

// Casbin writes by itself what is changed in an enforcer. It must not reach the table, where
// gorm-adapter would empty it on SavePolicy and take empty fields for wildcards.
func TestAdapterOnlyReads(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		s := d.Open(t, gormstore.Options{})
		dbtest.Commit(t, s, authz.Commit{AddRows: dbtest.DeskPolicy})
		was := dbtest.Load(t, s)
		a, err := casbinv3.NewAdapter(s)
		if err != nil {
			t.Fatal(err)
		}
		e, err := plain.NewEnforcer(newModel(t), a)
		if err != nil {
			t.Fatal(err)
		}
		rule, other := []string{"ben", "clients.vip", "view", "deny"}, []string{"ben", "x", "y", "allow"}
		for name, write := range map[string]func() error{
			"SavePolicy":           e.SavePolicy,
			"AddPolicy":            func() error { _, err := e.AddPolicy(other); return err },
			"AddPolicies":          func() error { _, err := e.AddPolicies([][]string{other}); return err },
			"RemovePolicy":         func() error { _, err := e.RemovePolicy(rule); return err },
			"RemovePolicies":       func() error { _, err := e.RemovePolicies([][]string{rule}); return err },
			"RemoveFilteredPolicy": func() error { _, err := e.RemoveFilteredPolicy(0, "ben"); return err },
			"UpdatePolicy":         func() error { _, err := e.UpdatePolicy(rule, other); return err },
			"UpdatePolicies":       func() error { _, err := e.UpdatePolicies([][]string{rule}, [][]string{other}); return err },
			"UpdateFilteredPolicies": func() error {
				_, err := e.UpdateFilteredPolicies([][]string{other}, 0, "ben")
				return err
			},
			"DeleteUser": func() error { _, err := e.DeleteUser("ben"); return err },
		} {
			if err := write(); !errors.Is(err, casbinv3.ErrReadOnly) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if now := dbtest.Load(t, s); !slices.Equal(now, was) {
			t.Errorf("the table has %d rows of %d", len(now), len(was))
		}
	})
}

// gorm-adapter closes the database when an adapter that opened it is collected.
func TestAdapterLeavesTheDatabaseOpen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		s := d.Open(t, gormstore.Options{})
		was := d.Describe(t, dbtest.StorePool(s), "")
		for range 3 {
			if _, err := casbinv3.NewAdapter(s); err != nil {
				t.Fatal(err)
			}
			runtime.GC()
		}
		if _, err := s.Position(t.Context()); err != nil {
			t.Errorf("after the adapter was collected: %v", err)
		}
		if now := d.Describe(t, dbtest.StorePool(s), ""); !slices.Equal(now, was) {
			t.Errorf("the adapter changed the tables")
		}
	})
}

func TestAdapterFindsBlankRow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		s := d.Open(t, gormstore.Options{})
		dbtest.InsertRow(d.Kind, "")(t, s, [7]*string{})
		a, err := casbinv3.NewAdapter(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.LoadPolicy(newModel(t)); err == nil {
			t.Error("Casbin loaded a table with a blank row, although it can't")
		}
	})
}

func newModel(t *testing.T) model.Model {
	t.Helper()
	m, err := model.NewModelFromString(rightful.Model)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// The policy table is gorm-adapter's, to the letter, under each prefix; and when a program
// with gorm-adapter opens it, its AutoMigrate finds nothing to do.
func TestPolicyTableIsGormAdapters(t *testing.T) {
	dbtest.EachWith(t, []string{"", "acme", "acme_", "a1_b"}, func(t *testing.T, d dbtest.Database, prefix string) {
		another := d.Again(t)
		theirs := another.Host(t, gorm.Config{})
		if _, err := gormadapter.NewAdapterByDBUseTableName(theirs, prefix, "casbin_rule"); err != nil {
			t.Fatal(err)
		}
		s := d.Open(t, gormstore.Options{Prefix: prefix})
		want, got := another.Describe(t, dbtest.GormPool(t, theirs), "casbin_rule"), d.Describe(t, dbtest.StorePool(s), "casbin_rule")
		if d.Kind == "mysql" { // all that differs; see TestExistingPolicyTableIsLeftAsItIs
			want[0] = regexp.MustCompile(`COLLATE=\w+`).ReplaceAllString(want[0], "COLLATE=utf8mb4_bin")
		}
		if !slices.Equal(got, want) {
			t.Errorf("our table\n%s\ntheirs\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if len(strings.Join(want, "\n")) < 300 {
			t.Errorf("nothing was compared: %q", want)
		}

		dbtest.Commit(t, s, authz.Commit{AddRows: []authz.Row{{Type: "g", V: [6]string{"ana", "group:Desk"}}}})
		was := d.Describe(t, dbtest.StorePool(s), "")
		a, err := gormadapter.NewAdapterByDBUseTableName(d.Host(t, gorm.Config{}), prefix, "casbin_rule")
		if err != nil {
			t.Fatal(err)
		}
		if err := a.AddPolicy("g", "g", []string{"Ana", "group:Desk"}); err != nil {
			t.Error(err)
		}
		if now := d.Describe(t, dbtest.StorePool(s), ""); !slices.Equal(now, was) {
			t.Errorf("AutoMigrate made of\n%s\nthis\n%s", strings.Join(was, "\n"), strings.Join(now, "\n"))
		}
		if n := len(dbtest.Load(t, s)); n != 2 {
			t.Errorf("the table has %d rows", n)
		}
	})
}

// A table of another program keeps its rows, columns and indexes, whatever program made it. Only when the
// adoption begins, with the first commit, is the collation made exact on MySQL, where the table would take
// Ana for ana otherwise.
func TestExistingPolicyTableIsLeftAsItIs(t *testing.T) {
	dbtest.EachWith(t, []string{"by gorm-adapter", "by hand, without an index and with doubles"}, func(t *testing.T, d dbtest.Database, how string) {
		if how == "by gorm-adapter" {
			a, err := gormadapter.NewAdapterByDB(d.Host(t, gorm.Config{}))
			if err != nil {
				t.Fatal(err)
			}
			if err := a.AddPolicies("p", "p", [][]string{{"ana", "orders", "view"}, {"ana", "orders", "edit", "allow"}}); err != nil {
				t.Fatal(err)
			}
		} else {
			id := map[string]string{"sqlite": "integer PRIMARY KEY", "postgres": "bigserial PRIMARY KEY", "mysql": "bigint PRIMARY KEY AUTO_INCREMENT"}[d.Kind]
			dbtest.Exec(t, d.Pool(t),
				"CREATE TABLE casbin_rule (id "+id+", ptype varchar(100), v0 varchar(100), v1 varchar(100), "+
					"v2 varchar(100), v3 varchar(100), v4 varchar(100), v5 varchar(100), remark varchar(10))",
				"INSERT INTO casbin_rule (ptype, v0, v1) VALUES ('g', 'ana', 'admin'), ('g', 'ana', 'admin')")
		}
		host := d.Pool(t)
		look := func() []string {
			table := d.Describe(t, host, "casbin_rule")
			for i := range table {
				table[i] = regexp.MustCompile(`utf8mb4_\w+`).ReplaceAllString(table[i], "utf8mb4_…")
			}
			return append(table, dbtest.Query(t, host, "SELECT * FROM casbin_rule ORDER BY id")...)
		}
		was := look()
		s := d.Open(t, gormstore.Options{})
		if _, err := casbinv3.NewAdapter(s); err != nil {
			t.Error(err)
		}
		if now := look(); !slices.Equal(now, was) {
			t.Errorf("of\n%s\nwas made\n%s", strings.Join(was, "\n"), strings.Join(now, "\n"))
		}
		rows := dbtest.Load(t, s)
		if len(rows) != 2 {
			t.Fatalf("%d rows", len(rows))
		}
		if err := s.Commit(t.Context(), dbtest.Turn(1, "first")); !errors.Is(err, authz.ErrConflict) {
			t.Errorf("the first commit, which makes the tables: %v", err)
		}
		if now := look(); !slices.Equal(now, was) {
			t.Errorf("the adoption began, and of\n%s\nwas made\n%s", strings.Join(was, "\n"), strings.Join(now, "\n"))
		}
		dbtest.Commit(t, s, authz.Commit{AddRows: []authz.Row{{Type: "g", V: [6]string{"Ana", "ADMIN"}}, {Type: "g", V: [6]string{"ANA", "ADMIN"}}}})
		dbtest.Commit(t, s, authz.Commit{RemoveRows: rows})
		if rows := dbtest.Load(t, s); len(rows) != 2 || rows[0].V[0] != "Ana" {
			t.Errorf("left: %v", rows)
		}
	})
}

// A table that plain Casbin filled is taken over by the engine as one recorded change.
func TestPlainCasbinsTableIsAdopted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		a, err := gormadapter.NewAdapterByDB(d.Host(t, gorm.Config{}))
		if err != nil {
			t.Fatal(err)
		}
		if err := a.AddPolicies("p", "p", [][]string{{"desk", "orders", "view"}, {"ana", "orders", "edit", "deny"}}); err != nil {
			t.Fatal(err)
		}
		if err := a.AddPolicies("g", "g", [][]string{{"ana", "desk"}, {"zoë 𐐷", "desk"}}); err != nil {
			t.Fatal(err)
		}
		s := d.Open(t, gormstore.Options{})
		engine, err := authz.Open(t.Context(), s, authz.Options{Bootstrap: "root", Logger: slog.New(slog.DiscardHandler), Adopt: &authz.AdoptOptions{}})
		if err != nil {
			t.Fatal(err)
		}
		defer engine.Close(context.Background())
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
		list, err := s.Since(t.Context(), 0, 100, 0)
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
		if _, err := authz.AuditRecords(t.Context(), s, authz.AuditOptions{}); err != nil {
			t.Error(err)
		}
		if bad := engine.View().BadRows(); len(bad) > 0 {
			t.Errorf("bad rows: %v", bad)
		}
	})
}
