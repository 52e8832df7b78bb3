package authz_test

import (
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// BenchmarkReading measures what people ask about a policy with a million users.
func BenchmarkReading(b *testing.B) {
	s := authztest.Sizes[2]
	engine := open(b, s.Store(), neverPolling)
	v := engine.View()
	b.Run("Explain", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if !v.Explain(s.User(i*7), s.Permission(i*7, 5)).Allowed {
				b.Fatal("denied")
			}
		}
	})
	b.Run("PermissionsOf", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if n := len(v.PermissionsOf(s.User(i * 7))); n != 196 {
				b.Fatal(n)
			}
		}
	})
	b.Run("Holders", func(b *testing.B) {
		for b.Loop() {
			if n := len(v.Holders(authz.HolderQuery{Permission: s.Permission(7, 5), Limit: 100})); n != min(100, 2001) {
				b.Fatal(n)
			}
		}
	})
	b.Run("HoldersOfAll", func(b *testing.B) {
		must(b)(engine.As("root").CreateGroup(b.Context(), authz.GroupSpec{Name: "All"}))
		v := engine.View()
		for b.Loop() {
			if n := len(v.Holders(authz.HolderQuery{Permission: "nothing.at:all", Limit: 100})); n != min(100, 1) {
				b.Fatal(n)
			}
		}
	})
	b.Run("HoldersPage", func(b *testing.B) {
		for b.Loop() {
			list := v.Holders(authz.HolderQuery{Permission: s.Permission(7, 5), After: "user5", Limit: 100})
			if len(list) != 100 {
				b.Fatal(len(list))
			}
		}
	})
	b.Run("HoldersPageOfAll", func(b *testing.B) { // a million hold it: every group grants it
		store := authztest.NewStore()
		if err := fill(b.Context(), store, s); err != nil {
			b.Fatal(err)
		}
		for i := range s.Groups {
			store.InsertRows(authz.Row{Type: "p", V: [6]string{"group:" + string(s.Group(i)), "every", "one", "allow"}})
		}
		v := open(b, store, neverPolling).View()
		for b.Loop() {
			list := v.Holders(authz.HolderQuery{Permission: "every:one", After: "user5", Limit: 100})
			if len(list) != 100 {
				b.Fatal(len(list))
			}
		}
	})
	b.Run("Users", func(b *testing.B) {
		for b.Loop() {
			if n := len(v.Users(authz.UserQuery{After: "user5", Limit: 100})); n != 100 {
				b.Fatal(n)
			}
		}
	})
	b.Run("Members", func(b *testing.B) {
		for b.Loop() {
			if n := len(v.Users(authz.UserQuery{Group: s.Group(7), Limit: 100})); n != 100 {
				b.Fatal(n)
			}
		}
	})
}
