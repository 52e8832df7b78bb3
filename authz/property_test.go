package authz_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// step is one random operation, as a change of the model and as a call of the engine. expect is
// nil where the operation must succeed.
type step struct {
	name   string
	expect error
	model  func(*referenceModel)
	engine func(context.Context, authz.Admin) (authz.Change, error)
	// operation is the same as a part of a batch; without an action if it can't be one.
	operation authz.Operation
}

// randomStep draws an operation for an administrator.
func randomStep(r *rand.Rand, w *referenceModel) step {
	draws := []func(*rand.Rand, *referenceModel) step{
		createStep, deleteStep, renameStep, inheritStep, grantStep, grantStep, setRulesStep,
		moveStep, moveStep, moveStep, userGroupsStep, userRulesStep, userRulesStep, deleteUserStep,
		importStep,
	}
	return pick(r, draws)(r, w)
}

func createStep(r *rand.Rand, w *referenceModel) step {
	name := pick(r, someGroups)
	grants, restrictions := w.randomPatterns(r, 2), w.randomPatterns(r, 1)
	s := step{name: fmt.Sprintf("create %q", name)}
	if w.groups[name] {
		s.expect = authz.ErrGroupExists
	}
	s.model = func(w *referenceModel) {
		w.groups[name] = true
		w.set(name.Subject(), grants, restrictions)
	}
	s.operation = authz.Operation{Action: authz.ActionGroupCreate, Group: name, Permissions: authz.Rules{Grants: grants, Restrictions: restrictions}}
	s.engine = func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.CreateGroup(ctx, authz.GroupSpec{Name: name, Permissions: authz.Rules{Grants: grants, Restrictions: restrictions}})
	}
	return s
}

func deleteStep(r *rand.Rand, w *referenceModel) step {
	name, release := pick(r, someGroups), r.IntN(2) == 0
	s := step{name: fmt.Sprintf("delete %q", name), model: func(w *referenceModel) { w.remove(name) }}
	inherited := false
	for rule := range w.rules {
		inherited = inherited || rule.Kind == authz.KindInherit && rule.Group == name
	}
	switch {
	case !w.groups[name]:
		s.expect = authz.ErrNotFound
	case inherited:
		s.expect = authz.ErrGroupInherited
	case len(w.members(name)) > 0 && !release:
		s.expect = authz.ErrGroupHasMembers
	}
	s.operation = authz.Operation{Action: authz.ActionGroupDelete, Group: name, Release: release}
	s.engine = func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.DeleteGroup(ctx, name, release)
	}
	return s
}

func renameStep(r *rand.Rand, w *referenceModel) step {
	from, to := pick(r, someGroups), pick(r, someGroups)
	s := step{name: fmt.Sprintf("rename %q to %q", from, to), model: func(w *referenceModel) { w.rename(from, to) }}
	switch {
	case !w.groups[from]:
		s.expect = authz.ErrNotFound
	case from != to && w.groups[to]:
		s.expect = authz.ErrGroupExists
	}
	s.operation = authz.Operation{Action: authz.ActionGroupUpdate, Group: from, Patch: authz.GroupPatch{Name: &to}}
	s.engine = func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.UpdateGroup(ctx, from, authz.GroupPatch{Name: &to})
	}
	return s
}

func inheritStep(r *rand.Rand, w *referenceModel) step {
	heir := pick(r, someGroups)
	var list []authz.GroupName
	for range r.IntN(3) {
		list = append(list, pick(r, someGroups))
	}
	s := step{name: fmt.Sprintf("%q inherits %q", heir, list)}
	s.model = func(w *referenceModel) { w.setInherits(heir, list) }
	switch {
	case !w.groups[heir]:
		s.expect = authz.ErrNotFound
	case slices.ContainsFunc(list, func(g authz.GroupName) bool { return !w.groups[g] }):
		s.expect = authz.ErrInvalid
	default:
		after := w.clone()
		after.setInherits(heir, list)
		if slices.ContainsFunc(list, func(g authz.GroupName) bool { return g == heir || after.reachesGroup(g, heir) }) {
			s.expect = authz.ErrInheritanceCycle
		}
	}
	s.operation = authz.Operation{Action: authz.ActionGroupUpdate, Group: heir, Patch: authz.GroupPatch{Inherits: &list}}
	s.engine = func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.UpdateGroup(ctx, heir, authz.GroupPatch{Inherits: &list})
	}
	return s
}

