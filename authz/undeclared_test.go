package authz_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// Rules of permissions that the catalog no longer declares are listed, the first of them, and all counted.
func TestUndeclaredRules(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	engine := open(t, store, authz.Options{Bootstrap: "root"})
	ctx, root := t.Context(), engine.As("root")
	var old []authz.Pattern
	for i := range 300 {
		old = append(old, authz.Pattern(fmt.Sprintf("old%03d:do", i)))
	}
	must(t)(root.CreateGroup(ctx, authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: append(slices.Clone(old), "new:do", "new.17:do", "new:*")}}))
	must(t)(root.SetUserPermissions(ctx, "ben", authz.Rules{Restrictions: []authz.Pattern{"old000:do", "rightful.groups:view", "rightful.members/Desk:assign", "*:do", "gone.*:*"}}))
	if rules, n := engine.View().Undeclared(10); len(rules) != 0 || n != 0 {
		t.Errorf("without a catalog: %d, %v", n, rules)
	}
	_ = engine.Close(context.Background())
	engine = open(t, store, authz.Options{Catalog: authz.Catalog{{Permission: "new:do", Label: "New"}}})
	rules, n := engine.View().Undeclared(10)
	if n != 302 || len(rules) != 10 {
		t.Fatalf("%d of %d", len(rules), n)
	}
	all, _ := engine.View().Undeclared(1000)
	if len(all) != 302 || !slices.Equal(all[:10], rules) {
		t.Errorf("the first are %v, and of all %v", rules, all[:10])
	}
	if !slices.Contains(all, authz.Rule{Kind: authz.KindRestriction, Subject: "ben", Pattern: "gone.*:*"}) {
		t.Errorf("%v", all)
	}
}
