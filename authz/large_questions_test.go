package authz_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/authz"
)

// largeQuestion is who asks for what.
type largeQuestion struct {
	user       authz.UserID
	permission authz.Permission
}

// What is asked beside the names of the policy: nobody's ids and no permissions.
var (
	strangers = []authz.UserID{"", "nobody", "group:", "group:Administrators", "group:Desk 0", "user1 ", "USER1", "Zoë 2", "a,b", "\xff"}
	oddTails  = []string{"", "zz", "a", "a.b", "b/a.ab", "*", "x:y", ".", "/", "a.b.*", "ü", "\xff", ":"}
	odd       = []authz.Permission{
		"", ":", "::", ":::", "a", "a:", ":view", "a.b:", "a.*", "*", "*:", ":*", "*:*", "*:view", "a:*", "a.*:*", "a.*:view",
		"a.b.*:view", "/*:*", " a:view", "a:view ", "a::view", "a..b:view", ".:view", "/:view", "//:view", "a\x00:view",
		"\xff:view", "rightful.*:*", "rightful.groups:view", "rightful.users:update", "rightful.members/*:assign",
		"rightful.members/Desk 0:assign", "rightful.:view", "A:VIEW",
	}
)

// question draws one, near the rules that reach the user for the most part.
func (l *largePolicy) question(r *rand.Rand, policy bySubject) largeQuestion {
	q := largeQuestion{user: pick(r, l.users)}
	if r.IntN(20) == 0 {
		q.user = pick(r, strangers)
	}
	rules := policy.reaching(authz.Subject(q.user))
	switch n := r.IntN(10); {
	case n == 0:
		q.permission = pick(r, odd)
	case n == 1:
		q.permission = pick(r, l.permissions)
	case n < 7 && len(rules) > 0:
		q.permission = near(r, cmp.Or(pick(r, rules).Pattern, pick(r, rules).Pattern, authz.Everything))
	default:
		q.permission = near(r, l.pattern(r))
	}
	return q
}

// near draws what a pattern covers or just misses: below its wildcard, at it, above it and
// beside it, and texts that begin as it does or are the beginning of it.
func near(r *rand.Rand, p authz.Pattern) authz.Permission {
	object, action, _ := authz.Permission(p).Split()
	if action == "*" && r.IntN(8) > 0 || r.IntN(8) == 0 {
		action = pick(r, append([]string{"zz", "*"}, largeActions...))
	}
	prefix, wild := strings.CutSuffix(object, "*")
	switch n := r.IntN(12); {
	case wild && n < 8:
		object = prefix + pick(r, oddTails)
	case wild && n == 8:
		object = prefix + strings.Repeat(pick(r, []string{"b.", "b/", "語"}), 1000)
	case wild && n == 9:
		object = strings.TrimRight(prefix, "./")
	case !wild && n == 8:
		object += pick(r, []string{"x", ".x", "/x", ".*", ".", "/", ":", " "})
	case n == 10:
		object = object[:r.IntN(len(object)+1)]
	case n == 11:
		action = action[:r.IntN(len(action)+1)]
	}
	return authz.Permission(object + ":" + action)
}

// focus is the users and the patterns that a change is about.
type focus struct {
	users    []authz.UserID
	patterns []authz.Pattern
}

// focus finds the users that a changed rule reaches and the patterns it names, or, where a link
// changed, what the group gives.
func (b bySubject) focus(r *rand.Rand, d authz.Delta) focus {
	var f focus
	rules := slices.Concat(d.Removed, d.Added)
	r.Shuffle(len(rules), func(i, j int) { rules[i], rules[j] = rules[j], rules[i] })
	for _, rule := range rules[:min(len(rules), 10)] {
		f.users = append(f.users, b.below(rule.Subject)...)
		if rule.Pattern != "" {
			f.patterns = append(f.patterns, rule.Pattern)
			continue
		}
		for _, given := range b.reaching(rule.Group.Subject()) {
			if given.Pattern != "" && given.Subject != authz.Administrators.Subject() {
				f.patterns = append(f.patterns, given.Pattern)
			}
		}
	}
	for _, g := range d.Groups {
		if g.After != nil {
			f.users = append(f.users, b.below(g.After.Name.Subject())...)
		}
	}
	return f
}

// question draws a question about the change, or any other where the change is about nothing.
func (f focus) question(r *rand.Rand, l *largePolicy, policy bySubject) largeQuestion {
	q := l.question(r, policy)
	if len(f.users) > 0 {
		q.user = pick(r, f.users)
	}
	if len(f.patterns) > 0 {
		q.permission = near(r, pick(r, f.patterns))
	}
	return q
}

// difference compares the answers to a question with the model. Casbin is slow on large
// policies: it isn't asked if enforcer is nil.
func (a answers) difference(v *authz.View, enforcer authz.Enforcer, b bySubject, q largeQuestion) (allowed bool, err error) {
	about := b.of(q.user)
	want := about.can(q.user, q.permission)
	if got := a.can(v, q.user, q.permission); got != want {
		return want, fmt.Errorf("Can(%q, %.200q) = %v, the model says %v", q.user, q.permission, got, want)
	}
	if got := a.explain(v, q.user, q.permission); got != want {
		return want, fmt.Errorf("Explain(%q, %.200q) = %v, the model says %v", q.user, q.permission, got, want)
	}
	if object, action, asked := q.casbin(); enforcer != nil && asked {
		if got, err := a.enforce(enforcer, q.user, object, action); err != nil || got != want {
			return want, fmt.Errorf("Enforce(%q, %.200q) = %v, %v, the model says %v", q.user, q.permission, got, err, want)
		}
	}
	return want, nil
}

// casbin returns what Casbin is asked, and false where Can answers unasked.
func (q largeQuestion) casbin() (object, action string, asked bool) {
	object, action, ok := q.permission.Split()
	return object, action, ok && q.user != "" && !strings.HasPrefix(string(q.user), "group:")
}

// listing compares PermissionsOf with the model: everything allowed that is in the catalog or
// that the user's grants name exactly.
func (a answers) listing(v *authz.View, b bySubject, u authz.UserID) error {
	about, want := b.of(u), map[authz.Permission]bool{}
	reached := about.subjects(u)
	ask := func(p authz.Permission) {
		if about.canWith(reached, u, p) {
			want[p] = true
		}
	}
	for _, entry := range v.Catalog(nil, "") {
		ask(entry.Permission)
	}
	for rule := range about.rules {
		if p := authz.Permission(rule.Pattern); rule.Kind == authz.KindGrant && p.Check() == nil {
			ask(p)
		}
	}
	if got := a.permissionsOf(v, u); !maps.Equal(got, want) {
		return fmt.Errorf("PermissionsOf(%q) = %s", u, differenceOf(got, want))
	}
	return nil
}

// differenceOf names what is in one of the sets and not in the other.
func differenceOf(got, want map[authz.Permission]bool) string {
	var missing, extra []authz.Permission
	for p := range want {
		if !got[p] {
			missing = append(missing, p)
		}
	}
	for p := range got {
		if !want[p] {
			extra = append(extra, p)
		}
	}
	slices.Sort(missing)
	slices.Sort(extra)
	return fmt.Sprintf("%d permissions, without %q and with %q too many", len(got), missing, extra)
}
