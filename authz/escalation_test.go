package authz_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

// Nobody gives what they don't hold (promise 3), by any operation and any two after one
// another. The oracle looks at decisions alone: whoever can do something after a change and
// couldn't before has it from an actor who could, from an administrator, or over a membership
// that the actor may assign.
func TestRandomDelegatesNeverEscalate(t *testing.T) {
	t.Parallel()
	accepted := 0
	for _, seed := range seeds(t, 12) {
		n, err := runDelegates(t, seed, 250)
		if err != nil {
			t.Fatalf("RIGHTFUL_SEED=%d: %v", seed, err)
		}
		accepted += n
	}
	if accepted < 100 {
		t.Errorf("only %d changes by delegates were accepted; the test sees too little", accepted)
	}
}

func runDelegates(t *testing.T, seed uint64, steps int) (accepted int, err error) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 2))
	w := newWorld()
	engine := open(t, authz.NewMemoryStore(), authz.Options{Bootstrap: "root"})
	w.rules[authz.Rule{Kind: authz.KindMember, Holder: "root", Group: authz.Administrators}] = true
	for i := range steps {
		s := randomStep(r, w)
		actor := pick(r, someUsers)
		acting := engine.As(actor)
		trusted := r.IntN(3) == 0
		if trusted {
			acting = engine.AsCommand("test")
		} else if r.IntN(4) == 0 {
			equip(t, engine, w, actor, r)
		}
		before := w.clone()
		change, err := s.engine(t.Context(), acting)
		if err != nil {
			continue
		}
		s.world(w)
		if trusted || before.holders(actor)["group:Administrators"] {
			continue
		}
		accepted++
		if err := gained(before, w, actor, change); err != nil {
			return accepted, fmt.Errorf("step %d, %q: %s: %w", i, actor, s.name, err)
		}
	}
	return accepted, nil
}

// equip gives a user some of the rights that delegates have.
func equip(t *testing.T, engine *authz.Engine, w *world, user authz.UserID, r *rand.Rand) {
	t.Helper()
	grants := append(w.randomPatterns(r, 3), "rightful.groups:*", "rightful.users:view")
	if r.IntN(2) == 0 {
		grants = append(grants, "rightful.users:*", "rightful.policy:*")
	}
	delta := authz.RulesDelta{Grant: grants}
	must(t)(engine.AsCommand("test").ChangeUserPermissions(t.Context(), user, delta))
	w.change(user.Holder(), delta)
}

func gained(before, after *world, actor authz.UserID, c authz.Change) error {
	renamed := map[authz.Permission]authz.Permission{} // a right that follows its group's name is no gain
	for _, g := range c.Delta.Groups {
		if g.Before != nil && g.After != nil {
			renamed[authz.AssignMembers(g.After.Name)] = authz.AssignMembers(g.Before.Name)
		}
	}
	for _, u := range someMembers {
		was, is := before.holders(u), after.holders(u)
		for _, p := range somePermissions() {
			if g, ok := assignedGroup(p); ok && !after.groups[g] {
				continue // a right over a group that isn't there
			}
			if !after.canWith(is, u, p) || before.canWith(was, u, p) || before.can(actor, p) {
				continue
			}
			if old, ok := renamed[p]; ok && before.canWith(was, u, old) {
				continue
			}
			if u != actor && delegated(before, actor, u, c) {
				continue
			}
			return fmt.Errorf("%q gained %q, which the actor didn't hold", u, p)
		}
	}
	return nil
}

func assignedGroup(p authz.Permission) (authz.GroupName, bool) {
	name, ok := strings.CutPrefix(string(p), "rightful.members/")
	name, isAssign := strings.CutSuffix(name, ":assign")
	return authz.GroupName(name), ok && isAssign
}

// delegated reports whether the actor may move the user as the change does.
func delegated(before *world, actor, user authz.UserID, c authz.Change) bool {
	for _, r := range slices.Concat(c.Delta.Added, c.Delta.Removed) {
		if r.Kind == authz.KindMember && r.Holder == user.Holder() && before.can(actor, authz.AssignMembers(r.Group)) {
			return true
		}
	}
	return false
}

