package authz_test

import (
	"slices"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
	"github.com/rightful-go/rightful/internal/fold"
)

// A missing group has no members.
func TestMembersOfAMissingGroup(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "root"})
	if list := engine.View().Users(authz.UserQuery{Group: "Gone"}); len(list) != 0 {
		t.Errorf("%q", list)
	}
}

// Pages of users are in the order of every list and fit together.
func TestUsersPageByPage(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "root"})
	ctx, root := t.Context(), engine.As("root")
	must(t)(root.CreateGroup(ctx, authz.GroupSpec{Name: "Desk"}))
	var ids []authz.UserID
	for i := range 700 {
		ids = append(ids, authz.UserID([]string{"u", "U", "Ü"}[i%3]+string(rune('a'+i%26))+string(rune('a'+i/26))))
	}
	must(t)(root.Assign(ctx, "Desk", ids...))
	slices.SortFunc(ids, fold.Compare)
	view := engine.View()
	for _, limit := range []int{0, 1, 7, 699, 700, 701} {
		var got []authz.UserID
		for after := authz.UserID(""); ; after = got[len(got)-1] {
			part := view.Users(authz.UserQuery{Group: "Desk", After: after, Limit: limit})
			if got = append(got, part...); len(part) == 0 || limit == 0 {
				break
			}
			if limit > 0 && len(part) > limit {
				t.Fatalf("%d of at most %d", len(part), limit)
			}
		}
		if !slices.Equal(got, ids) {
			t.Errorf("limit %d: %d users in %q…", limit, len(got), got[:min(5, len(got))])
		}
	}
	if got := view.Users(authz.UserQuery{Text: "üA", Limit: 3}); len(got) != 3 || got[0] != "Üaa" && got[0] != "Üab" {
		t.Errorf("%q", got)
	}
}
