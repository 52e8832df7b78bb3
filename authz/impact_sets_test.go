package authz_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
	"github.com/rightful-go/rightful/authz/policycsv"
)

// The sets of an impact are bounded: 20 are listed, with 20 users each, and 1,000 are told apart.
func TestImpactSetsAreBounded(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "All"}))
	var text strings.Builder
	for i := range 1100 { // each is restricted from a permission of their own, and so gains another set than the others
		user := fmt.Sprintf("single %04d", i)
		fmt.Fprintf(&text, "p, %s, thing%d, see, deny\ng, %s, group:All\n", user, i, user)
	}
	for i := range 50 {
		fmt.Fprintf(&text, "g, twin %02d, group:All\n", i)
	}
	file, err := policycsv.ReadPolicy(strings.NewReader(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	must(t)(ana.Import(ctx, file, authz.ImportMerge))
	var grants []authz.Pattern
	for i := range 1100 {
		grants = append(grants, authz.Pattern(fmt.Sprint("thing", i, ":see")))
	}
	planned, err := ana.DryRun().ChangeGroupPermissions(ctx, "All", authz.RulesDelta{Grant: grants})
	if err != nil {
		t.Fatal(err)
	}
	im := planned.Impact
	if im.GainCount != 1150 || im.GainSetCount != 1000 || len(im.GainSets) != 20 || im.LossSetCount != 0 || len(im.LossSets) != 0 {
		t.Fatalf("%d users in %d sets, of which %d are listed", im.GainCount, im.GainSetCount, len(im.GainSets))
	}
	if s := im.GainSets[0]; s.UserCount > 1 && (len(s.Users) != 20 || s.Users[0] != "twin 00" || s.UserCount != 50 || len(s.Permissions) != 1100) {
		t.Errorf("the largest set is %v of %d users with %d permissions", s.Users, s.UserCount, len(s.Permissions))
	}
	for _, s := range im.GainSets[1:] {
		if s.UserCount != 1 || len(s.Users) != 1 || len(s.Permissions) != 1099 {
			t.Errorf("a set is %v of %d users with %d permissions", s.Users, s.UserCount, len(s.Permissions))
		}
	}
}
