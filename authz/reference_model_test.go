package authz_test

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/authz"
)

// referenceModel is the policy as plain sets, written as differently from the engine as
// possible: no index, no order, nothing clever. The engine must give its answers.
type referenceModel struct {
	groups map[authz.GroupName]bool
	rules  map[authz.Rule]bool
	ends   map[authz.Rule]authz.Until // of memberships
}

func newReferenceModel() *referenceModel {
	return &referenceModel{
		groups: map[authz.GroupName]bool{authz.Administrators: true},
		rules: map[authz.Rule]bool{
			{Kind: authz.KindGrant, Subject: "group:Administrators", Pattern: "*:*"}: true,
		},
		ends: map[authz.Rule]authz.Until{},
	}
}

// modelOf reads a policy from its rows.
func modelOf(v *authz.View) *referenceModel {
	w := &referenceModel{map[authz.GroupName]bool{}, map[authz.Rule]bool{}, map[authz.Rule]authz.Until{}}
	for _, g := range v.Groups("") {
		w.groups[g.Name] = true
	}
	for row, end := range v.Rows {
		r := authz.Rule{Kind: authz.KindGrant, Subject: authz.Subject(row.V[0]), Pattern: authz.Pattern(row.V[1] + ":" + row.V[2])}
		switch {
		case row.Type == "g" && strings.HasPrefix(row.V[0], "group:"):
			r = authz.Rule{Kind: authz.KindInherit, Subject: r.Subject, Group: authz.GroupName(strings.TrimPrefix(row.V[1], "group:"))}
		case row.Type == "g":
			r = authz.Rule{Kind: authz.KindMember, Subject: r.Subject, Group: authz.GroupName(strings.TrimPrefix(row.V[1], "group:"))}
		case row.V[3] == "deny":
			r.Kind = authz.KindRestriction
		}
		w.rules[r] = true
		if end != 0 {
			w.ends[r] = end
		}
	}
	return w
}

func (w *referenceModel) clone() *referenceModel {
	return &referenceModel{maps.Clone(w.groups), maps.Clone(w.rules), maps.Clone(w.ends)}
}

// at returns the model as it is at a later time, if nothing but time changes it.
func (w *referenceModel) at(now authz.Until) *referenceModel {
	w = w.clone()
	for r, end := range w.ends {
		if end <= now || !w.rules[r] {
			delete(w.rules, r)
			delete(w.ends, r)
		}
	}
	return w
}

