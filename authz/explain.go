package authz

import "slices"

// Explanation says which of the requested permissions a user holds and through which rules.
type Explanation struct {
	User        UserID
	Known       bool // the user is in a group or has rules
	Allowed     bool // the user holds all of the permissions
	Revision    Revision
	Permissions []PermissionExplanation // in the order requested, without duplicates
}

// PermissionExplanation is the part of an [Explanation] about one permission.
type PermissionExplanation struct {
	Permission Permission
	Label      string   // empty unless Declared
	Category   []string // empty unless Declared
	Declared   bool     // the catalog declares the permission
	Allowed    bool
	// Origins are the rules that cover the permission, on every path by which they reach the user: at most
	// 1,000 grants and 1,000 restrictions.
	Origins []Origin
}

// Origin is one rule that covers a permission, and the path on which it reaches a user or group.
type Origin struct {
	Rule    RuleKind // KindGrant or KindRestriction
	Pattern Pattern
	Path    []Subject // from the explained user or group to the subject of the rule
	// BadRow is true if there is no such rule, but a bad row that denies the subject everything.
	BadRow bool
}

// maxOrigins is how many origins of each kind are collected for one permission. A group that is inherited in
// many ways can be reached on a great number of paths; they must not crowd out the other kind.
const maxOrigins = 1000

// Explain is [Engine.Explain] for the view's revision.
func (v *View) Explain(user UserID, permissions ...Permission) Explanation {
	c := v.collector(user)
	x := Explanation{User: user, Known: c.u != nil, Allowed: len(permissions) > 0, Revision: v.s.revision}
	asked := make(map[Permission]bool, len(permissions))
	for _, p := range permissions {
		if asked[p] {
			continue
		}
		asked[p] = true
		one := c.explain(p)
		x.Allowed = x.Allowed && one.Allowed
		x.Permissions = append(x.Permissions, one)
	}
	return x
}

// collector collects the origins of permissions for one user or group, one permission after the other.
type collector struct {
	v      *View
	s      *snapshot
	id     Subject // of the user; empty for a group
	u      *user   // nil for an unknown user and for a group
	groups []groupID
	wild   wildcards // in the rules that apply

	asked   asked
	path    []Subject
	list    []Origin
	counts  [2]int // of grants and restrictions found
	entered int    // number of groups visited, on all paths
}

func (v *View) collector(id UserID) *collector {
	c := &collector{v: v, s: v.s, id: id.subject(), u: v.s.user(id)}
	if c.u != nil {
		c.groups, c.wild = c.u.groupIDs(nil), v.s.wildcardsOf(c.u)
	}
	return c
}

// groupCollector collects the origins of what a group gives to its members.
func (v *View) groupCollector(g *group) *collector {
	return &collector{v: v, s: v.s, groups: []groupID{g.id}, wild: v.s.matchers[g.id].wild}
}

func (c *collector) explain(p Permission) PermissionExplanation {
	entry, declared := c.v.entry(p)
	one := PermissionExplanation{Permission: p, Label: entry.Label, Category: entry.Category, Declared: declared}
	if c.u == nil || !c.ask(p) {
		return one
	}
	one.Origins = c.origins()
	one.Allowed = !c.v.expired && c.s.verdict(c.u, c.s.effectOn(c.u, &c.asked.symbol))
	return one
}

// asked is the permission to explain.
type asked struct {
	symbol
	covering []Pattern // all patterns that may cover it, sorted
}

// ask sets the permission to explain, by the same symbol that [Engine.Can] uses. It returns false if p
// doesn't have the form of a permission.
func (c *collector) ask(p Permission) bool {
	object, action, ok := p.Split()
	if !ok {
		return false
	}
	c.asked.covering = append(c.asked.covering[:0], Pattern(p))
	if c.wild != 0 {
		c.asked.covering = coveringPatterns(object, action)
	}
	if n := c.s.symbols.names.Find(p); n != nil {
		c.asked.symbol = *n
	} else {
		c.asked.symbol = c.s.symbols.symbolOf(object, action, c.wild)
	}
	return true
}

// coveringPatterns lists all patterns that cover a permission.
func coveringPatterns(object, action string) []Pattern {
	list := []Pattern{Pattern(object + ":" + action), Pattern(object + ":*"), Pattern("*:" + action), Everything}
	for i, depth := 0, 1; i < len(object) && depth < maxPrefixes; i++ {
		if c := object[i]; c == '.' || c == '/' {
			depth++
			list = append(list, Pattern(object[:i+1]+"*:"+action), Pattern(object[:i+1]+"*:*"))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// origins collects every rule that covers the permission and applies to the subject, on every path, a user's
// own rules first.
func (c *collector) origins() []Origin {
	c.path, c.list = c.path[:0], nil
	c.counts, c.entered = [2]int{}, 0
	if c.id != "" {
		c.path = append(c.path, c.id)
	}
	if c.s.blockedAll {
		c.add(Origin{Rule: KindRestriction, Pattern: Everything, BadRow: true})
	}
	if c.id != "" {
		c.rulesOf(c.id, c.u.rules())
	}
	for _, g := range c.groups {
		c.descend(c.s.groups[g])
	}
	return c.list
}

// maxEntered bounds how many groups are visited for one permission. Without a cycle each leads to a rule
// within ten links, so this limit isn't reached before maxOrigins.
const maxEntered = 20 * maxOrigins

// descend collects the origins in a group and in those that it inherits. It enters only groups whose matcher
// has an effect of which more origins are wanted.
func (c *collector) descend(g *group) {
	if c.s.matchers[g.id].match(&c.asked.symbol)&c.wanted() == 0 || slices.Contains(c.path, g.subject) {
		return // another program may have written a cycle
	}
	if c.entered++; c.entered > maxEntered {
		return
	}
	c.path = append(c.path, g.subject)
	c.rulesOf(g.subject, g.rules)
	for _, id := range g.inherits {
		c.descend(c.s.groups[id])
	}
	c.path = c.path[:len(c.path)-1]
}

// wanted returns the effects whose list of origins isn't full.
func (c *collector) wanted() (wanted effect) {
	if c.counts[kindIndex(KindGrant)] < maxOrigins {
		wanted |= granted
	}
	if c.counts[kindIndex(KindRestriction)] < maxOrigins {
		wanted |= restricted
	}
	return wanted
}

// rulesOf adds the rules of a subject that cover the permission, and what a bad row denies it.
func (c *collector) rulesOf(h Subject, rules *ruleSet) {
	if len(c.s.blocked) > 0 && c.s.blocked[h] {
		c.add(Origin{Rule: KindRestriction, Pattern: Everything, BadRow: true})
	}
	if rules == nil {
		return
	}
	for _, kind := range []RuleKind{KindGrant, KindRestriction} {
		for _, p := range c.asked.covering {
			if rules.has(kind, p) {
				c.add(Origin{Rule: kind, Pattern: p})
			}
		}
	}
}

// add appends an origin with the present path.
func (c *collector) add(b Origin) {
	of := &c.counts[kindIndex(b.Rule)]
	if *of++; *of <= maxOrigins {
		b.Path = slices.Clone(c.path)
		c.list = append(c.list, b)
	}
}
