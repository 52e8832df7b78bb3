package authz

import "slices"

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
	Declared   bool // by the catalog
	Allowed    bool
	Origins    []Origin // every rule that covers the permission, on every path; at most 1,000 of each kind
}

// Because is one rule that covers a permission and the path on which it reaches the holder.
type Origin struct {
	Rule    RuleKind // KindGrant or KindRestriction
	Pattern Pattern
	Path    []Subject // from the user, or the group, that is explained to the holder of the rule
	// BadRow is set where a row of the table can't be read and denies the holder everything.
	BadRow bool
}

// maxBecause bounds the paths collected for one permission, those of grants and those of
// restrictions each: a group that is inherited in many ways can be reached on more paths than
// anyone reads, and must not hide what decides.
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

// collector explains decisions about one holder. It gathers the rules on the paths below it,
// for one permission after the other.
type collector struct {
	v      *View
	s      *snapshot
	id     Subject // of the user; empty where it is about a group
	u      *user   // nil for one whom the policy doesn't name, and for a group
	groups []groupID
	wild   wildcards // in the rules that reach the user

	asked   asked
	path    []Subject
	list    []Origin
	counts  [2]int // grants and restrictions that were found
	entered int    // groups, on all paths
}

func (v *View) collector(id UserID) *collector {
	c := &collector{v: v, s: v.s, id: id.subject(), u: v.s.user(id)}
	if c.u != nil {
		c.groups, c.wild = c.u.groupIDs(nil), v.s.wildcardsOf(c.u)
	}
	return c
}

// groupCollector explains what a group gives.
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

// asked is a permission that someone is asked about.
type asked struct {
	symbol
	covering []Pattern // those that may cover it, sorted
}

// ask prepares to explain a decision, by the same numbers that [Engine.Can] decides by. It
// is false for what isn't of the form of a permission.
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

// because collects every rule that covers what is asked and reaches the holder, on every path,
// a user's own first.
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

// maxEntered bounds the groups that are looked at for one permission. Without a cycle each
// leads to a rule within ten links, so that it cuts off nothing before maxBecause does.
const maxEntered = 20 * maxOrigins

// descend goes where a decision finds something that isn't listed often enough, and nowhere
// else.
func (c *collector) descend(g *group) {
	if c.s.matchers[g.id].match(&c.asked.symbol)&c.wanted() == 0 || slices.Contains(c.path, g.subject) {
		return // a table that someone else wrote to can hold a cycle
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

// wanted returns the effects of which there may be more in the list.
func (c *collector) wanted() (wanted effect) {
	if c.counts[kindIndex(KindGrant)] < maxOrigins {
		wanted |= granted
	}
	if c.counts[kindIndex(KindRestriction)] < maxOrigins {
		wanted |= restricted
	}
	return wanted
}

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

// add takes in what was found at the end of the path.
func (c *collector) add(b Origin) {
	of := &c.counts[kindIndex(b.Rule)]
	if *of++; *of <= maxOrigins {
		b.Path = slices.Clone(c.path)
		c.list = append(c.list, b)
	}
}
