package casbin_test

import (
	"errors"
	"runtime"
	"slices"
	"testing"

	plain "github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	"github.com/casbin/casbin/v2/persist"
	gormadapter "github.com/casbin/gorm-adapter/v3"
	"github.com/rightful-go/rightful"
	"github.com/rightful-go/rightful/adapters/casbin"
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
		ours, err := casbin.NewAdapter(s)
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
		a, err := casbin.NewAdapter(s)
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
			if err := write(); !errors.Is(err, casbin.ErrReadOnly) {
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
			if _, err := casbin.NewAdapter(s); err != nil {
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

func TestAdapterMeetsABlankRow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		s := d.Open(t, gormstore.Options{})
		dbtest.InsertRow(d.Kind, "")(t, s, [7]*string{})
		a, err := casbin.NewAdapter(s)
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
