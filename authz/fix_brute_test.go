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

// way is a fix that was found by trying everything.
type way struct {
	steps   []authz.Operation
	footing int // whether restrictions are lifted, or groups left that bring them
	joins   []authz.GroupName
	holder  authz.Subject
	grants  []authz.Permission
}

// ground is the policy with the restrictions out of the way that stand in it now.
type ground struct {
	*world
	steps []authz.Operation
}

// grounds lifts every restriction that covers what is asked and reaches the user; or leaves
// the groups that bring one, and lifts the user's own.
func (d *denial) grounds() []ground {
	covering := func(h authz.Subject) (list []authz.Pattern) {
		for _, r := range d.world.sorted() {
			if r.Kind == authz.KindRestriction && r.Subject == h && slices.ContainsFunc(d.asked, func(p authz.Permission) bool {
				one := &world{rules: map[authz.Rule]bool{{Kind: authz.KindGrant, Subject: "x", Pattern: r.Pattern}: true}}
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
	stay, leave := ground{world: d.world.clone()}, ground{world: d.world.clone(), steps: lift(authz.Subject(d.user))}
	for h := range d.world.holders(d.user) {
		stay.steps = append(stay.steps, lift(h)...)
	}
	leaves := false
	for g := range d.world.groups {
		if !d.world.rules[authz.Rule{Kind: authz.KindMember, Subject: authz.Subject(d.user), Group: g}] {
			continue
		}
		alone := d.world.clone()
		alone.rules[authz.Rule{Kind: authz.KindMember, Subject: "someone else", Group: g}] = true
		if slices.ContainsFunc(slices.Collect(maps.Keys(alone.holders("someone else"))), func(h authz.Subject) bool { return len(covering(h)) > 0 }) {
			leaves = true
			leave.steps = append(leave.steps, authz.Operation{Action: authz.ActionGroupMembersChange, Group: g, Remove: []authz.UserID{d.user}})
		}
	}
	list := []ground{stay}
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

// ways tries every set of groups and every set of grants to one holder, and keeps the ways that
// do and that don't contain another: those that leave to grants what they must or what they can.
func (d *denial) ways(t *testing.T) []way {
	t.Helper()
	var all []way
	for i, g := range d.grounds() {
		all = append(all, d.waysFrom(t, i, g)...)
	}
	all = slices.DeleteFunc(all, func(w way) bool {
		return slices.ContainsFunc(all, func(o way) bool {
			return textOf(w.steps) != textOf(o.steps) && contains(textOf(w.steps), textOf(o.steps))
		})
	})
	all = append(all, way{
		steps: []authz.Operation{{Action: authz.ActionGroupMembersChange, Group: authz.Administrators, Add: []authz.UserID{d.user}}},
		joins: []authz.GroupName{authz.Administrators},
	})
	return all
}

func (d *denial) waysFrom(t *testing.T, footing int, g ground) (list []way) {
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
		granted[set] = d.grantedWith(g.world, bitsOf(groups, set))
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

// grantedWith returns what of the asked the user is granted as a member of more groups.
func (d *denial) grantedWith(w *world, joins []authz.GroupName) map[authz.Permission]bool {
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
func (d *denial) grantable(t *testing.T, p authz.Permission) bool {
	t.Helper()
	_, err := d.engine.AsCommand("test").DryRun().ChangeUserPermissions(t.Context(), d.user, authz.RulesDelta{Grant: []authz.Pattern{authz.Pattern(p)}})
	return err == nil && p.Check() == nil
}

// finish grants the rest, to each group that the user is in by then and to the user.
func (d *denial) finish(footing int, g ground, joins []authz.GroupName, rest, must []authz.Permission) (list []way) {
	steps := slices.Clone(g.steps)
	after := g.clone()
	for _, name := range joins {
		steps = append(steps, authz.Operation{Action: authz.ActionGroupMembersChange, Group: name, Add: []authz.UserID{d.user}})
		after.apply(steps[len(steps)-1])
	}
	if len(rest) == 0 {
		return []way{{steps, footing, joins, "", nil}}
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
		list = append(list, way{append(slices.Clip(steps), s), footing, joins, h, rest})
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
func (w way) rank() int {
	_, toGroup := w.holder.Group()
	lifts := slices.ContainsFunc(w.steps, func(s authz.Operation) bool { return len(s.Remove) > 0 || len(s.Rules.Lift) > 0 })
	switch {
	case slices.Contains(w.joins, authz.Administrators):
		return 4
	case toGroup:
		return 2
	case w.holder != "":
		return 3
	case lifts:
		return 1
	}
	return 0
}

// cost tries a way out: whether it brings restrictions or takes something, and how many
// permissions people gain.
func (d *denial) cost(t *testing.T, w way) [3]int {
	t.Helper()
	command := d.engine.AsCommand("test")
	exact := slices.Clone(d.asked)
	for _, s := range w.steps {
		must(t)(carryOut(t.Context(), command, s))
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
	is := d.world.clone()
	for _, s := range w.steps {
		is.apply(s)
	}
	for r := range is.rules {
		if r.Kind == authz.KindRestriction && is.holders(d.user)[r.Subject] && !d.world.restrictsBy(d.user, r.Pattern) {
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

func (w *world) restrictsBy(u authz.UserID, p authz.Pattern) bool {
	for h := range w.holders(u) {
		if w.rules[authz.Rule{Kind: authz.KindRestriction, Subject: h, Pattern: p}] {
			return true
		}
	}
	return false
}

// Fixes are what trying everything finds, the cheapest of each kind first; of more than ten
// the ten cheapest.
func TestFixesAreAllThereAreAndInOrder(t *testing.T) {
	t.Parallel()
	testDenials(t, 4, func(d *denial) error {
		costs, steps := map[string][3]int{}, map[string]way{}
		for _, w := range d.ways(t) {
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
