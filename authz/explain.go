package authz

import (
	"slices"
)

// Explanation says what a user holds of what was asked, through what, and what is missing.
type Explanation struct {
	User        UserID
	Known       bool // the policy names the user
	Allowed     bool // all of the permissions
	Revision    Revision
	Permissions []PermissionExplanation // in the order asked, without doubles
}

// PermissionExplanation is the part of an [Explanation] about one permission.
type PermissionExplanation struct {
	Permission Permission
	Label      string
	Category   []string
	Declared   bool // by the catalogue
	Allowed    bool
	Because    []Because // every rule that covers the permission, on every path; at most 1,000
}

// Because is one rule that covers a permission and the path on which it reaches the user.
type Because struct {
	Rule    RuleKind // KindGrant or KindRestriction
	Pattern Pattern
	Path    []Holder // from the user to the holder of the rule
	// BadRow is set where a row of the table can't be read and denies the holder everything.
	BadRow bool
}

// maxBecause bounds the paths collected for one permission: a group that is inherited in
// many ways can be reached on more paths than anyone reads.
const maxBecause = 1000

// Missing returns the permissions that are not held, in the order asked.
func (x Explanation) Missing() []PermissionExplanation {
	return x.filter(false)
}

// Held returns the permissions that are held, in the order asked.
func (x Explanation) Held() []PermissionExplanation {
	return x.filter(true)
}

func (x Explanation) filter(allowed bool) []PermissionExplanation {
	var list []PermissionExplanation
	for _, p := range x.Permissions {
		if p.Allowed == allowed {
			list = append(list, p)
		}
	}
	return list
}

// Explain says what the user holds of the permissions, through which paths, and what is
// missing, by the policy of this moment. It never differs from [Engine.Can].
func (e *Engine) Explain(user UserID, permissions ...Permission) Explanation {
	return e.View().Explain(user, permissions...)
}

// Explain is [Engine.Explain] for the view's revision.
func (v *View) Explain(user UserID, permissions ...Permission) Explanation {
	_, known := v.s.users.get(user)
	x := Explanation{User: user, Known: known, Allowed: len(permissions) > 0, Revision: v.s.revision}
	for _, p := range permissions {
		if slices.ContainsFunc(x.Permissions, func(o PermissionExplanation) bool { return o.Permission == p }) {
			continue
		}
		one := v.explain(user, p)
		x.Allowed = x.Allowed && one.Allowed
		x.Permissions = append(x.Permissions, one)
	}
	return x
}

func (v *View) explain(user UserID, p Permission) PermissionExplanation {
	entry, declared := v.entry(p)
	one := PermissionExplanation{Permission: p, Label: entry.Label, Category: entry.Category, Declared: declared}
	object, action, ok := p.Split()
	if !ok {
		return one
	}
	because, found := v.s.because(user, func(q Pattern) bool { return q.coversPermission(object, action) })
	one.Because = because
	one.Allowed = !v.expired && v.s.verdict(user, found)
	return one
}

// because collects every rule that covers what is asked and reaches the user, on every
// path, the user's own first, and what they add up to.
func (s *snapshot) because(id UserID, covers func(Pattern) bool) ([]Because, effect) {
	u, ok := s.users.get(id)
	if !ok {
		return nil, 0
	}
	c := collector{s: s, covers: covers, path: []Holder{id.Holder()}}
	if s.blockedAll {
		c.found |= restricted
		c.list = append(c.list, Because{KindRestriction, Everything, slices.Clone(c.path), true})
	}
	c.found |= c.effectOf(id.Holder(), u.rules)
	c.rulesOf(id.Holder(), u.rules)
	for _, g := range u.groups {
		c.relevant = map[groupID]bool{}
		s.walk(g, c.mark)
		c.descend(s.groups[g])
	}
	return c.list, c.found
}

// collector gathers the rules on the paths below one user. Paths can be many, so the list
// is bounded; groups are few, and what their rules add up to is always whole.
type collector struct {
	s        *snapshot
	covers   func(Pattern) bool
	path     []Holder
	list     []Because
	found    effect
	relevant map[groupID]bool // groups that a matching rule is reached through
}

// mark takes in what a group's own rules say, and notes the groups on the way to it.
func (c *collector) mark(g *group) {
	e := c.effectOf(g.info.Name.Holder(), g.rules)
	if e == 0 {
		return
	}
	c.found |= e
	for _, id := range c.s.heirsOf([]groupID{g.id}) {
		c.relevant[id] = true
	}
}

func (c *collector) effectOf(h Holder, rules *ruleSet) effect {
	var e effect
	if slices.ContainsFunc(rules.patterns(KindGrant), c.covers) {
		e |= granted
	}
	if c.s.blocked[h] || slices.ContainsFunc(rules.patterns(KindRestriction), c.covers) {
		e |= restricted
	}
	return e
}

func (c *collector) descend(g *group) {
	holder := g.info.Name.Holder()
	if !c.relevant[g.id] || len(c.list) >= maxBecause || slices.Contains(c.path, holder) {
		return // a table that someone else wrote to can hold a cycle
	}
	c.path = append(c.path, holder)
	c.rulesOf(holder, g.rules)
	for _, id := range g.inherits {
		c.descend(c.s.groups[id])
	}
	c.path = c.path[:len(c.path)-1]
}

func (c *collector) rulesOf(h Holder, rules *ruleSet) {
	if c.s.blocked[h] {
		c.list = append(c.list, Because{KindRestriction, Everything, slices.Clone(c.path), true})
	}
	for _, kind := range []RuleKind{KindGrant, KindRestriction} {
		for _, p := range rules.patterns(kind) {
			if c.covers(p) && len(c.list) < maxBecause {
				c.list = append(c.list, Because{Rule: kind, Pattern: p, Path: slices.Clone(c.path)})
			}
		}
	}
}

// Effective is one permission that a user holds, with every origin.
type Effective struct {
	Entry   // Label and Category are empty where the catalogue doesn't declare it
	Because []Because
}

// PermissionsOf lists what the user holds: every permission of the catalogue, Rightful's own
// included, and those outside it that a rule names exactly, by folded form then code point.
// What a wildcard covers beyond that has no end and no name.
func (e *Engine) PermissionsOf(user UserID) []Effective {
	return e.View().PermissionsOf(user)
}

// PermissionsOf is [Engine.PermissionsOf] for the view's revision.
func (v *View) PermissionsOf(user UserID) []Effective {
	var list []Effective
	for _, p := range v.heldBy(user) {
		x := v.explain(user, p)
		list = append(list, Effective{
			Entry:   Entry{Permission: p, Label: x.Label, Category: x.Category},
			Because: x.Because,
		})
	}
	return list
}

// heldBy lists the names of what PermissionsOf lists, in its order.
func (v *View) heldBy(user UserID) []Permission {
	u, ok := v.s.users.get(user)
	if !ok || v.expired {
		return nil
	}
	asked := map[Permission]bool{}
	var list []Permission
	ask := func(p Permission) {
		if !asked[p] {
			asked[p] = true
			if v.s.can(user, p) {
				list = append(list, p)
			}
		}
	}
	for _, entry := range v.catalogue.entries {
		ask(entry.Permission)
	}
	for name := range v.s.byName {
		ask(AssignMembers(name))
	}
	named := func(rules *ruleSet) {
		for _, p := range rules.patterns(KindGrant) {
			if t := p.target(); !t.below && t.action != "*" {
				ask(Permission(p))
			}
		}
	}
	named(u.rules)
	for _, id := range u.groups {
		v.s.walk(id, func(g *group) { named(g.rules) })
	}
	sortFolded(list)
	return list
}
