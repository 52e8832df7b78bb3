package authz_test

import (
	"fmt"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
)

// BenchmarkPermitted asks which records a user may see: by a pattern, by rules for single records, among other rules of
// the user and of others, and by many groups.
func BenchmarkPermitted(b *testing.B) {
	engine := open(b, memstore.New(), authz.Options{Bootstrap: "root"})
	root := engine.As("root")
	rules := func(records, others int) (r authz.Rules) {
		for i := range records {
			r.Grants = append(r.Grants, authz.Pattern(fmt.Sprintf("files.%d:view", i)))
		}
		for i := range others {
			r.Grants = append(r.Grants, authz.Pattern(fmt.Sprintf("orders.%d:view", i)))
		}
		return r
	}
	for user, r := range map[authz.UserID]authz.Rules{
		"pattern": {Grants: []authz.Pattern{"files.*:view"}}, "10 ids": rules(10, 0), "10 ids of 10,000 rules": rules(10, 9990), "10,000 ids": rules(10_000, 0),
		"all but 10,000 ids": {Grants: []authz.Pattern{"files.*:view"}, Restrictions: rules(10_000, 0).Grants},
	} {
		must(b)(root.SetUserPermissions(b.Context(), user, r))
	}
	for i := range 1000 {
		name := authz.GroupName(fmt.Sprint("Group ", i))
		must(b)(root.CreateGroup(b.Context(), authz.GroupSpec{Name: name, Permissions: authz.Rules{Grants: []authz.Pattern{authz.Pattern(fmt.Sprintf("files.%d:view", i))}}}))
		must(b)(root.Assign(b.Context(), name, "1,000 groups"))
	}
	view := engine.View()
	for _, user := range []authz.UserID{"nobody", "pattern", "10 ids", "10 ids of 10,000 rules", "10,000 ids", "all but 10,000 ids", "1,000 groups"} {
		b.Run(string(user), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := view.Permitted(b.Context(), user, "files", "view"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("a million users", func(b *testing.B) {
		b.ReportAllocs()
		s := authztest.Sizes[2]
		view := open(b, s.Store(), neverPolling).View()
		b.ResetTimer()
		for i := 0; b.Loop(); i++ {
			if _, err := view.Permitted(b.Context(), s.User(i*7), "files", "view"); err != nil {
				b.Fatal(err)
			}
		}
	})
}
