package authz_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

// bruteFix is a fix that was found by trying everything.
type bruteFix struct {
	steps    []authz.Operation
	baseline int // whether restrictions are lifted, or groups left that bring them
	joins    []authz.GroupName
	subject  authz.Subject
	grants   []authz.Permission
}

// clearedPolicy is the policy after the removal of the restrictions that cause the denial.
type clearedPolicy struct {
	*referenceModel
	steps []authz.Operation
}

// clearedPolicies lifts every restriction that covers a required permission and reaches the
// user; or it leaves the groups with such a restriction and lifts the user's own.
func (d *deniedQuestion) clearedPolicies() []clearedPolicy {
	covering := func(h authz.Subject) (list []authz.Pattern) {
		for _, r := range d.model.sorted() {
			if r.Kind == authz.KindRestriction && r.Subject == h && slices.ContainsFunc(d.asked, func(p authz.Permission) bool {
				one := &referenceModel{rules: map[authz.Rule]bool{{Kind: authz.KindGrant, Subject: "x", Pattern: r.Pattern}: true}}
				return one.can("x", p)
			}) {
				list = append(list, r.Pattern)
			}
		}
		return list
	}
	lift := func(h authz.Subject) (list []authz.Operation) {
		patterns := covering(h)
		if len(patterns) == 0 {
			return nil
		}
		step := authz.Operation{Action: authz.ActionUserPermissionsChange, User: d.user, Rules: authz.RulesDelta{Lift: patterns}}
		if name, ok := h.Group(); ok {
			step.Action, step.Group, step.User = authz.ActionGroupPermissionsChange, name, ""
		}
		return append(list, step)
	}
	stay, leave := clearedPolicy{referenceModel: d.model.clone()}, clearedPolicy{referenceModel: d.model.clone(), steps: lift(authz.Subject(d.user))}
	for h := range d.model.subjects(d.user) {
		stay.steps = append(stay.steps, lift(h)...)
	}
	leaves := false
	for g := range d.model.groups {
		if !d.model.rules[authz.Rule{Kind: authz.KindMember, Subject: authz.Subject(d.user), Group: g}] {
			continue
		}
		alone := d.model.clone()
		alone.rules[authz.Rule{Kind: authz.KindMember, Subject: "someone else", Group: g}] = true
		if slices.ContainsFunc(slices.Collect(maps.Keys(alone.subjects("someone else"))), func(h authz.Subject) bool { return len(covering(h)) > 0 }) {
			leaves = true
			leave.steps = append(leave.steps, authz.Operation{Action: authz.ActionGroupMembersChange, Group: g, Remove: []authz.UserID{d.user}})
		}
	}
	list := []clearedPolicy{stay}
	if leaves {
		list = append(list, leave)
	}
	for _, g := range list {
		for _, s := range g.steps {
			g.apply(s)
		}
	}
	return list
}

// bruteFixes tries every set of groups and every set of grants to one subject, and keeps the
// fixes that work and don't contain another: those that leave to grants what they must or what
// they can.
func (d *deniedQuestion) bruteFixes(t *testing.T) []bruteFix {
	t.Helper()
	var all []bruteFix
	for i, g := range d.clearedPolicies() {
		all = append(all, d.bruteFixesFrom(t, i, g)...)
	}
	all = slices.DeleteFunc(all, func(w bruteFix) bool {
		return slices.ContainsFunc(all, func(o bruteFix) bool {
			return textOf(w.steps) != textOf(o.steps) && contains(textOf(w.steps), textOf(o.steps))
		})
	})
	all = append(all, bruteFix{
		steps: []authz.Operation{{Action: authz.ActionGroupMembersChange, Group: authz.Administrators, Add: []authz.UserID{d.user}}},
		joins: []authz.GroupName{authz.Administrators},
	})
	return all
}

