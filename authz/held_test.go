package authz_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// The held permissions are listed by name: everything in the catalog that a wildcard covers, and
// what a rule outside the catalog names exactly.
func TestPermissionsOf(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana", Catalog: authz.Catalog{
		{Permission: "Zoo.cats:feed", Label: "Feed cats"},
		{Permission: "zoo.dogs:feed", Label: "Feed dogs"},
		{Permission: "zoo.dogs:walk", Label: "Walk dogs"},
		{Permission: "record:read", Label: "Read"},
		{Permission: "record:write", Label: "Write"},
	}})
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Keepers", Permissions: authz.Rules{Grants: []authz.Pattern{"zoo.*:*", "record.17:read", "record.18:*"}}}))
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Vets", Inherits: []authz.GroupName{"Keepers"}, Permissions: authz.Rules{Restrictions: []authz.Pattern{"zoo.dogs:walk"}}}))
	must(t)(ana.Assign(ctx, "Vets", "ben"))
	must(t)(ana.SetUserPermissions(ctx, "ben", authz.Rules{Grants: []authz.Pattern{"Zoo.*:feed", "record.9:read", "record.9:write", "rightful.members/*:assign"}, Restrictions: []authz.Pattern{"record.9:write"}}))
	var got []string
	for _, e := range engine.Explain("ben", engine.View().PermissionsOf("ben")...).Permissions {
		got = append(got, fmt.Sprintf("%s (%s) %d", e.Permission, e.Label, len(e.Origins)))
		if !slices.Equal(reasons(authz.PermissionExplanation{Origins: e.Origins}), reasons(engine.Explain("ben", e.Permission).Permissions[0])) {
			t.Errorf("%q: another explanation than Explain's", e.Permission)
		}
	}
	want := []string{
		"record.17:read () 1", "record.9:read () 1",
		"rightful.members/Administrators:assign (Assign members of Administrators) 1",
		"rightful.members/Keepers:assign (Assign members of Keepers) 1", "rightful.members/Vets:assign (Assign members of Vets) 1",
		"Zoo.cats:feed (Feed cats) 1", "zoo.dogs:feed (Feed dogs) 1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("have\n%s", strings.Join(got, "\n"))
	}
	if list := engine.View().PermissionsOf("nobody"); len(list) > 0 {
		t.Errorf("nobody holds %v", list)
	}
}
