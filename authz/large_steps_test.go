package authz_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/authz"
)

// step draws an operation on a large policy. Wildcards that come and go are most of them.
func (l *largePolicy) step(r *rand.Rand) step {
	draws := []func(*rand.Rand) step{
		l.wildcardStep, l.wildcardStep, l.wildcardStep, l.liftStep, l.liftStep, l.rulesStep, l.setStep, l.linkStep,
		l.linkStep, l.moveStep, l.userStep, l.leaveStep, l.createStep, l.renameStep, l.deleteStep, l.importStep,
	}
	return pick(r, draws)(r)
}

// wildcardStep grants or restricts what a wildcard of any level covers, or puts one back that
// was taken away.
func (l *largePolicy) wildcardStep(r *rand.Rand) step {
	level := r.IntN(wildcardLevels)
	rule := authz.Rule{Kind: authz.KindGrant, Pattern: pick(r, l.wildcards[level])}
	if r.IntN(3) == 0 {
		rule.Kind = authz.KindRestriction
	}
	if level == 0 && r.IntN(4) == 0 {
		rule.Pattern = authz.Everything
	}
	rule.Subject = pick(r, l.sortedGroups()).Subject()
	if r.IntN(4) == 0 {
		rule.Subject = authz.Subject(pick(r, l.users))
	}
	if len(l.lifted) > 0 && r.IntN(3) == 0 {
		back := pick(r, l.lifted)
		if name, isGroup := back.Subject.Group(); !isGroup || l.groups[name] {
			rule = back
		}
	}
	return changeStep(rule.Subject, delta(!l.rules[rule], rule))
}

// liftStep takes a wildcard away that is there, of any level.
func (l *largePolicy) liftStep(r *rand.Rand) step {
	var levels [wildcardLevels][]authz.Rule
	for _, rule := range l.sorted() {
		if level := wildcardLevel(rule.Pattern); level >= 0 && rule.Subject != authz.Administrators.Subject() {
			levels[level] = append(levels[level], rule)
		}
	}
	rules := levels[r.IntN(wildcardLevels)]
	if len(rules) == 0 {
		return l.wildcardStep(r)
	}
	rule := pick(r, rules)
	l.lifted = append(l.lifted, rule)
	return changeStep(rule.Subject, delta(false, rule))
}

// rulesStep removes some rules of a subject and adds others.
func (l *largePolicy) rulesStep(r *rand.Rand) step {
	holder := l.rule(r, l.sortedGroups()).Subject
	var gone []authz.Rule
	for _, rule := range l.bySubject().rules[holder] {
		if rule.Pattern != "" && r.IntN(3) == 0 {
			gone = append(gone, rule)
		}
	}
	d := delta(false, gone...)
	for range r.IntN(4) {
		if p := l.pattern(r); !slices.Contains(d.Revoke, p) {
			d.Grant = append(d.Grant, p)
		}
	}
	return changeStep(holder, d)
}

// delta adds or removes rules, all of one subject.
func delta(come bool, rules ...authz.Rule) (d authz.RulesDelta) {
	for _, r := range rules {
		list := map[bool]map[authz.RuleKind]*[]authz.Pattern{
			true:  {authz.KindGrant: &d.Grant, authz.KindRestriction: &d.Restrict},
			false: {authz.KindGrant: &d.Revoke, authz.KindRestriction: &d.Lift},
		}[come][r.Kind]
		*list = append(*list, r.Pattern)
	}
	return d
}

// changeStep changes the rules of a group or of a user.
func changeStep(h authz.Subject, d authz.RulesDelta) step {
	return step{
		name:  fmt.Sprintf("change the rules of %q by %v", h, d),
		model: func(w *referenceModel) { w.change(h, d) },
		engine: func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			if name, ok := h.Group(); ok {
				return a.ChangeGroupPermissions(ctx, name, d)
			}
			return a.ChangeUserPermissions(ctx, authz.UserID(h), d)
		},
	}
}

func (l *largePolicy) setStep(r *rand.Rand) step {
	h := l.rule(r, l.sortedGroups()).Subject
	rules := authz.Rules{Grants: l.patterns(r, 20), Restrictions: l.patterns(r, 3)}
	return step{
		name:  fmt.Sprintf("set the rules of %q", h),
		model: func(w *referenceModel) { w.set(h, rules.Grants, rules.Restrictions) },
		engine: func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			if name, ok := h.Group(); ok {
				return a.SetGroupPermissions(ctx, name, rules)
			}
			return a.SetUserPermissions(ctx, authz.UserID(h), rules)
		},
	}
}

