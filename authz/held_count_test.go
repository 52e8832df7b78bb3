package authz_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
)

// zoo has every way in which a group can hold a permission or not.
func zoo(t testing.TB, store authz.Store) *authz.Engine {
	t.Helper()
	catalog := authz.Catalog{{Permission: "record:read", Label: "Read"}}
	for i := range 150 { // of several masks
		catalog = append(catalog, authz.Entry{Permission: authz.Permission(fmt.Sprintf("zoo.cage%d:feed", i)), Label: "Feed"})
	}
	engine := open(t, store, authz.Options{Bootstrap: "ana", Catalog: catalog})
	ctx, ana := t.Context(), engine.As("ana")
	for _, g := range []authz.GroupSpec{
		{Name: "Empty"},
		{Name: "One", Permissions: authz.Rules{Grants: []authz.Pattern{"zoo.cage7:feed", "zoo.cage7:*", "record.17:read"}}},
		{Name: "Keepers", Permissions: authz.Rules{Grants: []authz.Pattern{"zoo.*:*", "rightful.members/Keepers:assign"}, Restrictions: []authz.Pattern{"zoo.cage1:*"}}},
		{Name: "Vets", Inherits: []authz.GroupName{"Keepers", "One"}, Permissions: authz.Rules{Grants: []authz.Pattern{"*:read"}, Restrictions: []authz.Pattern{"zoo.cage2:feed"}}},
		{Name: "Heads", Inherits: []authz.GroupName{"Vets"}},
		{Name: "Board", Inherits: []authz.GroupName{"Heads", "Keepers"}, Permissions: authz.Rules{Grants: []authz.Pattern{"*:*"}}},
		{Name: "Barred", Inherits: []authz.GroupName{"Board"}, Permissions: authz.Rules{Restrictions: []authz.Pattern{"*:*"}}},
	} {
		must(t)(ana.CreateGroup(ctx, g))
	}
	for i := range 80 { // so many rules that groups which inherit them refer to them
		must(t)(ana.Grant(ctx, "One", authz.Pattern(fmt.Sprintf("zoo.cage%d:feed", 20+i)), authz.Pattern(fmt.Sprintf("record.%d:*", i))))
	}
	return engine
}

// What is counted is what a user in that group alone can do.
func TestCountHeld(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := zoo(t, store)
	store.InsertRows( // deny members everything, except administrators
		authz.Row{Type: "p", V: [6]string{"group:One", "zoo.cage9", "feed", "nonsense"}},
		authz.Row{Type: "p", V: [6]string{"group:Administrators", "zoo.cage9", "feed", "nonsense"}},
	)
	counted := func(v *authz.View) authz.HeldCounts {
		counts, err := engine.CountHeld(t.Context(), v, append(v.GroupNames(""), "Nobody")...)
		if err != nil {
			t.Fatal(err)
		}
		return counts
	}
	for _, blocked := range []bool{false, true} {
		if blocked {
			if err := engine.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		v := engine.View()
		names, entries, counts := v.GroupNames(""), v.Catalog(nil, ""), counted(v)
		if counts.Total != len(entries) || len(counts.Held) != len(names)+1 || counts.Held[len(names)] != 0 {
			t.Fatalf("%v of %d", counts, len(entries))
		}
		for i, name := range names {
			want := 0
			for _, e := range entries {
				if slices.ContainsFunc(v.Holders(authz.HolderQuery{Permission: e.Permission}), func(h authz.PermissionHolder) bool { return h.Subject == name.Subject() }) {
					want++
				}
			}
			if counts.Held[i] != want {
				t.Errorf("with a bad row: %v, %s: %d of %d, not %d", blocked, name, counts.Held[i], counts.Total, want)
			}
			if blocked != (want == 0) && slices.Contains([]authz.GroupName{"One", "Vets", "Heads", "Board"}, name) {
				t.Errorf("%s: the test wants %d", name, want)
			}
		}
	}
}

func TestCountHeldWithoutCatalog(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
	counts, err := engine.CountHeld(t.Context(), engine.View(), authz.Administrators)
	if err != nil || counts.Total != 0 || counts.Held != nil {
		t.Errorf("%v %v", counts, err)
	}
}

func TestCountHeldStopsWithItsContext(t *testing.T) {
	t.Parallel()
	engine := zoo(t, memstore.New())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := engine.CountHeld(ctx, engine.View(), engine.View().GroupNames("")...); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
