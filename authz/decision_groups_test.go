package authz_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// The groups to join are those of the fixes that only assign, in the same order.
func TestDecisionGroupsMatchTheFixesThatAssign(t *testing.T) {
	withoutRaces(t)
	found := 0
	testDenials(t, 40, func(d *deniedQuestion) error {
		var want [][]authz.GroupName
		for _, f := range d.fixes.List {
			if f.Kind == authz.FixAssign && !slices.Contains(f.Groups, authz.Administrators) {
				want = append(want, f.Groups)
			}
		}
		found += len(want)
		if got := d.engine.Decide(authz.Question{User: d.user, Permissions: d.asked}).Groups(); !reflect.DeepEqual(got, want) {
			return fmt.Errorf("the groups are %q, and by the fixes %q", got, want)
		}
		return nil
	})
	if found < 20 {
		t.Errorf("only %d ways were found", found)
	}
}

// There are no groups to join for a user who is allowed already, for nobody, and for invalid
// permissions.
func TestNoDecisionGroupsWhereNoneIsNeeded(t *testing.T) {
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "root"})
	must(t)(engine.As("root").CreateGroup(t.Context(), authz.GroupSpec{Name: "A", Permissions: authz.Rules{Grants: []authz.Pattern{"*:*"}}}))
	for _, q := range []authz.Question{
		{User: "root", Permissions: []authz.Permission{"a:b"}},
		{User: "ben"},
		{User: "ben", Permissions: []authz.Permission{"nothing"}},
		{User: "", Permissions: []authz.Permission{"a:b"}},
		{User: "group:A", Permissions: []authz.Permission{"a:b"}},
	} {
		if got := engine.Decide(q).Groups(); got != nil {
			t.Errorf("%+v: there is %q", q, got)
		}
	}
}

// Groups to join are looked for during half a second at most, however many groups and alternatives there are.
func TestDecisionGroupsTakeBoundedTime(t *testing.T) {
	withoutRaces(t)
	engine := crossroads(t, 3000)
	began := time.Now()
	d := engine.Decide(authz.Question{User: "fat", Permissions: missingPermissions(20_000), OneIsEnough: true})
	decided := time.Now()
	groups := d.Groups()
	if took := time.Since(decided); groups != nil || took > 2*time.Second {
		t.Errorf("%d ways after %v; the decision took %v", len(groups), took, decided.Sub(began))
	}
}