func (d *deniedQuestion) bruteFixesFrom(t *testing.T, footing int, g clearedPolicy) (list []bruteFix) {
	t.Helper()
	var groups []authz.GroupName
	for _, name := range g.sortedGroups() {
		if !g.rules[authz.Rule{Kind: authz.KindMember, Subject: authz.Subject(d.user), Group: name}] {
			groups = append(groups, name)
		}
	}
	granted := make([]map[authz.Permission]bool, 1<<len(groups)) // by set of groups; nil where something is restricted
	given, missing := map[authz.Permission]bool{}, []authz.Permission{}
	for set := range granted {
		granted[set] = d.grantedWith(g.referenceModel, bitsOf(groups, set))
		if bits.OnesCount(uint(set)) == 1 {
			maps.Copy(given, granted[set])
		}
	}
	for _, p := range d.asked {
		if !granted[0][p] && !slices.Contains(missing, p) {
			missing = append(missing, p)
		}
	}
	must := slices.DeleteFunc(slices.Clone(missing), func(p authz.Permission) bool { return d.grantable(t, p) })
	can := slices.DeleteFunc(slices.Clone(missing), func(p authz.Permission) bool { return !given[p] })
	for _, target := range [][]authz.Permission{must, can} {
		fewest := len(groups) + 1
		for set, has := range granted {
			if has != nil && !slices.ContainsFunc(target, func(p authz.Permission) bool { return !has[p] }) {
				fewest = min(fewest, bits.OnesCount(uint(set)))
			}
		}
		for set, has := range granted {
			if has == nil || bits.OnesCount(uint(set)) != fewest || slices.ContainsFunc(target, func(p authz.Permission) bool { return !has[p] }) {
				continue
			}
			rest := slices.DeleteFunc(slices.Clone(missing), func(p authz.Permission) bool { return has[p] })
			list = append(list, d.finish(footing, g, bitsOf(groups, set), rest, must)...)
		}
	}
	return list
}

// grantedWith returns the required permissions that the user is granted as a member of more
// groups.
func (d *deniedQuestion) grantedWith(w *referenceModel, joins []authz.GroupName) map[authz.Permission]bool {
	w = w.clone()
	for _, name := range joins {
		w.rules[authz.Rule{Kind: authz.KindMember, Subject: authz.Subject(d.user), Group: name}] = true
	}
	granted, free := map[authz.Permission]bool{}, w.clone()
	free.rules[authz.Rule{Kind: authz.KindGrant, Subject: authz.Subject(d.user), Pattern: "*:*"}] = true
	for _, p := range d.asked {
		if !free.can(d.user, p) {
			return nil
		}
		granted[p] = w.can(d.user, p)
	}
	maps.DeleteFunc(granted, func(_ authz.Permission, yes bool) bool { return !yes })
	return granted
}

func bitsOf(groups []authz.GroupName, set int) (list []authz.GroupName) {
	for i, g := range groups {
		if set&(1<<i) != 0 {
			list = append(list, g)
		}
	}
	return list
}

// grantable asks the engine whether a rule may name a permission, which must not mean more.
func (d *deniedQuestion) grantable(t *testing.T, p authz.Permission) bool {
	t.Helper()
	_, err := d.engine.AsCommand("test").DryRun().ChangeUserPermissions(t.Context(), d.user, authz.RulesDelta{Grant: []authz.Pattern{authz.Pattern(p)}})
	return err == nil && p.Check() == nil
}

// finish grants the rest, to each group that the user is in by then and to the user.
func (d *deniedQuestion) finish(footing int, g clearedPolicy, joins []authz.GroupName, rest, must []authz.Permission) (list []bruteFix) {
	steps := slices.Clone(g.steps)
	after := g.clone()
	for _, name := range joins {
		steps = append(steps, authz.Operation{Action: authz.ActionGroupMembersChange, Group: name, Add: []authz.UserID{d.user}})
		after.apply(steps[len(steps)-1])
	}
	if len(rest) == 0 {
		return []bruteFix{{steps, footing, joins, "", nil}}
	}
	if slices.ContainsFunc(rest, func(p authz.Permission) bool { return slices.Contains(must, p) }) {
		return nil
	}
	var delta authz.RulesDelta
	for _, p := range rest {
		delta.Grant = append(delta.Grant, authz.Pattern(p))
	}
	grant := func(s authz.Operation, h authz.Subject) {
		s.Rules = delta
		list = append(list, bruteFix{append(slices.Clip(steps), s), footing, joins, h, rest})
	}
	for name := range after.groups {
		if after.rules[authz.Rule{Kind: authz.KindMember, Subject: authz.Subject(d.user), Group: name}] {
			grant(authz.Operation{Action: authz.ActionGroupPermissionsChange, Group: name}, name.Subject())
		}
	}
	grant(authz.Operation{Action: authz.ActionUserPermissionsChange, User: d.user}, authz.Subject(d.user))
	return list
}

