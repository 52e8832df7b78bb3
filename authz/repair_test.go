package authz_test

import (
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// Bad rows are identified by their ids in the table, of which the record of an adoption doesn't
// know all.
func TestBadRowsOfAnAdoptionKeepTheirIDs(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	store.InsertRows(row("p", "editors", "art*cle", "read", "deny"), row("g", "ben", "editors"))
	engine := open(t, store, authz.Options{Bootstrap: "ana"})
	_ = engine.Close()
	store.InsertRows(row("p", "eve", "a", "b", "allow"))
	engine = open(t, store, authz.Options{})
	if bad := engine.View().BadRows(); len(bad) != 1 || bad[0].ID != rowID(t, store, "p", "group:editors") {
		t.Fatalf("%+v", bad)
	}
	must(t)(engine.As("ana").RemoveBadRows(t.Context()))
	checkRecords(t, engine)
}

// A repair shows which users gain what, before and after it is made.
func TestImpactOfARepair(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "root", PollInterval: time.Hour})
	ctx := t.Context()
	must(t)(engine.As("root").ChangeUserPermissions(ctx, "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
	store.InsertRows(row("p", "ben", "a*b", "view", "deny"))
	engine = open(t, store, authz.Options{PollInterval: time.Hour})
	root := engine.As("root")
	_, previewed, err := preview(root, func(a authz.Admin) (authz.Change, error) { return a.RemoveBadRows(ctx) })
	if err != nil {
		t.Fatal(err)
	}
	c := must(t)(root.RemoveBadRows(ctx))
	was, err := root.Impact(ctx, c)
	if err != nil || was.GainCount != 1 || previewed.GainCount != 1 {
		t.Errorf("preview %+v, later %+v, %v", previewed, was, err)
	}
}
