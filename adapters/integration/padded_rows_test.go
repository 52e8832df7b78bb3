package integration_test

import (
	"testing"
	"time"

	gormadapter "github.com/casbin/gorm-adapter/v3"
	"gorm.io/gorm"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	"github.com/rightful-go/rightful"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/authz"
)

// To the index of a table on MySQL, a row whose values have a space at their ends is the rule that it resembles. It keeps nobody
// from making that rule, and neither a completion nor the repair of Administrators from being recorded. Casbin reads the
// table like the engine.
func TestPaddedRowsKeepNoRuleOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		engine := openOn(t, d, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
		ctx, ana, pool := t.Context(), engine.As("ana"), d.Pool(t)
		for _, statement := range []string{
			"INSERT INTO casbin_rule (ptype, v0, v1, v2, v3, v4, v5) VALUES ('p', 'eve ', 'x', 'y', 'allow', '', ''), ('p', 'eve', 'x', 'y', '', '', '')",
			"INSERT INTO casbin_rule (ptype, v0, v1, v2, v3, v4, v5) VALUES ('p', 'eve', 'z ', 'y', 'allow', '', '')",
			"UPDATE casbin_rule SET v2 = '* ' WHERE v0 = 'group:Administrators'",
		} {
			dbtest.Exec(t, pool, statement)
			if err := engine.Refresh(ctx); err != nil {
				t.Fatalf("after %s: %v", statement, err)
			}
		}
		rules := authz.RulesDelta{Grant: []authz.Pattern{"z:y", "a:b", "c:d"}, Restrict: []authz.Pattern{"e:f"}}
		if _, err := ana.ChangeUserPermissions(ctx, "eve", rules); err != nil {
			t.Fatal(err)
		}
		for _, e := range []*authz.Engine{engine, openOn(t, d, authz.Options{PollInterval: time.Hour})} {
			if !e.Can("eve", "x:y", "z:y", "a:b", "c:d") || e.Can("eve", "e:f") || !e.Can("ana", "any:thing") || len(e.View().BadRows()) != 3 {
				t.Errorf("eve %v, ana %v, bad rows %+v", e.Can("eve", "x:y", "z:y", "a:b", "c:d"), e.Can("ana", "any:thing"), e.View().BadRows())
			}
		}
		gormadapter.TurnOffAutoMigrate(d.Host(t, gorm.Config{}))
		adapter, err := gormadapter.NewAdapterByDB(d.Host(t, gorm.Config{}))
		if err != nil {
			t.Fatal(err)
		}
		m, err := model.NewModelFromString(rightful.Model)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := casbin.NewEnforcer(m, adapter)
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := plain.Enforce("eve", "z", "y"); err != nil || !ok {
			t.Errorf("Casbin: %v (%v)", ok, err)
		}
		if _, err := ana.ChangeUserPermissions(ctx, "eve", authz.RulesDelta{Revoke: []authz.Pattern{"z:y"}}); err != nil || engine.Can("eve", "z:y") {
			t.Errorf("the rule can't be removed: %v", err)
		}
	})
}