// rank is the place of a way in the order of kinds.
func (w bruteFix) rank() int {
	_, toGroup := w.subject.Group()
	lifts := slices.ContainsFunc(w.steps, func(s authz.Operation) bool { return len(s.Remove) > 0 || len(s.Rules.Lift) > 0 })
	switch {
	case slices.Contains(w.joins, authz.Administrators):
		return 4
	case toGroup:
		return 2
	case w.subject != "":
		return 3
	case lifts:
		return 1
	}
	return 0
}

// cost carries out a fix: it reports whether the fix brings restrictions or takes something, and
// how many permissions other users gain.
func (d *deniedQuestion) cost(t *testing.T, w bruteFix) [3]int {
	t.Helper()
	command := d.engine.AsCommand("test")
	exact := slices.Clone(d.asked)
	for _, s := range w.steps {
		must(t)(command.Apply(t.Context(), s))
		for _, p := range slices.Concat(s.Rules.Grant, s.Rules.Lift) {
			if p := authz.Permission(p); p.Check() == nil {
				exact = append(exact, p)
			}
		}
	}
	after := d.engine.View()
	for _, s := range slices.Backward(w.steps) {
		must(t)(inverse(s)(t, command))
	}
	cost := [3]int{w.rank(), len(d.only(d.user, d.before, after, nil)), 0}
	is := d.model.clone()
	for _, s := range w.steps {
		is.apply(s)
	}
	for r := range is.rules {
		if r.Kind == authz.KindRestriction && is.subjects(d.user)[r.Subject] && !d.model.restrictsBy(d.user, r.Pattern) {
			cost[1]++
		}
	}
	cost[1] = min(cost[1], 1)
	for _, u := range append(slices.Clone(someMembers), "nobody") {
		if u == d.user {
			cost[2] += len(d.only(u, after, d.before, d.asked))
		} else {
			cost[2] += len(d.only(u, after, d.before, exact))
		}
	}
	return cost
}

// The fixes are those found by trying everything, the cheapest of each kind first; of more than
// ten, the ten cheapest.
func TestFixesAreCompleteAndOrdered(t *testing.T) {
	t.Parallel()
	testDenials(t, 4, func(d *deniedQuestion) error {
		costs, steps := map[string][3]int{}, map[string]bruteFix{}
		for _, w := range d.bruteFixes(t) {
			key := textOf(w.steps)
			costs[key], steps[key] = d.cost(t, w), w
		}
		compare := func(a, b [3]int) int { return slices.Compare(a[:], b[:]) }
		listed := map[string]bool{}
		var last [3]int
		counts, worst := map[int]int{}, map[int][3]int{}
		for _, fix := range d.fixes.List {
			key := textOf(fix.Operations)
			cost, there := costs[key]
			if !there || listed[key] {
				return fmt.Errorf("%+v is none, of %d ways", fix, len(costs))
			}
			if compare(last, cost) > 0 {
				return fmt.Errorf("%+v costs %d and stands behind one that costs %d", fix, cost, last)
			}
			if kind := []authz.FixKind{"assign", "lift", "grant", "grant", "assign"}[cost[0]]; fix.Kind != kind {
				return fmt.Errorf("%+v is of the kind %q", fix, kind)
			}
			listed[key], last = true, cost
			counts[cost[0]]++
			worst[cost[0]] = cost
		}
		more := false
		for key, cost := range costs {
			if listed[key] {
				continue
			}
			more = true
			if counts[cost[0]] < 10 || cmp.Or(compare(worst[cost[0]], cost), 0) > 0 {
				return fmt.Errorf("%+v, which costs %d, isn't listed", steps[key], cost)
			}
		}
		if more != d.fixes.More {
			return fmt.Errorf("%d of %d are listed, and More is %v", len(listed), len(costs), d.fixes.More)
		}
		return nil
	})
}
