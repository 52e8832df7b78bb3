package authz_test

import (
	"fmt"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// BenchmarkCountHeld counts what groups give that hold every second permission of a catalog and inherit from each other.
func BenchmarkCountHeld(b *testing.B) {
	for _, size := range []struct{ groups, permissions int }{{50, 1000}, {500, 10_000}} {
		var catalog authz.Catalog
		for i := range size.permissions {
			catalog = append(catalog, authz.Entry{Permission: authz.Permission(fmt.Sprintf("department%d.kind%d:view", i/50, i%50)), Label: "See"})
		}
		engine := open(b, memstore.New(), authz.Options{Bootstrap: "root", Catalog: catalog})
		for g := range size.groups - 1 {
			spec := authz.GroupSpec{Name: authz.GroupName(fmt.Sprint("Group ", g))}
			for i := g % 2; i < size.permissions; i += 2 {
				spec.Permissions.Grants = append(spec.Permissions.Grants, authz.Pattern(catalog[i].Permission))
			}
			if g%5 > 0 {
				spec.Inherits = []authz.GroupName{authz.GroupName(fmt.Sprint("Group ", g-1))}
			}
			must(b)(engine.As("root").CreateGroup(b.Context(), spec))
		}
		b.Run(fmt.Sprintf("%dx%d", size.groups, size.permissions), func(b *testing.B) {
			v := engine.View()
			names := v.GroupNames("")
			for b.Loop() {
				if c, err := engine.CountHeld(b.Context(), v, names...); err != nil || c.Held[0] != c.Total || c.Held[1] != size.permissions/2 {
					b.Fatal(c, err)
				}
			}
		})
	}
}