func grantStep(r *rand.Rand, w *referenceModel) step {
	name := pick(r, someGroups)
	delta := authz.RulesDelta{Grant: w.randomPatterns(r, 2), Restrict: w.randomPatterns(r, 1)}
	for rule := range w.rules {
		if rule.Subject == name.Subject() && r.IntN(3) == 0 {
			if rule.Kind == authz.KindGrant && !slices.Contains(delta.Grant, rule.Pattern) {
				delta.Revoke = append(delta.Revoke, rule.Pattern)
			}
			if rule.Kind == authz.KindRestriction && !slices.Contains(delta.Restrict, rule.Pattern) {
				delta.Lift = append(delta.Lift, rule.Pattern)
			}
		}
	}
	s := step{name: fmt.Sprintf("change the rules of %q by %v", name, delta)}
	s.model = func(w *referenceModel) { w.change(name.Subject(), delta) }
	if !w.groups[name] {
		s.expect = authz.ErrNotFound
	}
	s.operation = authz.Operation{Action: authz.ActionGroupPermissionsChange, Group: name, Rules: delta}
	s.engine = func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.ChangeGroupPermissions(ctx, name, delta)
	}
	return s
}

func setRulesStep(r *rand.Rand, w *referenceModel) step {
	name := pick(r, someGroups)
	rules := authz.Rules{Grants: w.randomPatterns(r, 3), Restrictions: w.randomPatterns(r, 1)}
	s := step{name: fmt.Sprintf("set the rules of %q to %v", name, rules)}
	s.model = func(w *referenceModel) { w.set(name.Subject(), rules.Grants, rules.Restrictions) }
	if !w.groups[name] {
		s.expect = authz.ErrNotFound
	}
	s.operation = authz.Operation{Action: authz.ActionGroupPermissionsSet, Group: name, Permissions: rules}
	s.engine = func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.SetGroupPermissions(ctx, name, rules)
	}
	return s
}

func moveStep(r *rand.Rand, w *referenceModel) step {
	name, user, in := w.someGroup(r), pick(r, someMembers), r.IntN(3) > 0
	rule := authz.Rule{Kind: authz.KindMember, Subject: authz.Subject(user), Group: name}
	s := step{name: fmt.Sprintf("%q in %q: %v", user, name, in)}
	s.model = func(w *referenceModel) {
		if in {
			w.rules[rule] = true
		} else {
			delete(w.rules, rule)
		}
	}
	if !in && name == authz.Administrators && w.rules[rule] && len(w.members(name)) == 1 {
		s.expect = authz.ErrLastAdministrator
	}
	s.operation = authz.Operation{Action: authz.ActionGroupMembersChange, Group: name, Remove: []authz.UserID{user}}
	if in {
		s.operation.Add, s.operation.Remove = s.operation.Remove, nil
	}
	s.engine = func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		if in {
			return a.Assign(ctx, name, user)
		}
		return a.Unassign(ctx, name, user)
	}
	return s
}

func userGroupsStep(r *rand.Rand, w *referenceModel) step {
	user := pick(r, someUsers)
	var list []authz.GroupName
	for range r.IntN(3) {
		list = append(list, pick(r, someGroups))
	}
	s := step{name: fmt.Sprintf("the groups of %q are %q", user, list)}
	s.model = func(w *referenceModel) {
		for rule := range w.rules {
			if rule.Kind == authz.KindMember && rule.Subject == authz.Subject(user) {
				delete(w.rules, rule)
			}
		}
		for _, g := range list {
			w.rules[authz.Rule{Kind: authz.KindMember, Subject: authz.Subject(user), Group: g}] = true
		}
	}
	switch {
	case slices.ContainsFunc(list, func(g authz.GroupName) bool { return !w.groups[g] }):
		s.expect = authz.ErrInvalid
	case w.isLastAdministrator(user):
		s.expect = authz.ErrLastAdministrator
	}
	s.operation = authz.Operation{Action: authz.ActionUserGroupsSet, User: user}
	for _, g := range list {
		s.operation.Memberships = append(s.operation.Memberships, authz.Membership{Group: g})
	}
	s.engine = func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.SetUserGroups(ctx, user, list)
	}
	return s
}