func (l *largePolicy) patterns(r *rand.Rand, most int) []authz.Pattern {
	list := make([]authz.Pattern, r.IntN(most+1))
	for i := range list {
		list[i] = l.pattern(r)
	}
	return list
}

// linkStep gives a group something to inherit, or takes it away. What would make a cycle or
// a chain of more than nine groups is tried as well.
func (l *largePolicy) linkStep(r *rand.Rand) step {
	groups := l.sortedGroups()
	heir, to, policy := pick(r, groups), pick(r, groups), l.bySubject()
	if r.IntN(4) == 0 {
		to = pick(r, policy.heirsOf(heir))
	}
	var list []authz.GroupName
	for _, rule := range policy.rules[heir.Subject()] {
		if rule.Kind == authz.KindInherit {
			list = append(list, rule.Group)
		}
	}
	if len(list) > 0 && r.IntN(2) == 0 {
		at := r.IntN(len(list))
		list = slices.Delete(list, at, at+1)
	} else {
		list = append(list, to)
	}
	s := step{name: fmt.Sprintf("%q inherits %q", heir, list), model: func(w *referenceModel) { w.setInherits(heir, list) }}
	after := l.clone()
	after.setInherits(heir, list)
	switch {
	case slices.ContainsFunc(list, func(g authz.GroupName) bool { return g == heir || after.reachesGroup(g, heir) }):
		s.expect = authz.ErrInheritanceCycle
	case after.longestChain() > layers:
		s.expect = authz.ErrInvalid
	}
	s.engine = func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.UpdateGroup(ctx, heir, authz.GroupPatch{Inherits: &list})
	}
	return s
}

// moveStep puts users into a group and takes others out, in one change.
func (l *largePolicy) moveStep(r *rand.Rand) step {
	group := pick(r, l.sortedGroups())
	var add []authz.UserID
	remove := slices.Sorted(slices.Values(l.members(group)))
	r.Shuffle(len(remove), func(i, j int) { remove[i], remove[j] = remove[j], remove[i] })
	remove = remove[:min(len(remove), 3)]
	for range 1 + r.IntN(3) {
		if u := pick(r, l.users); !slices.Contains(remove, u) {
			add = append(add, u)
		}
	}
	return step{
		name: fmt.Sprintf("into %q %q, out of it %q", group, add, remove),
		model: func(w *referenceModel) {
			for _, u := range remove {
				delete(w.rules, authz.Rule{Kind: authz.KindMember, Subject: authz.Subject(u), Group: group})
			}
			for _, u := range add {
				w.put(authz.Rule{Kind: authz.KindMember, Subject: authz.Subject(u), Group: group})
			}
		},
		engine: func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.ChangeMembers(ctx, group, add, remove)
		},
	}
}

// userStep moves a user, by naming all their groups.
func (l *largePolicy) userStep(r *rand.Rand) step {
	user, list := pick(r, l.users), []authz.GroupName{pick(r, l.sortedGroups()), pick(r, l.sortedGroups())}
	if r.IntN(8) == 0 {
		list = append(list, authz.Administrators)
	}
	s := step{name: fmt.Sprintf("the groups of %q are %q", user, list)}
	if l.isLastAdministrator(user) && !slices.Contains(list, authz.Administrators) {
		s.expect = authz.ErrLastAdministrator
	}
	s.model = func(w *referenceModel) {
		for rule := range w.rules {
			if rule.Kind == authz.KindMember && rule.Subject == authz.Subject(user) {
				delete(w.rules, rule)
			}
		}
		for _, g := range list {
			w.put(authz.Rule{Kind: authz.KindMember, Subject: authz.Subject(user), Group: g})
		}
	}
	s.engine = func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.SetUserGroups(ctx, user, list)
	}
	return s
}

