package authz_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/rightful-go/rightful/authz"
)

// largeSize is how much of everything a large policy has, roughly.
type largeSize struct{ groups, users, rules, permissions int }

// layers is how many groups may stand in one chain of inheritance. A group is of one layer
// and inherits from those that follow, so that no draw makes a cycle or too long a chain.
const layers = 9

// largePolicy is a large policy as a model, and the names it was drawn from.
type largePolicy struct {
	*referenceModel
	vocabulary
	first []authz.GroupName // the names of the first groups: the n-th is of the layer n%layers
	users []authz.UserID
	spare []authz.GroupName // names that no group has, those of groups that are gone among them

	lifted []authz.Rule // wildcards that were taken away
}

func newLargePolicy(r *rand.Rand, n largeSize) *largePolicy {
	l := &largePolicy{referenceModel: newReferenceModel(), vocabulary: newVocabulary(r, n.permissions)}
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
func (l *largePolicy) drawRestrictions(r *rand.Rand) {
	policy := l.bySubject()
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

// drawInheritance makes one chain through all layers and many ways that part and meet again.
func (l *largePolicy) drawInheritance(r *rand.Rand) {
	for i, name := range l.first {
		l.put(authz.Rule{Kind: authz.KindGrant, Subject: name.Subject(), Pattern: l.pattern(r)})
		layer := i % layers
		if layer == layers-1 {
			continue
		}
		below := []int{i + 1} // the chain of its layers
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

func (l *largePolicy) drawMembers(r *rand.Rand) {
	for i, u := range l.users {
		if i%10 == 0 {
			continue // has rules of their own at most
		}
		for range 1 + r.IntN(2) {
			l.put(authz.Rule{Kind: authz.KindMember, Subject: authz.Subject(u), Group: pick(r, l.first)})
		}
	}
}

// drawAdministrators makes administrators under every kind of restriction.
func (l *largePolicy) drawAdministrators(r *rand.Rand) {
	l.users = append(l.users, "root")
	for _, u := range []authz.UserID{"root", pick(r, l.users), pick(r, l.users)} {
		l.put(authz.Rule{Kind: authz.KindMember, Subject: authz.Subject(u), Group: authz.Administrators})
		l.put(authz.Rule{Kind: authz.KindRestriction, Subject: authz.Subject(u), Pattern: pick(r, l.wildcards[1])})
		l.put(authz.Rule{Kind: authz.KindMember, Subject: authz.Subject(u), Group: l.first[0]})
	}
	l.put(authz.Rule{Kind: authz.KindRestriction, Subject: l.first[0].Subject(), Pattern: l.pattern(r)})
}

// rule draws a grant or a restriction of one of the groups or, less often, of a user.
func (l *largePolicy) rule(r *rand.Rand, groups []authz.GroupName) authz.Rule {
	rule := authz.Rule{Kind: authz.KindGrant, Subject: pick(r, groups).Subject(), Pattern: l.pattern(r)}
	if r.IntN(8) == 0 {
		rule.Kind = authz.KindRestriction
	}
	if r.IntN(4) == 0 {
		rule.Subject = authz.Subject(pick(r, l.users))
	}
	if r.IntN(50) == 0 {
		rule.Pattern = pick(r, append(someOwnRights, authz.Pattern(authz.AssignMembers(pick(r, groups)))))
	}
	return rule
}

// The names of large policies come in kinds that are mistaken for one another: a user called
// like a group, ids that begin like others, ids that a policy file must quote, and words that
// mean something in other languages that Casbin is written in. A number follows each.
var (
	groupKinds = []string{"Desk ", "Ops (night) ", "Zoë ", "Группа ", "Inc. ", "it's ", "語"}
	userKinds  = []string{"user", "Desk ", "a,b ", "o'neil ", "ß", "(x) ", "#", "Administrators ", "us", "語"}
	userWords  = []authz.UserID{"Administrators", "Desk", "user", "__proto__", "constructor", "*", "p", "g", "allow", "a, b", "null"}
)

// Segments are few, so that objects meet, and begin like one another: "a.*" is not "ab". One
// holds a colon, so that "a.x:y:edit" is no "a.x:y".
var (
	largeSegments   = []string{"a", "ab", "b", "x:y", "ü", "a b", "(1)", "A"}
	largeSeparators = []string{".", ".", "/"}
	largeActions    = []string{"view", "edit", "edit all", "ed", "y", "v.w", "v/w"}
)

// vocabulary is what the rules of one large policy name: permissions, and every wildcard
// above them by how much stands before the "*". 0 is "*", 1 is "a.*", 4 is "a.b.c.d.*", and
// the last are all that lie deeper, down to where an object may be no longer.
type vocabulary struct {
	permissions []authz.Permission
	wildcards   [wildcardLevels][]authz.Pattern
}

const wildcardLevels = 6

func newVocabulary(r *rand.Rand, n int) vocabulary {
	var v vocabulary
	known := map[string]bool{}
	for len(v.permissions) < n {
		object, action := largeObject(r), pick(r, largeActions)
		p := object + ":" + action
		if known[p] {
			continue
		}
		known[p] = true
		v.permissions = append(v.permissions, authz.Permission(p))
		for level, above := range wildcardsAbove(object) {
			for _, a := range []string{action, "*"} {
				if w := above + ":" + a; !known[w] {
					known[w] = true
					level := min(level, wildcardLevels-1)
					v.wildcards[level] = append(v.wildcards[level], authz.Pattern(w))
				}
			}
		}
	}
	return v
}

func largeObject(r *rand.Rand) string {
	var object strings.Builder
	if r.IntN(4) == 0 {
		object.WriteString("/")
	}
	segments := 1 + r.IntN(6)
	if r.IntN(30) == 0 {
		segments = 7 + r.IntN(14) // of at most four characters and a separator: 100 are allowed
	}
	for i := range segments {
		if i > 0 {
			object.WriteString(pick(r, largeSeparators))
		}
		object.WriteString(largeSegments[min(r.IntN(len(largeSegments)), r.IntN(len(largeSegments)))])
	}
	return object.String()
}

// wildcardsAbove returns the objects with a "*" that cover the object, the widest first.
func wildcardsAbove(object string) []string {
	list := []string{"*"}
	for i, c := range object {
		if c == '.' || c == '/' {
			list = append(list, object[:i+1]+"*")
		}
	}
	return list
}

// pattern draws what a rule names. The wider, the rarer: a policy that gives everyone
// everything has nothing to ask.
func (v vocabulary) pattern(r *rand.Rand) authz.Pattern {
	switch n := r.IntN(200); {
	case n < 150:
		return authz.Pattern(pick(r, v.permissions))
	case n < 170:
		object, _, _ := pick(r, v.permissions).Split()
		return authz.Pattern(object + ":*")
	case n < 199:
		return pick(r, v.wildcards[2+r.IntN(wildcardLevels-2)])
	default:
		return pick(r, v.wildcards[1])
	}
}

// catalog declares every permission of the vocabulary.
func (v vocabulary) catalog() authz.Catalog {
	var list authz.Catalog
	for _, p := range v.permissions {
		list = append(list, authz.Entry{Permission: p, Label: "May " + string(p)})
	}
	return list
}

// bySubject is a policy indexed by subject, so that the rules of one user are found without a
// walk through thousands of rules.
type bySubject struct {
	rules map[authz.Subject][]authz.Rule
	heirs map[authz.Subject][]authz.Subject // the members of a group and the groups that inherit it
}

func (w *referenceModel) bySubject() bySubject {
	b := bySubject{map[authz.Subject][]authz.Rule{}, map[authz.Subject][]authz.Subject{}}
	for _, r := range w.sorted() {
		b.rules[r.Subject] = append(b.rules[r.Subject], r)
		if r.Group != "" {
			b.heirs[r.Group.Subject()] = append(b.heirs[r.Group.Subject()], r.Subject)
		}
	}
	return b
}

// reaching returns the rules of a user or a group and of every group that reaches it, in the
// order in which they are found.
func (b bySubject) reaching(h authz.Subject) (rules []authz.Rule) {
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

// of returns the part of the policy that can matter to a user.
func (b bySubject) of(u authz.UserID) *referenceModel {
	w := &referenceModel{rules: map[authz.Rule]bool{}}
	for _, r := range b.reaching(authz.Subject(u)) {
		w.rules[r] = true
	}
	return w
}

// below returns the users that the rules of a subject reach.
func (b bySubject) below(h authz.Subject) (users []authz.UserID) {
	b.closure(h, func(h authz.Subject) []authz.Subject {
		if u, ok := h.User(); ok {
			users = append(users, u)
		}
		return b.heirs[h]
	})
	return users
}

// heirsOf returns a group and the groups that inherit from it.
func (b bySubject) heirsOf(g authz.GroupName) (groups []authz.GroupName) {
	b.closure(g.Subject(), func(h authz.Subject) []authz.Subject {
		if name, ok := h.Group(); ok {
			groups = append(groups, name)
		}
		return b.heirs[h]
	})
	return groups
}

// closure visits a subject and everything that the visits lead to, once each.
func (b bySubject) closure(start authz.Subject, visit func(authz.Subject) []authz.Subject) {
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