// The ways in that people try first, one by one.
func TestEscalation(t *testing.T) {
	t.Parallel()
	type try func(context.Context, *authz.Engine, authz.Acting) (authz.Change, error)
	cases := map[string]struct {
		try  try
		want error
	}{
		"grant to a group what one lacks": {func(ctx context.Context, _ *authz.Engine, a authz.Acting) (authz.Change, error) {
			return a.Grant(ctx, "Desk", "finance.operations:create")
		}, authz.ErrEscalation},
		"grant a wildcard over what one holds": {func(ctx context.Context, _ *authz.Engine, a authz.Acting) (authz.Change, error) {
			return a.Grant(ctx, "Desk", "requests.*:*")
		}, authz.ErrEscalation},
		"grant what one holds": {func(ctx context.Context, _ *authz.Engine, a authz.Acting) (authz.Change, error) {
			return a.Grant(ctx, "Finance", "requests.deposit:view")
		}, nil},
		"grant oneself": {func(ctx context.Context, _ *authz.Engine, a authz.Acting) (authz.Change, error) {
			return a.SetUserPermissions(ctx, "dave", authz.Rules{Grants: []authz.Pattern{"finance.*:*"}})
		}, authz.ErrEscalation},
		"join a stronger group": {func(ctx context.Context, _ *authz.Engine, a authz.Acting) (authz.Change, error) {
			return a.Assign(ctx, "Finance", "dave")
		}, authz.ErrEscalation},
		"put another into it": {func(ctx context.Context, _ *authz.Engine, a authz.Acting) (authz.Change, error) {
			return a.Assign(ctx, "Finance", "eve")
		}, authz.ErrEscalation},
		"inherit it": {func(ctx context.Context, _ *authz.Engine, a authz.Acting) (authz.Change, error) {
			return a.UpdateGroup(ctx, "Leads", authz.GroupPatch{Inherits: &[]authz.GroupName{"Finance"}})
		}, authz.ErrEscalation},
		"make a strong empty group": {func(ctx context.Context, _ *authz.Engine, a authz.Acting) (authz.Change, error) {
			return a.CreateGroup(ctx, authz.GroupSpec{Name: "New", Permissions: authz.Rules{Grants: []authz.Pattern{"finance.*:*"}}})
		}, authz.ErrEscalation},
		"make a strong group under a name that is taken": {func(ctx context.Context, _ *authz.Engine, a authz.Acting) (authz.Change, error) {
			return a.CreateGroup(ctx, authz.GroupSpec{Name: "desk", Permissions: authz.Rules{Grants: []authz.Pattern{"finance.*:*"}}})
		}, authz.ErrEscalation},
		"import it": {func(ctx context.Context, _ *authz.Engine, a authz.Acting) (authz.Change, error) {
			return a.Import(ctx, authz.PolicyFile{Lines: []authz.PolicyLine{{Number: 1, Fields: []string{"p", "dave", "finance", "view", "allow"}}}}, authz.ImportMerge)
		}, authz.ErrEscalation},
		"rename a group, which gives nobody anything": {func(ctx context.Context, _ *authz.Engine, a authz.Acting) (authz.Change, error) {
			return a.UpdateGroup(ctx, "Finance", authz.GroupPatch{Name: ptr(authz.GroupName("Treasury"))})
		}, nil},
		"lift a restriction on what one lacks": {func(ctx context.Context, e *authz.Engine, a authz.Acting) (authz.Change, error) {
			_, err := e.As("ana").Restrict(ctx, "Finance", "finance.balances:adjust")
			if err != nil {
				return authz.Change{}, err
			}
			return a.SetGroupPermissions(ctx, "Finance", authz.Rules{Grants: []authz.Pattern{"finance.*:*"}})
		}, authz.ErrEscalation},
		"grant what a restriction takes from oneself": {func(ctx context.Context, e *authz.Engine, a authz.Acting) (authz.Change, error) {
			_, err := e.As("ana").ChangeUserPermissions(ctx, "dave", authz.RulesDelta{Restrict: []authz.Pattern{"requests.deposit:*"}})
			if err != nil {
				return authz.Change{}, err
			}
			return a.Grant(ctx, "Finance", "requests.*:view")
		}, authz.ErrEscalation},
		"take a right of Rightful's that one lacks": {func(ctx context.Context, e *authz.Engine, a authz.Acting) (authz.Change, error) {
			_, err := e.As("ana").Grant(ctx, "Finance", "rightful.changes:view")
			if err != nil {
				return authz.Change{}, err
			}
			return a.SetGroupPermissions(ctx, "Finance", authz.Rules{Grants: []authz.Pattern{"finance.*:*"}})
		}, authz.ErrEscalation},
		"restrict such a right": {func(ctx context.Context, _ *authz.Engine, a authz.Acting) (authz.Change, error) {
			return a.Restrict(ctx, "Finance", "rightful.changes:view")
		}, authz.ErrEscalation},
		"restrict everything, such rights included": {func(ctx context.Context, _ *authz.Engine, a authz.Acting) (authz.Change, error) {
			return a.Restrict(ctx, "Finance", "*:*")
		}, authz.ErrEscalation},
		"take what one lacks, which is no gift": {func(ctx context.Context, _ *authz.Engine, a authz.Acting) (authz.Change, error) {
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

// Delegation: the right to assign members is enough for others, and for nothing else.
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

// Delegation is for others: whoever may change users as well doesn't get in by it.
func TestDelegationIsForOthers(t *testing.T) {
	t.Parallel()
	engine := office(t)
	ctx := t.Context()
	must(t)(engine.As("ana").ChangeUserPermissions(ctx, "dave", authz.RulesDelta{Grant: []authz.Pattern{"rightful.members/Finance:assign"}}))
	if _, err := engine.As("dave").Assign(ctx, "Finance", "dave"); !errors.Is(err, authz.ErrEscalation) {
		t.Errorf("dave put himself into Finance: %v", err)
	}
	must(t)(engine.As("dave").SetUserGroups(ctx, "eve", []authz.GroupName{"Finance"}))
}

// A right to assign that waits for its group is not had by making the group.
func TestRightToAssignThatNamesNoGroupGivesNothing(t *testing.T) {
	t.Parallel()
	store := authz.NewMemoryStore()
	store.InsertRows(authz.Row{Type: "p", V: [6]string{"dave", "rightful.members/Future", "assign", "allow"}})
	engine := open(t, store, authz.Options{Bootstrap: "ana"})
	ctx := t.Context()
	must(t)(engine.As("ana").ChangeUserPermissions(ctx, "eve", authz.RulesDelta{Grant: []authz.Pattern{"rightful.groups:*"}}))
	if _, err := engine.As("eve").CreateGroup(ctx, authz.GroupSpec{Name: "Future"}); !errors.Is(err, authz.ErrEscalation) {
		t.Errorf("eve gave dave a right that she lacks: %v", err)
	}
	if _, err := engine.As("ana").Grant(ctx, authz.Administrators, "rightful.members/Nowhere:assign"); err == nil {
		t.Error("granted")
	}
}
