package authz_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// All faults of an entry are reported, and no application declares Rightful's own permissions.
func TestCatalogEntries(t *testing.T) {
	t.Parallel()
	bad := authz.Entry{Permission: "a*:b", Label: " ", Category: []string{"C", "", "\t"}, Description: "\xff"}
	if faults := bad.Check(); len(faults) != 5 {
		t.Errorf("%d faults: %v", len(faults), faults)
	}
	for p, says := range map[authz.Permission]string{
		"rightful.users:view": "Rightful's own", "rightful.x:y": "Rightful's own", "rightful.members/Desk:assign": "Rightful's own",
		"rightful:view": "", "rightfulness.x:y": "", "Rightful.users:view": "", "/rightful.users:view": "",
	} {
		faults := authz.Entry{Permission: p, Label: "L"}.Check()
		if says == "" && len(faults) > 0 || says != "" && (len(faults) != 1 || !strings.Contains(faults[0].Error(), says)) {
			t.Errorf("%q: %v", p, faults)
		}
	}
	_, err := authz.Open(t.Context(), memstore.New(), authz.Options{Catalog: authz.Catalog{
		{Permission: "a:b", Label: "L"}, {Permission: "a:b", Label: "M"}, {Permission: "c", Label: "N"}, {Permission: "d:e"},
	}})
	for _, says := range []string{`"a:b" is declared twice`, `"c" is not of the form`, `"d:e" the label is empty`} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v doesn't say %s", err, says)
		}
	}
}

// The catalog is the engine's own: nobody changes it through what was given to Open or returned.
func TestCatalogIsCopied(t *testing.T) {
	t.Parallel()
	declared := authz.Catalog{{Permission: "a:b", Label: "L", Category: []string{"Outer", "Inner"}}}
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana", Catalog: declared})
	all := func() string { return fmt.Sprint(engine.View().Catalog(nil, "")) }
	before := all()
	overwrite := func(category []string) {
		if len(category) == 0 {
			t.Error("an entry has no category")
		}
		for i := range category {
			category[i] = "overwritten"
		}
	}
	overwrite(declared[0].Category)
	for _, e := range engine.View().Catalog(nil, "") {
		overwrite(e.Category)
	}
	for _, p := range []authz.Permission{"a:b", authz.ViewGroups, authz.AssignMembers(authz.Administrators)} {
		overwrite(engine.Explain("ben", p).Permissions[0].Category)
		overwrite(engine.Decide(authz.Question{User: "ben", Permissions: []authz.Permission{p}}).Missing()[0].Category)
	}
	if got := all(); got != before {
		t.Errorf("the catalog is\n%s, was\n%s", got, before)
	}
}