func userRulesStep(r *rand.Rand, w *referenceModel) step {
	user := pick(r, someMembers)
	rules := authz.Rules{Grants: w.randomPatterns(r, 2), Restrictions: w.randomPatterns(r, 1)}
	return step{
		name:  fmt.Sprintf("set the rules of user %q to %v", user, rules),
		model: func(w *referenceModel) { w.set(authz.Subject(user), rules.Grants, rules.Restrictions) },
		engine: func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.SetUserPermissions(ctx, user, rules)
		},
		operation: authz.Operation{Action: authz.ActionUserPermissionsSet, User: user, Permissions: rules},
	}
}

func deleteUserStep(r *rand.Rand, w *referenceModel) step {
	user := pick(r, someUsers)
	s := step{name: fmt.Sprintf("delete user %q", user)}
	s.model = func(w *referenceModel) {
		for rule := range w.rules {
			if rule.Subject == authz.Subject(user) {
				delete(w.rules, rule)
			}
		}
	}
	if w.isLastAdministrator(user) {
		s.expect = authz.ErrLastAdministrator
	}
	s.operation = authz.Operation{Action: authz.ActionUserDelete, User: user}
	s.engine = func(ctx context.Context, a authz.Admin) (authz.Change, error) { return a.DeleteUser(ctx, user) }
	return s
}

func importStep(r *rand.Rand, w *referenceModel) step {
	name, user, pattern := pick(r, someGroups), pick(r, someUsers), w.randomPattern(r)
	object, action, _ := authz.Permission(pattern).Split()
	mode := authz.ImportMerge
	if r.IntN(4) == 0 {
		mode = authz.ImportReplace
	}
	file := authz.PolicyFile{Lines: []authz.PolicyLine{
		{Number: 1, Fields: []string{"p", "group:" + string(name), object, action, "allow"}},
		{Number: 2, Fields: []string{"g", string(user), "group:" + string(name)}},
	}}
	s := step{name: fmt.Sprintf("import %s %v", mode, file.Lines)}
	s.model = func(w *referenceModel) {
		if mode == authz.ImportReplace {
			for rule := range w.rules {
				if rule.Group != authz.Administrators && rule.Subject != "group:Administrators" {
					delete(w.rules, rule)
				}
			}
		}
		if mode == authz.ImportReplace {
			delete(w.ends, authz.Rule{Kind: authz.KindMember, Subject: authz.Subject(user), Group: name})
		}
		w.groups[name] = true
		w.rules[authz.Rule{Kind: authz.KindGrant, Subject: name.Subject(), Pattern: pattern}] = true
		w.rules[authz.Rule{Kind: authz.KindMember, Subject: authz.Subject(user), Group: name}] = true
	}
	s.engine = func(ctx context.Context, a authz.Admin) (authz.Change, error) { return a.Import(ctx, file, mode) }
	return s
}

// answers are the four ways to ask the engine; each must agree with the model. They are fields
// so that a test can plant a bug in one of them and check that it is found.
type answers struct {
	can           func(*authz.View, authz.UserID, authz.Permission) bool
	explain       func(*authz.View, authz.UserID, authz.Permission) bool
	permissionsOf func(*authz.View, authz.UserID) map[authz.Permission]bool
	enforce       func(authz.Enforcer, authz.UserID, string, string) (bool, error)

	early time.Duration // how much too early the model lets memberships end
}

func engineAnswers() answers {
	return answers{
		can: func(v *authz.View, u authz.UserID, p authz.Permission) bool { return v.Can(u, p) },
		explain: func(v *authz.View, u authz.UserID, p authz.Permission) bool {
			x := v.Explain(u, p)
			if x.Allowed != (len(x.Missing()) == 0) {
				panic("Allowed and Missing disagree")
			}
			return x.Allowed
		},
		permissionsOf: func(v *authz.View, u authz.UserID) map[authz.Permission]bool {
			held := map[authz.Permission]bool{}
			for _, p := range v.PermissionsOf(u) {
				held[p] = true
			}
			return held
		},
		enforce: func(e authz.Enforcer, u authz.UserID, object, action string) (bool, error) {
			return e(u, object, action)
		},
	}
}