// subjects returns the user and every group that reaches them, or that would if they were also
// in the given groups.
func (w *referenceModel) subjects(user authz.UserID, in ...authz.GroupName) map[authz.Subject]bool {
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

func (w *referenceModel) can(user authz.UserID, p authz.Permission) bool {
	return w.canWith(w.subjects(user), user, p)
}

// canWith is can for a user whose subjects are known.
func (w *referenceModel) canWith(reached map[authz.Subject]bool, user authz.UserID, p authz.Permission) bool {
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
func (w *referenceModel) reachesGroup(from, to authz.GroupName) bool {
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

// longestChain returns how many groups inherit one another in a row. There must be no cycle.
func (w *referenceModel) longestChain() int {
	rules, known := w.bySubject().rules, map[authz.GroupName]int{}
	var from func(authz.GroupName) int
	from = func(g authz.GroupName) int {
		if known[g] == 0 {
			known[g] = 1
			for _, r := range rules[g.Subject()] {
				if r.Kind == authz.KindInherit {
					known[g] = max(known[g], 1+from(r.Group))
				}
			}
		}
		return known[g]
	}
	longest := 0
	for g := range w.groups {
		longest = max(longest, from(g))
	}
	return longest
}

func (w *referenceModel) members(g authz.GroupName) (users []authz.UserID) {
	for r := range w.rules {
		if r.Kind == authz.KindMember && r.Group == g {
			users = append(users, authz.UserID(r.Subject))
		}
	}
	return users
}

func (w *referenceModel) isLastAdministrator(user authz.UserID) bool {
	return slices.Equal(w.members(authz.Administrators), []authz.UserID{user})
}

func (w *referenceModel) isAdministrator(user authz.UserID) bool {
	return w.rules[authz.Rule{Kind: authz.KindMember, Subject: authz.Subject(user), Group: authz.Administrators}]
}

// put adds a rule and creates the groups it names, as an import does.
func (w *referenceModel) put(r authz.Rule) {
	w.rules[r] = true
	if name, ok := r.Subject.Group(); ok {
		w.groups[name] = true
	}
	if r.Group != "" {
		w.groups[r.Group] = true
	}
}

func (w *referenceModel) set(h authz.Subject, grants, restrictions []authz.Pattern) {
	for r := range w.rules {
		if r.Subject == h && r.Pattern != "" {
			delete(w.rules, r)
		}
	}
	for _, p := range grants {
		w.rules[authz.Rule{Kind: authz.KindGrant, Subject: h, Pattern: p}] = true
	}
	for _, p := range restrictions {
		w.rules[authz.Rule{Kind: authz.KindRestriction, Subject: h, Pattern: p}] = true
	}
}

func (w *referenceModel) setInherits(heir authz.GroupName, list []authz.GroupName) {
	for r := range w.rules {
		if r.Kind == authz.KindInherit && r.Subject == heir.Subject() {
			delete(w.rules, r)
		}
	}
	for _, g := range list {
		w.rules[authz.Rule{Kind: authz.KindInherit, Subject: heir.Subject(), Group: g}] = true
	}
}

func (w *referenceModel) change(h authz.Subject, d authz.RulesDelta) {
	put := func(kind authz.RuleKind, list []authz.Pattern, in bool) {
		for _, p := range list {
			if in {
				w.rules[authz.Rule{Kind: kind, Subject: h, Pattern: p}] = true
			} else {
				delete(w.rules, authz.Rule{Kind: kind, Subject: h, Pattern: p})
			}
		}
	}
	put(authz.KindGrant, d.Grant, true)
	put(authz.KindGrant, d.Revoke, false)
	put(authz.KindRestriction, d.Restrict, true)
	put(authz.KindRestriction, d.Lift, false)
}

// apply carries out an operation of a fix on the model.
func (w *referenceModel) apply(s authz.Operation) {
	switch {
	case s.Action == authz.ActionGroupMembersChange:
		for _, u := range s.Remove {
			delete(w.rules, authz.Rule{Kind: authz.KindMember, Subject: authz.Subject(u), Group: s.Group})
		}
		for _, u := range s.Add {
			w.rules[authz.Rule{Kind: authz.KindMember, Subject: authz.Subject(u), Group: s.Group}] = true
		}
	case s.Group != "":
		w.change(s.Group.Subject(), s.Rules)
	default:
		w.change(authz.Subject(s.User), s.Rules)
	}
}

func (w *referenceModel) rename(from, to authz.GroupName) {
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
		if end, ok := w.ends[was]; ok {
			delete(w.ends, was)
			w.ends[r] = end
		}
	}
}

// renamed returns the model with other names for its groups, all replaced at once, since two
// groups can swap names.
func (w *referenceModel) renamed(names renames) *referenceModel {
	w = w.clone()
	for from, to := range names {
		if w.groups[from] && from != to {
			w.rename(from, "("+to+")")
		}
	}
	for _, to := range names {
		if w.groups["("+to+")"] {
			w.rename("("+to+")", to)
		}
	}
	return w
}

func (w *referenceModel) remove(g authz.GroupName) {
	delete(w.groups, g)
	for r := range maps.Clone(w.rules) {
		if r.Subject == g.Subject() || r.Group == g || r.Pattern == authz.Pattern(authz.AssignMembers(g)) {
			delete(w.rules, r)
		}
	}
}

// sorted returns the rules in one order, so that a draw from them is repeatable.
func (w *referenceModel) sorted() []authz.Rule {
	return slices.SortedFunc(maps.Keys(w.rules), func(a, b authz.Rule) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Subject, b.Subject),
			cmp.Compare(a.Pattern, b.Pattern), cmp.Compare(a.Group, b.Group))
	})
}

// sortedGroups returns all groups except Administrators.
func (w *referenceModel) sortedGroups() []authz.GroupName {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(w.groups)), func(g authz.GroupName) bool { return g == authz.Administrators })
}

// restricts reports whether any restriction reaches a user.
func (w *referenceModel) restricts(u authz.UserID) bool {
	reached := w.subjects(u)
	for r := range w.rules {
		if r.Kind == authz.KindRestriction && reached[r.Subject] {
			return true
		}
	}
	return false
}

func (w *referenceModel) restrictsBy(u authz.UserID, p authz.Pattern) bool {
	for h := range w.subjects(u) {
		if w.rules[authz.Rule{Kind: authz.KindRestriction, Subject: h, Pattern: p}] {
			return true
		}
	}
	return false
}

