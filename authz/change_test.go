package authz_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// The View of a change is the policy that this change left, whatever others change at the same time:
// an ETag made from it never belongs to someone else's change.
func TestChangeHasTheViewThatItLeft(t *testing.T) {
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
				if change.View.Revision() != change.Revision || g.Version != change.Revision {
					t.Errorf("revision %d has a view of %d, with the group at %d", change.Revision, change.View.Revision(), g.Version)
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
