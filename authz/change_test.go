package authz_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
)

// The View of a change is the policy that this change left, whatever others change at the same time:
// an ETag made from it never belongs to someone else's change.
func TestChangeHasTheViewThatItLeft(t *testing.T) {
	withoutRaces(t)
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
	ana := engine.As("ana")
	must(t)(ana.CreateGroup(t.Context(), authz.GroupSpec{Name: "Desk"}))
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for j := range 200 {
				change, err := ana.Grant(t.Context(), "Desk", authz.Pattern(fmt.Sprintf("a%d:b%d", i, j)))
				if err != nil {
					t.Error(err)
					return
				}
				g, _ := change.View.Group("Desk")
				if change.View.Revision() != change.Revision || g.Version != authz.NewVersion(change.Revision, change.Hash) {
					t.Errorf("revision %d has a view of %d, with the group at %v", change.Revision, change.View.Revision(), g.Version)
				}
			}
		})
	}
	all.Wait()
}

// A dry run has the view that the operation would leave, and one without effect the present one.
func TestViewOfAChangeThatIsNotMade(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
	change := must(t)(engine.As("ana").DryRun().CreateGroup(t.Context(), authz.GroupSpec{Name: "Desk"}))
	if _, there := change.View.Group("Desk"); !there {
		t.Error("the dry run's view lacks the group")
	}
	if _, there := engine.View().Group("Desk"); there {
		t.Error("the dry run was carried out")
	}
	change = must(t)(engine.As("ana").Assign(t.Context(), authz.Administrators, "ana"))
	if change.Revision != 0 || change.View.Revision() != engine.View().Revision() {
		t.Errorf("nothing changed, and the view is of revision %d", change.View.Revision())
	}
}

// Writing to a change that was returned changes neither the policy nor what another caller gets.
func TestReturnedChangesAreCopies(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana"})
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Desk", Description: "front"}))
	store.InsertRows(row("p", "ben", "*:*", "deny"))
	if err := engine.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	present := func() string {
		return fmt.Sprint(engine.View().Groups(""), engine.View().BadRows(), engine.Status().Head)
	}
	overwrite := func(c authz.Change) {
		for _, g := range c.Delta.Groups {
			for _, info := range []*authz.GroupInfo{g.Before, g.After} {
				if info != nil {
					*info = authz.GroupInfo{Name: "Overwritten", Description: "overwritten"}
				}
			}
		}
		for _, b := range c.Delta.RemovedRows {
			b.Values[0] = "overwritten"
		}
		for i := range c.Hash {
			c.Hash[i] = 0
		}
	}
	before := present()
	overwrite(must(t)(ana.DryRun().DeleteGroup(ctx, "Desk", false)))
	overwrite(must(t)(ana.DryRun().UpdateGroup(ctx, "Desk", authz.GroupPatch{Description: ptr("back")})))
	overwrite(must(t)(ana.DryRun().RemoveBadRows(ctx)))
	if got := present(); got != before {
		t.Errorf("after dry runs:\n%s, before:\n%s", got, before)
	}
	view := engine.View()
	old := fmt.Sprint(view.Groups(""), view.BadRows())
	overwrite(must(t)(ana.UpdateGroup(ctx, "Desk", authz.GroupPatch{Description: ptr("back")})))
	overwrite(must(t)(ana.RemoveBadRows(ctx)))
	overwrite(must(t)(ana.DeleteGroup(ctx, "Desk", false)))
	if got := fmt.Sprint(view.Groups(""), view.BadRows()); got != old {
		t.Errorf("a view of before has\n%s, had\n%s", got, old)
	}
	list, err := engine.Changes(ctx, authz.ChangeQuery{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		overwrite(c)
	}
	checkRecords(t, engine)
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Desk"})) // onto the hash of the last record
	checkRecords(t, engine)
}
