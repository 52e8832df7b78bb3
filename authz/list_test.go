package authz_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

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

// A search folds its text once, not once for each thing that it is compared with.
func TestSearchFoldsItsTextOnce(t *testing.T) {
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "root"})
	ctx, root := t.Context(), engine.As("root")
	must(t)(root.CreateGroup(ctx, authz.GroupSpec{Name: "Desk"}))
	ids := make([]authz.UserID, 10_000)
	for i := range ids {
		ids[i] = authz.UserID(fmt.Sprint("user", i))
	}
	must(t)(root.Assign(ctx, "Desk", ids...))
	for i := range 100 {
		must(t)(root.CreateGroup(ctx, authz.GroupSpec{Name: authz.GroupName(fmt.Sprint("group", i)), Description: "one of many"}))
	}
	view := engine.View()
	for what, find := range map[string]func(text string){
		"users":       func(text string) { view.Users(authz.UserQuery{Text: text}) },
		"groups":      func(text string) { view.Groups(text) },
		"permissions": func(text string) { view.Catalog(nil, text) },
	} {
		plain := testing.AllocsPerRun(1, func() { find("~") })
		folded := testing.AllocsPerRun(1, func() { find(strings.Repeat("\u1e96", 200)) })
		if folded > plain+50 {
			t.Errorf("%s: a text that has to be folded takes %.0f allocations, one that is folded already %.0f", what, folded, plain)
		}
	}
}

// Lists don't fold names that fold slowly again for each request: the policy has their folded forms.
func TestListsKeepTheFoldedFormsOfNames(t *testing.T) {
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "root"})
	ctx, root := t.Context(), engine.As("root")
	const n = 300
	slow := strings.Repeat("\ufdfa", 50)
	users, base := make([]authz.UserID, n), []authz.Operation{}
	for i := range n {
		users[i] = authz.UserID(fmt.Sprint(slow, n-1-i))
		base = append(base, authz.Operation{Action: authz.ActionGroupCreate, Group: authz.GroupName(fmt.Sprint(slow, n-1-i))})
	}
	for part := range slices.Chunk(base, 100) {
		must(t)(root.Batch(ctx, part...))
	}
	must(t)(root.Assign(ctx, base[0].Group, users...))
	if err := engine.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	view := engine.View()
	for what, list := range map[string]func() int{
		"users":          func() int { return len(view.Users(authz.UserQuery{Limit: 1})) },
		"users searched": func() int { return 1 + len(view.Users(authz.UserQuery{Text: "nobody"})) },
		"groups":         func() int { return len(view.GroupNames("")) },
	} {
		found := 0
		if allocations := testing.AllocsPerRun(1, func() { found = list() }); found == 0 || allocations > 2*n {
			t.Errorf("%s: %.0f allocations for %d", what, allocations, found)
		}
	}
	if got := view.Users(authz.UserQuery{After: users[n-1], Limit: 1}); len(got) != 1 || got[0] != authz.UserID(slow+"1") {
		t.Errorf("after the first come %q", got)
	}
}

// A list of users takes time by the length of their ids.
func TestListOfUsersIsQuickWithAnyCharacters(t *testing.T) { //nolint:paralleltest // it measures time
	withoutRaces(t)
	for _, c := range slowToNormalize {
		engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
		must(t)(engine.As("ana").CreateGroup(t.Context(), authz.GroupSpec{Name: "Desk"}))
		for i := range 10 {
			var users []authz.UserID
			for j := range 1000 {
				users = append(users, authz.UserID(strings.Repeat(c, 80)+fmt.Sprintf("%d-%d", i, j)))
			}
			must(t)(engine.As("ana").Assign(t.Context(), "Desk", users...))
		}
		for _, text := range []string{"", "zz", "9"} {
			quickest(t, 400*time.Millisecond, fmt.Sprintf("a list of 10,000 users of %q with %q", c, text), func() {
				engine.View().UserPage(authz.UserQuery{Text: text, Limit: 10})
			})
		}
	}
}
