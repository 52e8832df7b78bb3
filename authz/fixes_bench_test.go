package authz_test

import (
	"fmt"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// BenchmarkFixes measures the latency of an administrators' page at a million users: one group
// of a thousand would help the user; three groups would; the user is restricted; the user is in
// a group that everyone else reaches through another; five hundred groups would help.
func BenchmarkFixes(b *testing.B) {
	s := authztest.Sizes[2]
	engine := open(b, s.Store(), neverPolling)
	ctx, root := b.Context(), engine.As("root")
	must(b)(root.CreateGroup(ctx, authz.GroupSpec{Name: "Staff"}))
	must(b)(root.Assign(ctx, "Staff", "newcomer"))
	for i := range s.Groups {
		must(b)(root.UpdateGroup(ctx, s.Group(i), authz.GroupPatch{Inherits: &[]authz.GroupName{"Staff"}}))
	}
	for i := range 500 {
		must(b)(root.Grant(ctx, s.Group(2*i), "shared.part:view"))
	}
	view := engine.View()
	for _, c := range []struct {
		name string
		user authz.UserID
		ask  []authz.Permission
	}{
		{"one-group", s.User(7), []authz.Permission{s.Permission(50, 3)}},
		{"three-groups", s.User(7), []authz.Permission{s.Permission(50, 3), s.Permission(60, 3), s.Permission(70, 3)}},
		{"restricted", s.User(7), []authz.Permission{s.Permission(7, 0)}},
		{"with-everyone", "newcomer", []authz.Permission{s.Permission(50, 3)}},
		{"many-groups", "nobody", []authz.Permission{"shared.part:view"}},
	} {
		for _, asker := range []authz.UserID{"root", "nobody"} {
			b.Run(fmt.Sprintf("%s/%s", c.name, asker), func(b *testing.B) {
				for b.Loop() {
					fixes, err := engine.As(asker).Fixes(b.Context(), view, c.user, c.ask...)
					if err != nil || len(fixes.List) < 2 {
						b.Fatal(fixes, err)
					}
				}
			})
		}
	}
}
