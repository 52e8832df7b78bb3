package authz_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// The groups that would do are those of the fixes that do nothing else, in their order.
func TestJoinsAreTheFixesThatAssign(t *testing.T) {
	found := 0
	testDenials(t, 40, func(d *denial) error {
		var want [][]authz.GroupName
		for _, f := range d.fixes.List {
			if f.Kind == authz.FixAssign && !slices.Contains(f.Groups, authz.Administrators) {
				want = append(want, f.Groups)
			}
		}
		found += len(want)
		if got := d.before.Joins(d.user, d.asked...); !reflect.DeepEqual(got, want) {
			return fmt.Errorf("the groups are %q, and by the fixes %q", got, want)
		}
		return nil
	})
	if found < 20 {
		t.Errorf("only %d ways were found", found)
	}
}

// Whoever may do it already, nobody, and what is no permission need no group.
func TestJoinsOfNothing(t *testing.T) {
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "root"})
	must(t)(engine.As("root").CreateGroup(t.Context(), authz.GroupSpec{Name: "A", Permissions: authz.Rules{Grants: []authz.Pattern{"*:*"}}}))
	v := engine.View()
	for _, got := range [][][]authz.GroupName{
		v.Joins("root", "a:b"), v.Joins("ben"), v.Joins("ben", "nothing"), v.Joins("", "a:b"), v.Joins("group:A", "a:b"),
	} {
		if got != nil {
			t.Errorf("there is %q", got)
		}
	}
}
