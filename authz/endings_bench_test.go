package authz_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// What 10,000 memberships that end at once cost: leaving them out of the policy that decides, which no decision waits
// for, and a change while they are left out and not removed yet.
func BenchmarkEndings(b *testing.B) {
	const members = 10_000
	engine := open(b, memstore.New(), authz.Options{Bootstrap: "ana"})
	ctx, ana := b.Context(), engine.As("ana")
	must(b)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"a:b"}}}))
	users := make([]authz.UserID, members)
	for i := range users {
		users[i] = authz.UserID(fmt.Sprint("user", i))
	}
	hours := 0
	assign := func() (end time.Time) {
		hours++
		end = time.Now().Add(time.Duration(hours) * time.Hour)
		must(b)(ana.Until(end).Assign(ctx, "Desk", users...))
		return end
	}
	b.Run("leave out", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			end := assign()
			b.StartTimer()
			authz.PassUntil(engine, end)
			if engine.Can(users[0], "a:b") {
				b.Fatal("it is counted")
			}
		}
	})
	b.Run("change", func(b *testing.B) {
		authz.PassUntil(engine, assign())
		for i := 0; b.Loop(); i++ {
			must(b)(ana.ChangeUserPermissions(ctx, "ben", authz.RulesDelta{Grant: []authz.Pattern{authz.Pattern(fmt.Sprint("x:y", i))}}))
		}
	})
}