// listed reports whether PermissionsOf must list what is held: what the catalog declares
// and what a rule that reaches the user names exactly.
func (w *referenceModel) listed(v *authz.View, u authz.UserID, p authz.Permission) bool {
	if v.Explain(u, p).Permissions[0].Declared {
		return true
	}
	if _, action, _ := p.Split(); action == "*" || p.Check() != nil {
		return false
	}
	reached := w.subjects(u)
	for r := range w.rules {
		if r.Kind == authz.KindGrant && reached[r.Subject] && r.Pattern == authz.Pattern(p) {
			return true
		}
	}
	return false
}

// tooLongWith reports whether a rule makes a chain of inheritance that other Casbins don't
// follow to its end.
func (w *referenceModel) tooLongWith(r authz.Rule) bool {
	after := w.clone()
	after.put(r)
	return r.Kind == authz.KindInherit && after.longestChain() > 9
}

// fileOf is the policy as a file that says all of it.
func fileOf(rules []authz.Rule) authz.PolicyFile {
	var file authz.PolicyFile
	for i, r := range rules {
		file.Lines = append(file.Lines, line(i+1, r))
	}
	return file
}

// line is the line of a policy file that r is.
func line(number int, r authz.Rule) authz.PolicyLine {
	fields := []string{"g", string(r.Subject), string(r.Group.Subject())}
	if r.Pattern != "" {
		object, action, _ := authz.Permission(r.Pattern).Split()
		effect := map[authz.RuleKind]string{authz.KindGrant: "allow", authz.KindRestriction: "deny"}[r.Kind]
		fields = []string{"p", string(r.Subject), object, action, effect}
	}
	return authz.PolicyLine{Number: number, Fields: fields}
}

// rowOf is a rule as the table has it.
func rowOf(rule authz.Rule) authz.Row {
	if rule.Group != "" {
		return row("g", string(rule.Subject), "group:"+string(rule.Group))
	}
	object, action, _ := authz.Permission(rule.Pattern).Split()
	effect := "allow"
	if rule.Kind == authz.KindRestriction {
		effect = "deny"
	}
	return row("p", string(rule.Subject), object, action, effect)
}

// ruleOf finds the rule that a row is.
func (w *referenceModel) ruleOf(r authz.Row) (authz.Rule, bool) {
	r.ID = 0
	for rule := range w.rules {
		if rowOf(rule) == r {
			return rule, true
		}
	}
	return authz.Rule{}, false
}

// The names are few, so that random steps affect one another, and odd, so that they do so in odd
// ways.
var (
	someGroups = []authz.GroupName{"Desk", "Ops (night)", "Zoë", "Группа", "Inc.", "it's"}
	someUsers  = []authz.UserID{"ana", "a,b", "o'neil", "ß", "Administrators", "bo (2)", "#1"}

	someMembers = append([]authz.UserID{"root"}, someUsers...)

	someObjects   = []string{"a", "a.b", "a.b.c", "ab", "/", "/o", "/o/", "/o/1", "/o/1.x", "x:y"}
	someActions   = []string{"view", "edit"}
	wildObjects   = []string{"*", "a.*", "a.b.*", "/*", "/o/*"}
	someOwnRights = []authz.Pattern{"rightful.groups:view", "rightful.users:update", "rightful.groups:*", "rightful.*:*", "rightful.*:view", "rightful.members/*:assign"}
)

// someCatalog declares every permission that the random policies of reference_model_test.go
// name.
func someCatalog() (list authz.Catalog) {
	for _, o := range someObjects {
		for _, a := range someActions {
			list = append(list, authz.Entry{Permission: authz.Permission(o + ":" + a), Label: o})
		}
	}
	return list
}

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
func (w *referenceModel) randomPattern(r *rand.Rand) authz.Pattern {
	objects := someObjects
	if r.IntN(3) == 0 {
		objects = wildObjects
	}
	if r.IntN(12) == 0 {
		return authz.Pattern(authz.AssignMembers(w.someGroup(r)))
	}
	if r.IntN(12) == 0 {
		return pick(r, someOwnRights)
	}
	object, action := pick(r, objects), pick(r, append([]string{"*"}, someActions...))
	return authz.Pattern(object + ":" + action)
}

func (w *referenceModel) randomPatterns(r *rand.Rand, most int) []authz.Pattern {
	list := make([]authz.Pattern, r.IntN(most+1))
	for i := range list {
		list[i] = w.randomPattern(r)
	}
	return list
}

func (w *referenceModel) someGroup(r *rand.Rand) authz.GroupName {
	return pick(r, slices.Sorted(maps.Keys(w.groups)))
}