// differences compares every answer of the engine with the model.
func (a answers) differences(v *authz.View, w *referenceModel) error {
	enforcer, err := v.Enforcer()
	if err != nil {
		return err
	}
	for _, u := range append([]authz.UserID{"", "group:Desk", "nobody", "root"}, someUsers...) {
		held, reached := a.permissionsOf(v, u), w.subjects(u)
		for _, p := range somePermissions() {
			want := w.canWith(reached, u, p)
			if got := a.can(v, u, p); got != want {
				return fmt.Errorf("Can(%q, %q) = %v, the model says %v", u, p, got, want)
			}
			if got := a.explain(v, u, p); got != want {
				return fmt.Errorf("Explain(%q, %q) = %v, the model says %v", u, p, got, want)
			}
			if held[p] && !want || want && w.listed(v, u, p) && !held[p] {
				return fmt.Errorf("PermissionsOf(%q) has %q: %v, the model says %v", u, p, held[p], want)
			}
			object, action, ok := p.Split()
			if !ok || u == "" || u == "group:Desk" { // where Can answers unasked
				continue
			}
			if got, err := a.enforce(enforcer, u, object, action); err != nil || got != want {
				return fmt.Errorf("Enforce(%q, %q) = %v, %v, the model says %v", u, p, got, err, want)
			}
		}
	}
	return nil
}

// runHistory carries out a random history and returns the first difference.
func runHistory(t *testing.T, seed uint64, steps int, ask answers) error {
	t.Helper()
	ctx := t.Context()
	r := rand.New(rand.NewPCG(seed, 1))
	w := newReferenceModel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "root"})
	w.rules[authz.Rule{Kind: authz.KindMember, Subject: "root", Group: authz.Administrators}] = true
	for i := range steps {
		s := randomStep(r, w)
		revision := engine.View().Revision()
		_, err := s.engine(ctx, engine.AsCommand("test"))
		if !errors.Is(err, s.expect) {
			return fmt.Errorf("step %d, %s: %v, expected %v", i, s.name, err, s.expect)
		}
		if err == nil {
			s.model(w)
		} else if engine.View().Revision() != revision {
			return fmt.Errorf("step %d, %s: failed and made revision %d", i, s.name, engine.View().Revision())
		}
		if err := ask.differences(engine.View(), w); err != nil {
			return fmt.Errorf("step %d, %s: %w", i, s.name, err)
		}
	}
	if _, err := engine.AuditRecords(ctx); err != nil {
		return fmt.Errorf("after %d steps: %w", steps, err)
	}
	return nil
}

// Every way to ask gives the answer of the model after any sequence of operations.
func TestRandomHistoriesAgree(t *testing.T) {
	t.Parallel()
	for _, seed := range seeds(t, 8) {
		if err := runHistory(t, seed, 80, engineAnswers()); err != nil {
			t.Fatalf("RIGHTFUL_SEED=%d: %v", seed, err)
		}
	}
}

// The test above finds a bug in any of the four ways to ask; each planted bug is a mistake that
// real permission engines have made.
func TestRandomHistoriesFindPlantedBugs(t *testing.T) {
	t.Parallel()
	restrictedFor := func(v *authz.View, u authz.UserID, p authz.Permission) bool {
		return slices.ContainsFunc(v.Explain(u, p).Permissions[0].Origins, func(b authz.Origin) bool {
			return b.Rule == authz.KindRestriction
		})
	}
	planted := map[string]func(*answers){
		"Can forgets that restrictions don't touch administrators": func(a *answers) {
			a.can = func(v *authz.View, u authz.UserID, p authz.Permission) bool {
				return v.Can(u, p) && (u != "root" || !restrictedFor(v, u, p))
			}
		},
		"Explain takes a restriction for a grant": func(a *answers) {
			a.explain = func(v *authz.View, u authz.UserID, p authz.Permission) bool {
				return v.Explain(u, p).Allowed || restrictedFor(v, u, p)
			}
		},
		"PermissionsOf forgets what a user's own rule grants": func(a *answers) {
			all := a.permissionsOf
			a.permissionsOf = func(v *authz.View, u authz.UserID) map[authz.Permission]bool {
				held := all(v, u)
				for _, p := range v.User(u).Permissions.Grants {
					delete(held, authz.Permission(p))
				}
				return held
			}
		},
		"Enforce matches an object by its prefix": func(a *answers) {
			asked := a.enforce
			a.enforce = func(e authz.Enforcer, u authz.UserID, object, action string) (bool, error) {
				if object == "ab" {
					object = "a"
				}
				return asked(e, u, object, action)
			}
		},
	}
	for name, plant := range planted {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ask := engineAnswers()
			plant(&ask)
			for _, seed := range seeds(t, 8) {
				if err := runHistory(t, seed, 80, ask); err != nil {
					t.Logf("found: %v", err)
					return
				}
			}
			t.Fatal("the planted bug was not found")
		})
	}
}
