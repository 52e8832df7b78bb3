package authz_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/authz"
)

// world is the policy as plain sets, written as differently from the engine as can be: no
// index, no order, no cleverness. What it says is what the engine must say.
type world struct {
	groups map[authz.GroupName]bool
	rules  map[authz.Rule]bool
}

func newWorld() *world {
	return &world{
		groups: map[authz.GroupName]bool{authz.Administrators: true},
		rules: map[authz.Rule]bool{
			{Kind: authz.KindGrant, Subject: "group:Administrators", Pattern: "*:*"}: true,
		},
	}
}

func (w *world) clone() *world {
	return &world{maps.Clone(w.groups), maps.Clone(w.rules)}
}

// holders returns the user and every group that reaches them, or would if they were in some
// groups as well.
func (w *world) holders(user authz.UserID, in ...authz.GroupName) map[authz.Subject]bool {
	reached := map[authz.Subject]bool{authz.Subject(user): true}
	for _, g := range in {
		reached[g.Subject()] = true
	}
	for grew := true; grew; {
		grew = false
		for r := range w.rules {
			if r.Group != "" && reached[r.Subject] && !reached[r.Group.Subject()] {
				reached[r.Group.Subject()] = true
				grew = true
			}
		}
	}
	return reached
}

func (w *world) can(user authz.UserID, p authz.Permission) bool {
	return w.canWith(w.holders(user), user, p)
}

// canWith is can for whom the holders are known.
func (w *world) canWith(reached map[authz.Subject]bool, user authz.UserID, p authz.Permission) bool {
	i := strings.LastIndex(string(p), ":")
	if user == "" || strings.HasPrefix(string(user), "group:") || i <= 0 || i == len(p)-1 {
		return false
	}
	object, action := string(p[:i]), string(p[i+1:])
	granted, restricted := false, false
	for r := range w.rules {
		if r.Pattern == "" || !reached[r.Subject] {
			continue
		}
		j := strings.LastIndex(string(r.Pattern), ":")
		o, a := string(r.Pattern[:j]), string(r.Pattern[j+1:])
		matches := o == object || strings.HasSuffix(o, "*") && strings.HasPrefix(object, strings.TrimSuffix(o, "*"))
		if !matches || a != "*" && a != action {
			continue
		}
		granted = granted || r.Kind == authz.KindGrant
		restricted = restricted || r.Kind == authz.KindRestriction
	}
	return granted && (!restricted || reached["group:Administrators"])
}

// reachesGroup reports whether one group inherits another, over any number of links.
func (w *world) reachesGroup(from, to authz.GroupName) bool {
	seen := map[authz.GroupName]bool{from: true}
	for grew := true; grew; {
		grew = false
		for r := range w.rules {
			name, ok := r.Subject.Group()
			if r.Kind == authz.KindInherit && ok && seen[name] && !seen[r.Group] {
				seen[r.Group] = true
				grew = true
			}
		}
	}
	return from != to && seen[to]
}

func (w *world) members(g authz.GroupName) (users []authz.UserID) {
	for r := range w.rules {
		if r.Kind == authz.KindMember && r.Group == g {
			users = append(users, authz.UserID(r.Subject))
		}
	}
	return users
}

func (w *world) rename(from, to authz.GroupName) {
	delete(w.groups, from)
	w.groups[to] = true
	for r := range maps.Clone(w.rules) {
		was := r
		if r.Subject == from.Subject() {
			r.Subject = to.Subject()
		}
		if r.Group == from {
			r.Group = to
		}
		if r.Pattern == authz.Pattern(authz.AssignMembers(from)) {
			r.Pattern = authz.Pattern(authz.AssignMembers(to))
		}
		delete(w.rules, was)
		w.rules[r] = true
	}
}

func (w *world) remove(g authz.GroupName) {
	delete(w.groups, g)
	for r := range maps.Clone(w.rules) {
		if r.Subject == g.Subject() || r.Group == g || r.Pattern == authz.Pattern(authz.AssignMembers(g)) {
			delete(w.rules, r)
		}
	}
}

// Names are few, so that random steps meet, and odd, so that they meet in odd ways.
var (
	someGroups = []authz.GroupName{"Desk", "Ops (night)", "Zoë", "Группа", "Inc.", "it's"}
	someUsers  = []authz.UserID{"ana", "a,b", "o'neil", "ß", "Administrators", "bo (2)", "#1"}

	someMembers = append([]authz.UserID{"root"}, someUsers...)

	someObjects = []string{"a", "a.b", "a.b.c", "ab", "/o", "/o/1", "/o/1.x", "x:y"}
	someActions = []string{"view", "edit"}
	wildObjects = []string{"*", "a.*", "a.b.*", "/*", "/o/*"}
	someOwn     = []authz.Pattern{"rightful.groups:view", "rightful.users:update", "rightful.groups:*", "rightful.*:*", "rightful.*:view", "rightful.members/*:assign"}
)

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func somePermissions() []authz.Permission {
	var list []authz.Permission
	for _, o := range slices.Concat(someObjects, []string{"a.", "zz"}) {
		for _, a := range someActions {
			list = append(list, authz.Permission(o+":"+a))
		}
	}
	for _, g := range someGroups {
		list = append(list, authz.AssignMembers(g))
	}
	list = append(list, authz.ViewGroups, authz.UpdateUsers, authz.ImportPolicy)
	return append(list, "a.*:view", "a:*", "*:*", ":", "a", "a:", ":view", "")
}

// randomPattern is a pattern that rules may name, of something that exists.
func (w *world) randomPattern(r *rand.Rand) authz.Pattern {
	objects := someObjects
	if r.IntN(3) == 0 {
		objects = wildObjects
	}
	if r.IntN(12) == 0 {
		return authz.Pattern(authz.AssignMembers(w.someGroup(r)))
	}
	if r.IntN(12) == 0 {
		return pick(r, someOwn)
	}
	object, action := pick(r, objects), pick(r, append([]string{"*"}, someActions...))
	return authz.Pattern(object + ":" + action)
}

func (w *world) someGroup(r *rand.Rand) authz.GroupName {
	return pick(r, slices.Sorted(maps.Keys(w.groups)))
}

func (w *world) randomPatterns(r *rand.Rand, most int) []authz.Pattern {
	list := make([]authz.Pattern, r.IntN(most+1))
	for i := range list {
		list[i] = w.randomPattern(r)
	}
	return list
}
