package authz_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// The store finds a change by its actor and by each user and group that it touches. A change of more than
// 100 of them is marked instead, and is found whatever is asked for.
func TestKeysOfChanges(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana"})
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Desk", Inherits: []authz.GroupName{"Desk"}[:0]}))
	must(t)(ana.Assign(ctx, "Desk", "ben"))
	must(t)(ana.UpdateGroup(ctx, "Desk", authz.GroupPatch{Name: ptr(authz.GroupName("Front"))}))
	users := make([]authz.UserID, 100)
	for i := range users {
		users[i] = authz.UserID(fmt.Sprint("u", i))
	}
	must(t)(ana.Assign(ctx, "Front", users[:99]...))
	must(t)(ana.Unassign(ctx, "Front", users[:99]...))
	must(t)(ana.Assign(ctx, "Front", users...))

	commits := store.Commits()
	commits = commits[len(commits)-6:]
	for i, want := range [][]string{
		{"actor:ana", "group:Desk"},
		{"actor:ana", "user:ben", "group:Desk"},
		{"actor:ana", "group:Desk", "group:Front"},
	} {
		if got := commits[i].Keys; !slices.Equal(got, want) {
			t.Errorf("the keys are %q, not %q", got, want)
		}
	}
	if n := len(commits[3].Keys); n != 101 || len(commits[4].Keys) != 101 {
		t.Errorf("%d keys of a change of 100 subjects", n)
	}
	if got := commits[5].Keys; !slices.Equal(got, []string{"actor:ana", "*"}) {
		t.Errorf("the keys of a change of 101 subjects are %q", got)
	}
	for _, q := range []authz.ChangeQuery{{User: "nobody"}, {Group: "None"}} {
		if list, err := engine.Changes(ctx, q); err != nil || len(list) != 0 {
			t.Errorf("%+v: %d changes (%v)", q, len(list), err)
		}
	}
	for _, user := range []authz.UserID{"\x00", "\xff", "a\u200bb"} {
		calls := store.Calls(authztest.CallBefore)
		if list, err := engine.Changes(ctx, authz.ChangeQuery{User: user}); err != nil || list != nil || store.Calls(authztest.CallBefore) != calls {
			t.Errorf("the store was asked for the user %q: %v", user, err)
		}
	}
}
