package authz

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/rightful-go/rightful/internal/fold"
)

// Toggling permissions of a set gives the set that a plain map has, and equal sets have equal sums, whatever list they
// share.
func TestPermissionSet(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 12))
	var all []Permission
	for i := range 60 {
		all = append(all, Permission(fmt.Sprintf([]string{"a%d:b", "A%d:b", "\u00e9.%d:B", "zz/%d:x"}[i%4], i/4)))
	}
	slices.Sort(all)
	some := func(share float64) []Permission {
		return slices.DeleteFunc(slices.Clone(all), func(Permission) bool { return r.Float64() > share })
	}
	for range 50 {
		start := some(r.Float64())
		set, want := newPermissionSet(start), map[Permission]bool{}
		for _, p := range start {
			want[p] = true
		}
		for range 10 {
			toggles := some(r.Float64() / 2)
			set = set.toggled(toggles)
			for _, p := range toggles {
				want[p] = !want[p]
			}
			list := slices.DeleteFunc(slices.Clone(all), func(p Permission) bool { return !want[p] })
			if again := newPermissionSet(list); again.sum != set.sum || set.sum.count != len(list) {
				t.Fatalf("the sum is %v, want %v", set.sum, again.sum)
			}
			for _, p := range all {
				if set.has(p) != want[p] {
					t.Fatalf("has(%q) is %v", p, set.has(p))
				}
			}
			fold.Sort(list)
			if got := set.list(); !slices.Equal(got, list) {
				t.Fatalf("lists %q, want %q", got, list)
			}
		}
	}
	none := permissionSet{}
	if none.has("a:b") || none.list() != nil {
		t.Error("the empty set has something")
	}
	if one := none.toggled([]Permission{"a:b"}); !slices.Equal(one.list(), []Permission{"a:b"}) {
		t.Errorf("the set of one permission lists %q", one.list())
	}
}
