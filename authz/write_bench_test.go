package authz_test

import (
	"fmt"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// BenchmarkChange measures the engine's part of a change, without the store.
func BenchmarkChange(b *testing.B) {
	eachSize(b, func(b *testing.B, s authztest.Size, engine *authz.Engine) {
		ctx, root := b.Context(), engine.As("root")
		group := s.Group(7)
		pattern := authz.Pattern("area7.extra:view")
		run := func(name string, operations ...func(i int) (authz.Change, error)) {
			b.Run(name, func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					if c, err := operations[i%len(operations)](i / len(operations)); err != nil || c.Revision == 0 {
						b.Fatal(c, err)
					}
				}
			})
		}
		newcomer := func(i int) authz.UserID { return authz.UserID(fmt.Sprint("new", i)) }
		run("assign", func(i int) (authz.Change, error) { return root.Assign(ctx, group, newcomer(i)) })
		run("assign-unassign",
			func(i int) (authz.Change, error) { return root.Assign(ctx, group, s.User(i*s.Groups)) },
			func(i int) (authz.Change, error) { return root.Unassign(ctx, group, s.User(i*s.Groups)) })
		run("grant-revoke",
			func(int) (authz.Change, error) { return root.Grant(ctx, group, pattern) },
			func(int) (authz.Change, error) {
				return root.ChangeGroupPermissions(ctx, group, authz.RulesDelta{Revoke: []authz.Pattern{pattern}})
			})
		run("assign-delete-user",
			func(i int) (authz.Change, error) { return root.Assign(ctx, group, newcomer(-1-i)) },
			func(i int) (authz.Change, error) { return root.DeleteUser(ctx, newcomer(-1-i)) })
	})
}

// BenchmarkDeleteLargeGroup deletes a group with 10,000 members.
func BenchmarkDeleteLargeGroup(b *testing.B) {
	s := authztest.Sizes[2]
	engine := open(b, s.Store(), neverPolling)
	ctx, root := b.Context(), engine.As("root")
	for b.Loop() {
		b.StopTimer()
		must(b)(root.CreateGroup(ctx, authz.GroupSpec{Name: "Large"}))
		for i := range 10 {
			var users []authz.UserID
			for j := range 1000 {
				users = append(users, s.User((i*1000+j)*97))
			}
			must(b)(root.Assign(ctx, "Large", users...))
		}
		b.StartTimer()
		must(b)(root.DeleteGroup(ctx, "Large", true))
	}
}
