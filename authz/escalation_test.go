package authz_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
)

// The obvious ways to escalate, one by one.
func TestEscalation(t *testing.T) {
	t.Parallel()
	type try func(context.Context, *authz.Engine, authz.Admin) (authz.Change, error)
	cases := map[string]struct {
		try  try
		want error
	}{
		"grant to a group what one lacks": {func(ctx context.Context, _ *authz.Engine, a authz.Admin) (authz.Change, error) {
			return a.Grant(ctx, "Desk", "finance.operations:create")
		}, authz.ErrEscalation},
		"grant a wildcard over what one holds": {func(ctx context.Context, _ *authz.Engine, a authz.Admin) (authz.Change, error) {
			return a.Grant(ctx, "Desk", "requests.*:*")
		}, authz.ErrEscalation},
		"grant what one holds": {func(ctx context.Context, _ *authz.Engine, a authz.Admin) (authz.Change, error) {
			return a.Grant(ctx, "Finance", "requests.deposit:view")
		}, nil},
		"grant oneself": {func(ctx context.Context, _ *authz.Engine, a authz.Admin) (authz.Change, error) {
			return a.SetUserPermissions(ctx, "dave", authz.Rules{Grants: []authz.Pattern{"finance.*:*"}})
		}, authz.ErrEscalation},
		"join a stronger group": {func(ctx context.Context, _ *authz.Engine, a authz.Admin) (authz.Change, error) {
			return a.Assign(ctx, "Finance", "dave")
		}, authz.ErrEscalation},
		"put another into it": {func(ctx context.Context, _ *authz.Engine, a authz.Admin) (authz.Change, error) {
			return a.Assign(ctx, "Finance", "eve")
		}, authz.ErrEscalation},
		"inherit it": {func(ctx context.Context, _ *authz.Engine, a authz.Admin) (authz.Change, error) {
			return a.UpdateGroup(ctx, "Leads", authz.GroupPatch{Inherits: &[]authz.GroupName{"Finance"}})
		}, authz.ErrEscalation},
		"make a strong empty group": {func(ctx context.Context, _ *authz.Engine, a authz.Admin) (authz.Change, error) {
			return a.CreateGroup(ctx, authz.GroupSpec{Name: "New", Permissions: authz.Rules{Grants: []authz.Pattern{"finance.*:*"}}})
		}, authz.ErrEscalation},
		"make a strong group under a name that is taken": {func(ctx context.Context, _ *authz.Engine, a authz.Admin) (authz.Change, error) {
			return a.CreateGroup(ctx, authz.GroupSpec{Name: "desk", Permissions: authz.Rules{Grants: []authz.Pattern{"finance.*:*"}}})
		}, authz.ErrEscalation},
		"import it": {func(ctx context.Context, _ *authz.Engine, a authz.Admin) (authz.Change, error) {
			return a.Import(ctx, authz.PolicyFile{Lines: []authz.PolicyLine{{Number: 1, Fields: []string{"p", "dave", "finance", "view", "allow"}}}}, authz.ImportMerge)
		}, authz.ErrEscalation},
		"rename a group, which gives nobody anything": {func(ctx context.Context, _ *authz.Engine, a authz.Admin) (authz.Change, error) {
			return a.UpdateGroup(ctx, "Finance", authz.GroupPatch{Name: ptr(authz.GroupName("Treasury"))})
		}, nil},
		"lift a restriction on what one lacks": {func(ctx context.Context, e *authz.Engine, a authz.Admin) (authz.Change, error) {
			_, err := e.As("ana").Restrict(ctx, "Finance", "finance.balances:adjust")
			if err != nil {
				return authz.Change{}, err
			}
			return a.SetGroupPermissions(ctx, "Finance", authz.Rules{Grants: []authz.Pattern{"finance.*:*"}})
		}, authz.ErrEscalation},
		"grant what a restriction takes from oneself": {func(ctx context.Context, e *authz.Engine, a authz.Admin) (authz.Change, error) {
			_, err := e.As("ana").ChangeUserPermissions(ctx, "dave", authz.RulesDelta{Restrict: []authz.Pattern{"requests.deposit:*"}})
			if err != nil {
				return authz.Change{}, err
			}
			return a.Grant(ctx, "Finance", "requests.*:view")
		}, authz.ErrEscalation},
		"take a right of Rightful's that one lacks": {func(ctx context.Context, e *authz.Engine, a authz.Admin) (authz.Change, error) {
			_, err := e.As("ana").Grant(ctx, "Finance", "rightful.changes:view")
			if err != nil {
				return authz.Change{}, err
			}
			return a.SetGroupPermissions(ctx, "Finance", authz.Rules{Grants: []authz.Pattern{"finance.*:*"}})
		}, authz.ErrEscalation},
		"restrict such a right": {func(ctx context.Context, _ *authz.Engine, a authz.Admin) (authz.Change, error) {
			return a.Restrict(ctx, "Finance", "rightful.changes:view")
		}, authz.ErrEscalation},
		"restrict everything, such rights included": {func(ctx context.Context, _ *authz.Engine, a authz.Admin) (authz.Change, error) {
			return a.Restrict(ctx, "Finance", "*:*")
		}, authz.ErrEscalation},
		"take what one lacks, which is no gift": {func(ctx context.Context, _ *authz.Engine, a authz.Admin) (authz.Change, error) {
			return a.SetGroupPermissions(ctx, "Finance", authz.Rules{})
		}, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engine := office(t)
			if _, err := c.try(t.Context(), engine, engine.As("dave")); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// The right to assign members is enough to assign other users, and for nothing else.
func TestDelegation(t *testing.T) {
	t.Parallel()
	engine := office(t)
	ctx, ana, lead := t.Context(), engine.As("ana"), engine.As("lena")
	must(t)(ana.ChangeUserPermissions(ctx, "lena", authz.RulesDelta{Grant: []authz.Pattern{
		"rightful.groups:view", "rightful.users:view", "rightful.members/Finance:assign", "rightful.members/Leads:assign", "rightful.members/Administrators:assign",
	}}))
	must(t)(lead.Assign(ctx, "Finance", "eve"))
	if !engine.Can("eve", "finance.balances:adjust") || engine.Can("lena", "finance.balances:adjust") {
		t.Error("eve should hold what Finance gives, lena shouldn't")
	}
	must(t)(lead.Unassign(ctx, "Finance", "eve"))
	refused := map[string]error{}
	_, refused["herself"] = lead.Assign(ctx, "Finance", "lena")
	_, refused["a group without the right"] = lead.Assign(ctx, "Desk", "eve")
	_, refused["a group that reaches Rightful's own rights"] = lead.Assign(ctx, "Leads", "eve")
	_, refused["Administrators"] = lead.Assign(ctx, authz.Administrators, "eve")
	_, refused["a group that doesn't exist"] = lead.Assign(ctx, "Nowhere", "eve")
	for what, err := range refused {
		if !errors.Is(err, authz.ErrForbidden) {
			t.Errorf("%s: got %v, want forbidden", what, err)
		}
	}
	must(t)(ana.UpdateGroup(ctx, "Finance", authz.GroupPatch{Name: ptr(authz.GroupName("Treasury Inc."))}))
	must(t)(lead.Assign(ctx, "Treasury Inc.", "eve"))
	must(t)(ana.DeleteGroup(ctx, "Treasury Inc.", true))
	for _, p := range engine.View().User("lena").Permissions.Grants {
		if p == "rightful.members/Treasury Inc.:assign" || p == "rightful.members/Finance:assign" {
			t.Errorf("%q outlived its group", p)
		}
	}
}

// A delegate can't join a group by the right to assign its members, even with the right to
// change users.
func TestDelegationExcludesOneself(t *testing.T) {
	t.Parallel()
	engine := office(t)
	ctx := t.Context()
	must(t)(engine.As("ana").ChangeUserPermissions(ctx, "dave", authz.RulesDelta{Grant: []authz.Pattern{"rightful.members/Finance:assign"}}))
	if _, err := engine.As("dave").Assign(ctx, "Finance", "dave"); !errors.Is(err, authz.ErrEscalation) {
		t.Errorf("dave put himself into Finance: %v", err)
	}
	must(t)(engine.As("dave").SetUserGroups(ctx, "eve", []authz.GroupName{"Finance"}))
}

// Creating a group doesn't confer a right to assign that named the group before it existed.
func TestRightToAssignForAMissingGroupGivesNothing(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	store.InsertRows(authz.Row{Type: "p", V: [6]string{"dave", "rightful.members/Future", "assign", "allow"}})
	engine := open(t, store, authz.Options{Bootstrap: "ana", Adopt: adopting})
	ctx := t.Context()
	must(t)(engine.As("ana").ChangeUserPermissions(ctx, "eve", authz.RulesDelta{Grant: []authz.Pattern{"rightful.groups:*"}}))
	if _, err := engine.As("eve").CreateGroup(ctx, authz.GroupSpec{Name: "Future"}); !errors.Is(err, authz.ErrEscalation) {
		t.Errorf("eve gave dave a right that she lacks: %v", err)
	}
	if _, err := engine.As("ana").Grant(ctx, authz.Administrators, "rightful.members/Nowhere:assign"); err == nil {
		t.Error("granted")
	}
}

// Adding a user to a group is no escalation if a bad row denies them everything.
func TestAssigningAUserDeniedByABadRow(t *testing.T) {
	t.Parallel()
	engine := openWithRows(t, row("p", "gita", "a", "view", "perhaps"))
	ctx := t.Context()
	must(t)(engine.As("ana").CreateGroup(ctx, authz.GroupSpec{Name: "Empty"}))
	must(t)(engine.As("ana").ChangeUserPermissions(ctx, "lena", authz.RulesDelta{Grant: []authz.Pattern{
		"rightful.groups:view", "rightful.users:view", "rightful.members/Empty:assign",
	}}))
	must(t)(engine.As("lena").Assign(ctx, "Empty", "gita"))
}

// What a group that stays gives a user anyway is not required of the actor, if it gives it for as long.
func TestWhatStayingGroupsGiveIsNotRequired(t *testing.T) {
	t.Parallel()
	engine := office(t)
	ctx, ana := t.Context(), engine.As("ana")
	soon, later := time.Now().Add(time.Hour), time.Now().Add(2*time.Hour)
	for _, name := range []authz.GroupName{"Also finance", "More finance"} {
		must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: name, Permissions: authz.Rules{Grants: []authz.Pattern{"finance.*:*"}}}))
	}
	must(t)(ana.Assign(ctx, "Finance", "fay"))
	must(t)(ana.Until(soon).Assign(ctx, "Finance", "tim"))
	must(t)(ana.Until(soon).Assign(ctx, "More finance", "tia"))
	dave := engine.As("dave")
	for _, c := range []struct {
		what  string
		admin authz.Admin
		group authz.GroupName
		user  authz.UserID
		want  error
	}{
		{"held for good", dave, "Also finance", "fay", nil},
		{"not held", dave, "Also finance", "eve", authz.ErrEscalation},
		{"held for less long than for good", dave, "Also finance", "tim", authz.ErrEscalation},
		{"held for less long", dave.Until(later), "Also finance", "tim", authz.ErrEscalation},
		{"held for as long", dave.Until(soon), "Also finance", "tim", nil},
		{"the same membership for longer", dave.Until(later), "More finance", "tia", authz.ErrEscalation},
		{"the same membership for good", dave.Until(time.Time{}), "More finance", "tia", authz.ErrEscalation},
	} {
		if _, err := c.admin.DryRun().Assign(ctx, c.group, c.user); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	// Several users who move alike, and differ in what stays.
	if _, err := dave.DryRun().Assign(ctx, "Also finance", "fay", "eve"); !errors.Is(err, authz.ErrEscalation) {
		t.Errorf("two users, one of them without it: %v", err)
	}
	must(t)(ana.Assign(ctx, "More finance", "eve"))
	must(t)(dave.DryRun().Assign(ctx, "Also finance", "fay", "eve"))
}

// manyUsers returns an engine with 3,000 users who have rules of their own, and are in other groups than nearly all
// others; a group Giver of ten thousand rules; dave, who holds them all, and lena, who may assign its members.
func manyUsers(t *testing.T) (*authz.Engine, []authz.UserID) {
	t.Helper()
	// Comparing each user would take more than a minute; the race detector makes what is done now take seconds.
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana", WriteTimeout: 30 * time.Second})
	ctx, ana := t.Context(), engine.As("ana")
	const groups = 500
	var file authz.PolicyFile
	add := func(fields ...string) {
		file.Lines = append(file.Lines, authz.PolicyLine{Number: len(file.Lines) + 1, Fields: fields})
	}
	for i := range 10_000 {
		object := fmt.Sprintf("%s.%07d", strings.Repeat("x", 80), i)
		add("p", "group:Giver", object, "view", "allow")
		add("p", "group:Mine", object, "view", "allow")
		add("p", fmt.Sprint("group:", i%groups), object, "view", []string{"allow", "deny"}[i%2])
	}
	users := make([]authz.UserID, 3000)
	for i := range users {
		users[i] = authz.UserID(fmt.Sprint("u", i))
		add("p", string(users[i]), "a", "b", "allow")
		add("p", string(users[i]), fmt.Sprintf("%s.%07d", strings.Repeat("x", 80), i), "*", "deny")
		add("p", string(users[i]), fmt.Sprintf("%s.%07d", strings.Repeat("x", 80), 2*i), "view", "allow")
		add("g", string(users[i]), fmt.Sprint("group:", i%groups))
		add("g", string(users[i]), fmt.Sprint("group:", (i+1+i/groups)%groups))
	}
	must(t)(ana.Import(ctx, file, authz.ImportMerge))
	must(t)(ana.Grant(ctx, "Mine", "rightful.groups:*", "rightful.users:*", "a:b"))
	must(t)(ana.Assign(ctx, "Mine", "dave"))
	must(t)(ana.ChangeUserPermissions(ctx, "lena", authz.RulesDelta{Grant: []authz.Pattern{
		authz.Pattern(authz.ViewGroups), authz.Pattern(authz.ViewUsers), authz.Pattern(authz.AssignMembers("Giver")),
	}}))
	return engine, users
}

// An escalation has the first hundred missing permissions and the number of all.
func TestEscalationListsSomeAndCountsAll(t *testing.T) {
	t.Parallel()
	engine := office(t)
	var grants []authz.Pattern
	for i := range 150 {
		grants = append(grants, authz.Pattern(fmt.Sprintf("x.r%03d:view", 149-i)))
	}
	must(t)(engine.AsCommand("test").CreateGroup(t.Context(), authz.GroupSpec{Name: "Big", Permissions: authz.Rules{Grants: grants}}))
	_, err := engine.As("dave").Assign(t.Context(), "Big", "ben")
	var refused *authz.Error
	if !errors.Is(err, authz.ErrEscalation) || !errors.As(err, &refused) {
		t.Fatal(err)
	}
	if n := len(refused.Missing); n != 100 || refused.Missing[0] != "x.r000:view" || refused.Missing[99] != "x.r099:view" || refused.Count != 150 {
		t.Errorf("%d of %d are listed: %q", n, refused.Count, refused.Missing)
	}
	if want := "x.r003:view, x.r004:view and 145 more."; !strings.HasSuffix(err.Error(), want) {
		t.Errorf("the text is %q", err)
	}
}

// Putting thousands of users with rules and groups of their own into a group of ten thousand rules compares the rules of
// the group once, not once for each user: that took longer than a write may take.
func TestAssigningManyUsersComparesTheGroupOnce(t *testing.T) {
	withoutRaces(t)
	t.Parallel()
	engine, users := manyUsers(t)
	ctx, ana := t.Context(), engine.As("ana")
	for _, actor := range []authz.UserID{"lena", "dave"} {
		must(t)(engine.As(actor).Assign(ctx, "Giver", users...))
		must(t)(engine.As(actor).Unassign(ctx, "Giver", users...))
	}
	must(t)(ana.Grant(ctx, "Giver", "c:d"))
	if _, err := engine.As("dave").Assign(ctx, "Giver", "u0", "new"); !errors.Is(err, authz.ErrEscalation) {
		t.Errorf("what the actor doesn't hold: %v", err)
	}
	if _, err := engine.As("dave").Assign(ctx, "Giver", users...); !errors.Is(err, authz.ErrEscalation) {
		t.Errorf("what the actor doesn't hold, to many: %v", err)
	}
}