// leaveStep takes all that a user has, who may come back.
func (l *largePolicy) leaveStep(r *rand.Rand) step {
	user := pick(r, l.users)
	s := step{name: fmt.Sprintf("delete user %q", user)}
	if l.isLastAdministrator(user) {
		s.expect = authz.ErrLastAdministrator
	}
	s.model = func(w *referenceModel) {
		for rule := range w.rules {
			if rule.Subject == authz.Subject(user) {
				delete(w.rules, rule)
			}
		}
	}
	s.engine = func(ctx context.Context, a authz.Admin) (authz.Change, error) { return a.DeleteUser(ctx, user) }
	return s
}

// createStep makes a group under a name that another may have had.
func (l *largePolicy) createStep(r *rand.Rand) step {
	name := l.takeSpare(r)
	spec := authz.GroupSpec{Name: name, Permissions: authz.Rules{Grants: l.patterns(r, 10), Restrictions: l.patterns(r, 2)}}
	return step{
		name: fmt.Sprintf("create %q", name),
		model: func(w *referenceModel) {
			w.groups[name] = true
			w.set(name.Subject(), spec.Permissions.Grants, spec.Permissions.Restrictions)
		},
		engine: func(ctx context.Context, a authz.Admin) (authz.Change, error) { return a.CreateGroup(ctx, spec) },
	}
}

func (l *largePolicy) takeSpare(r *rand.Rand) authz.GroupName {
	at := r.IntN(len(l.spare))
	name := l.spare[at]
	l.spare = slices.Delete(l.spare, at, at+1)
	return name
}

// renameStep gives a group another name.
func (l *largePolicy) renameStep(r *rand.Rand) step {
	from, to := l.namedGroup(r), l.takeSpare(r)
	l.spare = append(l.spare, from)
	return step{
		name:  fmt.Sprintf("rename %q to %q", from, to),
		model: func(w *referenceModel) { w.rename(from, to) },
		engine: func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.UpdateGroup(ctx, from, authz.GroupPatch{Name: &to})
		},
	}
}

// namedGroup draws a group, preferably one with a right to assign its members, since that right
// must follow the group.
func (l *largePolicy) namedGroup(r *rand.Rand) authz.GroupName {
	rules := slices.DeleteFunc(l.sorted(), func(rule authz.Rule) bool { return !strings.HasPrefix(string(rule.Pattern), "rightful.members/") })
	for _, g := range l.sortedGroups() {
		named := slices.ContainsFunc(rules, func(rule authz.Rule) bool { return rule.Pattern == authz.Pattern(authz.AssignMembers(g)) })
		if named && r.IntN(3) == 0 {
			return g
		}
	}
	return pick(r, l.sortedGroups())
}

// deleteStep removes a group and releases its members.
func (l *largePolicy) deleteStep(r *rand.Rand) step {
	name := l.namedGroup(r)
	s := step{name: fmt.Sprintf("delete %q", name), model: func(w *referenceModel) { w.remove(name) }}
	if slices.ContainsFunc(l.sorted(), func(rule authz.Rule) bool { return rule.Kind == authz.KindInherit && rule.Group == name }) {
		s.expect = authz.ErrGroupInherited
	} else {
		l.spare = append(l.spare, name)
	}
	s.engine = func(ctx context.Context, a authz.Admin) (authz.Change, error) { return a.DeleteGroup(ctx, name, true) }
	return s
}

// importStep adds rules from a file, or makes the policy equal to one that lacks some of its
// rules and has others.
func (l *largePolicy) importStep(r *rand.Rand) step {
	var rules []authz.Rule
	for range 10 + r.IntN(20) {
		rules = append(rules, l.rule(r, l.sortedGroups()))
	}
	user, name := pick(r, l.users), pick(r, l.sortedGroups())
	rules = append(rules, authz.Rule{Kind: authz.KindMember, Subject: authz.Subject(user), Group: name})
	mode := authz.ImportMerge
	if r.IntN(3) == 0 {
		mode = authz.ImportReplace
		for _, rule := range l.sorted() {
			if r.IntN(20) > 0 {
				rules = append(rules, rule)
			}
		}
	}
	return step{
		name: fmt.Sprintf("import %s of %d rules", mode, len(rules)),
		model: func(w *referenceModel) {
			for rule := range w.rules {
				if mode == authz.ImportReplace && rule.Group != authz.Administrators && rule.Subject != authz.Administrators.Subject() {
					delete(w.rules, rule)
				}
			}
			for _, rule := range rules {
				w.put(rule)
			}
		},
		engine: func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.Import(ctx, fileOf(rules), mode)
		},
	}
}
