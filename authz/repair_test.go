package authz_test

import (
	"context"
	"errors"
	"strings"
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
	engine := open(t, store, authz.Options{Bootstrap: "ana", Adopt: adopting})
	_ = engine.Close(context.Background())
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

// A repair changes the rows that it is told and no others: it completes a row to the rule that it was meant to
// be, or removes it.
func TestRepairRows(t *testing.T) {
	t.Parallel()
	rows := []authz.Row{
		row("p", "ben ", "x", "view", "ALLOW"), row("g", "eve", "Juniors"), row("p", "group:Trainees", "b.c", "edit", "Deny"),
		row("p", "ben", "x"), row("g", "zoe", "group:Gone"),
	}
	engine := openWithRows(t, rows...)
	ctx, ana := t.Context(), engine.As("ana")
	id := make([]int64, len(rows))
	for i, b := range engine.View().BadRows() {
		id[i] = b.ID
	}
	for name, c := range map[string]struct {
		repair authz.RowRepair
		says   string
	}{
		"too short":       {authz.RowRepair{Complete: id[3:4]}, "has 3 columns"},
		"without a group": {authz.RowRepair{Complete: id[4:]}, "doesn't exist"},
		"twice":           {authz.RowRepair{Complete: id[:1], Remove: id[:1]}, "named twice"},
		"a good row":      {authz.RowRepair{Remove: []int64{id[0], 1}}, "row 1 is a valid rule: p, group:Administrators, *, *, allow"},
		"no row":          {authz.RowRepair{Remove: []int64{999}}, "there is no row 999"},
	} {
		if _, err := ana.RepairRows(ctx, c.repair); !errors.Is(err, authz.ErrInvalid) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := engine.As("ben").RepairRows(ctx, authz.RowRepair{Remove: id[:1]}); !errors.Is(err, authz.ErrForbidden) {
		t.Errorf("ben: %v", err)
	}
	change := must(t)(ana.RepairRows(ctx, authz.RowRepair{Complete: id[:3], Remove: id[3:4]}))
	if !engine.Can("ben", "x:view") || !engine.Can("eve", "a.b:view") || engine.Can("tim", "b.c:edit") || len(engine.View().BadRows()) != 1 {
		t.Errorf("%+v\n%+v", change.Delta, engine.View().BadRows())
	}
	checkRecords(t, engine)
}

// A row that lacks its effect is completed with the one that is given, and not without.
func TestRepairOfALostEffect(t *testing.T) {
	t.Parallel()
	for effect, allowed := range map[authz.RuleKind]bool{authz.KindGrant: true, authz.KindRestriction: false} {
		store, engine := storeAndEngine(t, authz.Options{PollInterval: time.Hour})
		ctx, ana := t.Context(), engine.As("ana")
		store.DeleteRow(rowID(t, store, "p", "group:Desk"))
		ids := store.InsertRows(row("p", "group:Desk", "a.b", "view"))
		if _, err := ana.RepairRows(ctx, authz.RowRepair{Complete: ids}); !errors.Is(err, authz.ErrInvalid) || !strings.Contains(err.Error(), "effect") {
			t.Errorf("without an effect: %v", err)
		}
		must(t)(ana.RepairRows(ctx, authz.RowRepair{Complete: ids, Effect: effect}))
		if engine.Can("ben", "a.b:view") != allowed || engine.View().Export()[1].V[3] != map[bool]string{true: "allow", false: "deny"}[allowed] {
			t.Errorf("%s: %v", effect, engine.View().Export())
		}
		checkFullRows(t, store, engine)
		checkRecords(t, engine)
	}
}

// A repair that cuts a cycle or shortens a chain lets the other links take effect, as a fresh load does.
func TestRepairRevivesLinks(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
	ctx, ana := t.Context(), engine.As("ana")
	chain(t, engine, 9)
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Above"}))
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Top"}))
	must(t)(ana.Assign(ctx, "G1", "ben"))
	ids := store.InsertRows(row("g", "group:Above", "group:G1"), row("g", "group:Top", "group:Above"))
	if err := engine.Refresh(ctx); err != nil || len(engine.View().BadRows()) != 10 || engine.Can("ben", "deep:down") {
		t.Fatalf("%v, %+v", err, engine.View().BadRows())
	}
	must(t)(ana.RepairRows(ctx, authz.RowRepair{Remove: ids[1:]})) // the chain is still too long
	if n := len(engine.View().BadRows()); n != 9 || engine.Can("ben", "deep:down") {
		t.Errorf("%d bad rows", n)
	}
	must(t)(ana.RepairRows(ctx, authz.RowRepair{Remove: ids[:1]}))
	for _, e := range []*authz.Engine{engine, open(t, store, authz.Options{PollInterval: time.Hour})} {
		if !e.Can("ben", "deep:down") || len(e.View().BadRows()) > 0 {
			t.Errorf("%+v", e.View().BadRows())
		}
	}
	checkFullRows(t, store, engine)
	checkRecords(t, engine)
}
