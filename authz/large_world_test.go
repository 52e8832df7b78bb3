package authz_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/rightful-go/rightful/authz"
)

// largeSize is how much of everything a large policy has, roughly.
type largeSize struct{ groups, users, rules, permissions int }

// layers is how many groups may stand in one chain of inheritance. A group is of one layer
// and inherits from those that follow, so that no draw makes a cycle or too long a chain.
const layers = 10

// large is a large policy as plain sets, and what it was drawn from.
type large struct {
	*world
	vocabulary
	first []authz.GroupName // the names of the first groups: the n-th is of the layer n%layers
	users []authz.UserID
	spare []authz.GroupName // names that no group has, those of groups that are gone among them

	lifted []authz.Rule // wildcards that were taken away
}

func newLarge(r *rand.Rand, n largeSize) *large {
	l := &large{world: newWorld(), vocabulary: newVocabulary(r, n.permissions)}
	for i := range n.groups {
		l.first = append(l.first, authz.GroupName(fmt.Sprint(groupKinds[i%len(groupKinds)], i)))
		l.spare = append(l.spare, authz.GroupName(fmt.Sprint("New ", groupKinds[i%len(groupKinds)], i)))
	}
	l.users = append(l.users, userWords...)
	for i := range n.users {
		l.users = append(l.users, authz.UserID(fmt.Sprint(userKinds[i%len(userKinds)], i)))
	}
	l.drawInheritance(r)
	l.drawMembers(r)
	l.drawAdministrators(r)
	for len(l.rules) < n.rules {
		l.put(l.rule(r, l.first))
	}
	l.drawRestrictions(r)
	return l
}

// drawRestrictions takes from users what they are granted; drawn blindly, restrictions seldom
// meet a grant.
func (l *large) drawRestrictions(r *rand.Rand) {
	policy := l.byHolder()
	for i, u := range l.users {
		rules := policy.reaching(authz.Subject(u))
		if i%3 > 0 || len(rules) == 0 {
			continue
		}
		rule := pick(r, rules)
		if rule.Kind == authz.KindGrant && rule.Subject != authz.Administrators.Subject() {
			rule.Kind = authz.KindRestriction
			if r.IntN(3) > 0 {
				rule.Subject = authz.Subject(u)
			}
			l.put(rule)
		}
	}
}

// put adds a rule and makes its groups, as an import does.
func (w *world) put(r authz.Rule) {
	w.rules[r] = true
	if name, ok := r.Subject.Group(); ok {
		w.groups[name] = true
	}
	if r.Group != "" {
		w.groups[r.Group] = true
	}
}

// drawInheritance makes one chain through all layers and many ways that part and meet again.
func (l *large) drawInheritance(r *rand.Rand) {
	for i, name := range l.first {
		l.put(authz.Rule{Kind: authz.KindGrant, Subject: name.Subject(), Pattern: l.pattern(r)})
		layer := i % layers
		if layer == layers-1 {
			continue
		}
		below := []int{i + 1} // the chain of its ten
		if i >= layers {
			below = nil
			for range r.IntN(3) {
				below = append(below, r.IntN(len(l.first)/layers)*layers+layer+1+r.IntN(min(2, layers-layer-1)))
			}
		}
		for _, to := range below {
			l.put(authz.Rule{Kind: authz.KindInherit, Subject: name.Subject(), Group: l.first[to]})
		}
	}
}

func (l *large) drawMembers(r *rand.Rand) {
	for i, u := range l.users {
		if i%10 == 0 {
			continue // has rules of their own at most
		}
		for range 1 + r.IntN(2) {
			l.put(authz.Rule{Kind: authz.KindMember, Subject: authz.Subject(u), Group: pick(r, l.first)})
		}
	}
}

// drawAdministrators makes administrators whom every kind of restriction would touch.
func (l *large) drawAdministrators(r *rand.Rand) {
	l.users = append(l.users, "root")
	for _, u := range []authz.UserID{"root", pick(r, l.users), pick(r, l.users)} {
		l.put(authz.Rule{Kind: authz.KindMember, Subject: authz.Subject(u), Group: authz.Administrators})
		l.put(authz.Rule{Kind: authz.KindRestriction, Subject: authz.Subject(u), Pattern: pick(r, l.wildcards[1])})
		l.put(authz.Rule{Kind: authz.KindMember, Subject: authz.Subject(u), Group: l.first[0]})
	}
	l.put(authz.Rule{Kind: authz.KindRestriction, Subject: l.first[0].Subject(), Pattern: l.pattern(r)})
}

