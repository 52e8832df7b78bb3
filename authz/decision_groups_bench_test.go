package authz_test

import (
	"fmt"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// Groups is part of the answer to a refused request, also where any of many permissions would do, and whether all
// groups give one of them or few do.
func BenchmarkDecisionGroups(b *testing.B) {
	const groups, alternatives = 1000, 24
	for name, every := range map[string]int{"all groups": 1, "few groups": 120} {
		b.Run(name, func(b *testing.B) {
			engine := open(b, memstore.New(), authz.Options{Bootstrap: "root"})
			file := authz.PolicyFile{}
			line := func(fields ...string) {
				file.Lines = append(file.Lines, authz.PolicyLine{Number: len(file.Lines) + 1, Fields: fields})
			}
			var asked []authz.Permission
			for i := range alternatives {
				asked = append(asked, authz.Permission(fmt.Sprintf("asked.x%d:do", i)))
			}
			for g := range groups {
				for i := range alternatives {
					if (g+i)%every == 0 {
						line("p", fmt.Sprintf("group:Group %d", g), fmt.Sprintf("asked.x%d", i), "do", "allow")
					}
					line("p", fmt.Sprintf("group:Group %d", g), fmt.Sprintf("other.y%d.z%d", g, i), "do", "allow")
				}
			}
			line("g", "ben", "group:Empty")
			line("p", "group:Empty", "no", "thing", "allow")
			must(b)(engine.As("root").Import(b.Context(), file, authz.ImportMerge))
			d := engine.Decide(authz.Question{User: "ben", Permissions: asked, OneIsEnough: true})
			for b.Loop() {
				if n := len(d.Groups()); n == 0 {
					b.Fatal("no groups")
				}
			}
		})
	}
}