// rule draws a grant or a restriction of one of the groups or, less often, of a user.
func (l *large) rule(r *rand.Rand, groups []authz.GroupName) authz.Rule {
	rule := authz.Rule{Kind: authz.KindGrant, Subject: pick(r, groups).Subject(), Pattern: l.pattern(r)}
	if r.IntN(8) == 0 {
		rule.Kind = authz.KindRestriction
	}
	if r.IntN(4) == 0 {
		rule.Subject = authz.Subject(pick(r, l.users))
	}
	if r.IntN(50) == 0 {
		rule.Pattern = pick(r, append(someOwn, authz.Pattern(authz.AssignMembers(pick(r, groups)))))
	}
	return rule
}

// sorted returns the rules in one order, so that a draw from them is repeatable.
func (w *world) sorted() []authz.Rule {
	return slices.SortedFunc(maps.Keys(w.rules), func(a, b authz.Rule) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Subject, b.Subject),
			cmp.Compare(a.Pattern, b.Pattern), cmp.Compare(a.Group, b.Group))
	})
}

// sortedGroups returns the groups that there are but Administrators.
func (w *world) sortedGroups() []authz.GroupName {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(w.groups)), func(g authz.GroupName) bool { return g == authz.Administrators })
}

// fileOf is the policy as a file that says all of it.
func fileOf(rules []authz.Rule) authz.PolicyFile {
	var file authz.PolicyFile
	for i, r := range rules {
		file.Lines = append(file.Lines, line(i+1, r))
	}
	return file
}

// byHolder is a policy cut up, so that what concerns one user is found without walking
// through thousands of rules.
type byHolder struct {
	rules map[authz.Subject][]authz.Rule
	heirs map[authz.Subject][]authz.Subject // the members of a group and the groups that inherit it
}

func (w *world) byHolder() byHolder {
	b := byHolder{map[authz.Subject][]authz.Rule{}, map[authz.Subject][]authz.Subject{}}
	for _, r := range w.sorted() {
		b.rules[r.Subject] = append(b.rules[r.Subject], r)
		if r.Group != "" {
			b.heirs[r.Group.Subject()] = append(b.heirs[r.Group.Subject()], r.Subject)
		}
	}
	return b
}

// reaching returns the rules of a user, or of a group, and of every group that reaches them,
// in the order in which they are come by.
func (b byHolder) reaching(h authz.Subject) (rules []authz.Rule) {
	b.closure(h, func(h authz.Subject) (next []authz.Subject) {
		rules = append(rules, b.rules[h]...)
		for _, r := range b.rules[h] {
			if r.Group != "" {
				next = append(next, r.Group.Subject())
			}
		}
		return next
	})
	return rules
}

// of returns all of the policy that can matter to a user.
func (b byHolder) of(u authz.UserID) *world {
	w := &world{rules: map[authz.Rule]bool{}}
	for _, r := range b.reaching(authz.Subject(u)) {
		w.rules[r] = true
	}
	return w
}

// below returns the users whom the holder's rules reach.
func (b byHolder) below(h authz.Subject) (users []authz.UserID) {
	b.closure(h, func(h authz.Subject) []authz.Subject {
		if u, ok := h.User(); ok {
			users = append(users, u)
		}
		return b.heirs[h]
	})
	return users
}

// heirsOf returns a group and those that reach it.
func (b byHolder) heirsOf(g authz.GroupName) (groups []authz.GroupName) {
	b.closure(g.Subject(), func(h authz.Subject) []authz.Subject {
		if name, ok := h.Group(); ok {
			groups = append(groups, name)
		}
		return b.heirs[h]
	})
	return groups
}

// closure visits a holder and whatever the visits lead to, each once.
func (b byHolder) closure(start authz.Subject, visit func(authz.Subject) []authz.Subject) {
	seen := map[authz.Subject]bool{start: true}
	for queue := []authz.Subject{start}; len(queue) > 0; queue = queue[1:] {
		for _, h := range visit(queue[0]) {
			if !seen[h] {
				seen[h] = true
				queue = append(queue, h)
			}
		}
	}
}
