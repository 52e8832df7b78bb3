package authz

import (
	"cmp"
	"slices"
)

// impacts finds what users gain and lose by a change. A change can put thousands of users with rules and groups of
// their own into a group of ten thousand rules. So what changes is compared once for all users with the
// same changes, as if they had nothing else. For each of them, only what their other rules say about it is looked at.
type impacts struct {
	pace    *pace
	was, is *View
	altered map[groupID]bool // see [groupsAltered]
	parts   map[string]*changedPart
	diffs   map[string]*difference // of the groups that change and those that stay, and of own rules with wildcards
	kept    int                    // how many permissions the diffs list

	collected int // how many rules the parts have

	wildcards bool // list all wildcards, not only those that cover nothing in the catalog
}

// difference is what a user holds only after a change and only before it.
type difference struct{ gains, losses permissionSet }

const (
	maxParts = 100     // are remembered, since each can list thousands of permissions
	maxKept  = 1 << 20 // permissions are listed by what is remembered
)

func newImpacts(p *pace, was, is *View, d Delta) *impacts {
	return &impacts{
		pace: p, was: was, is: is, altered: groupsAltered(was.s, is.s, d),
		parts: map[string]*changedPart{}, diffs: map[string]*difference{},
	}
}

// of returns what a user gains and loses.
func (m *impacts) of(id UserID) (*difference, error) {
	if err := m.pace.canceled(); err != nil {
		return nil, err
	}
	was, is := m.was.s.user(id), m.is.s.user(id)
	if m.was.s.blocked[id.subject()] || m.is.s.blocked[id.subject()] {
		return m.whole(id)
	}
	groups := divideGroups(was, is, func(g groupID) bool { return !m.altered[g] })
	if was.rules() != is.rules() {
		part, err := m.newPart(m.user(groups.was, was.rules()), m.user(groups.is, is.rules()))
		if err != nil {
			return nil, err
		}
		return m.refined(&part.difference, part, was, is, m.rulesOf(groups.stay))
	}
	part, err := m.part(groups)
	if err != nil {
		return nil, err
	}
	diff, err := m.ofGroups(part, groups)
	own := is.rules()
	if err != nil || own == nil {
		return diff, err
	}
	wild, exact := own.divided()
	if wild != nil {
		if diff, err = m.ofWildcards(diff, part, groups, wild); err != nil {
			return nil, err
		}
	}
	return m.refined(diff, part, was, is, []*ruleSet{exact})
}

// whole compares everything that a user holds.
func (m *impacts) whole(id UserID) (*difference, error) {
	if err := m.pace.now(); err != nil {
		return nil, err
	}
	set := func(one, other *View) permissionSet {
		return newPermissionSet(slices.Sorted(slices.Values(heldOnlyBy(one, other, id, m.wildcards))))
	}
	return &difference{set(m.is, m.was), set(m.was, m.is)}, nil
}

// ofGroups returns what a user gains and loses who has no rules of their own.
func (m *impacts) ofGroups(part *changedPart, groups dividedGroups) (*difference, error) {
	if len(groups.stay) == 0 {
		return &part.difference, nil
	}
	return m.once(groups.key(true), func() (*difference, error) {
		was, is := m.user(slices.Concat(groups.was, groups.stay), nil), m.user(slices.Concat(groups.is, groups.stay), nil)
		return m.refined(&part.difference, part, was, is, m.rulesOf(groups.stay))
	})
}

// ofWildcards returns what a user gains and loses whose own rules all have wildcards, which many users have in common;
// of is for one without own rules.
func (m *impacts) ofWildcards(of *difference, part *changedPart, groups dividedGroups, wild *ruleSet) (*difference, error) {
	key := groups.key(true)
	for _, kind := range []RuleKind{KindGrant, KindRestriction} {
		key += string(kind)
		for _, p := range wild.patterns(kind) {
			covered, err := part.coveredBy(m, p)
			if err != nil {
				return nil, err
			}
			if len(covered) > 0 {
				key += "\n" + string(p)
			}
		}
	}
	return m.once(key, func() (*difference, error) {
		was, is := m.user(slices.Concat(groups.was, groups.stay), wild), m.user(slices.Concat(groups.is, groups.stay), wild)
		return m.refined(of, part, was, is, []*ruleSet{wild})
	})
}

// once returns what it computed for the same key.
func (m *impacts) once(key string, compute func() (*difference, error)) (*difference, error) {
	diff, known := m.diffs[key]
	if known {
		return diff, nil
	}
	diff, err := compute()
	if err != nil {
		return nil, err
	}
	size := len(diff.gains.except) + len(diff.losses.except)
	if m.kept += size; m.kept > maxKept {
		clear(m.diffs)
		m.kept = size
	}
	m.diffs[key] = diff
	return diff, nil
}

// rulesOf returns the rules of groups that stay as they are, and of those that they inherit.
func (m *impacts) rulesOf(ids []groupID) (list []*ruleSet) {
	for id := range m.is.s.inheritance().from(ids...) {
		if rules := m.is.s.groups[id].rules; rules != nil {
			list = append(list, rules)
		}
	}
	return list
}

// user returns a user in these groups and with these rules.
func (m *impacts) user(ids []groupID, rules *ruleSet) *user {
	u := &user{}
	slices.Sort(ids)
	u.setGroups(ids)
	if rules != nil {
		u.change(func(more *userMore) { more.rules = rules })
	}
	return u
}

// refined returns a difference for users who have more rules than those that it was made for.
func (m *impacts) refined(of *difference, part *changedPart, was, is *user, rules []*ruleSet) (*difference, error) {
	about, err := part.about(m, rules)
	if err != nil || len(about) == 0 {
		return of, err
	}
	asked, err := m.sides(was, is, len(about))
	if err != nil {
		return nil, err
	}
	var gains, losses []Permission // that are to be added or removed
	for _, p := range about {
		if err := m.pace.canceled(); err != nil {
			return nil, err
		}
		gain, loss := asked.change(p)
		if gain != of.gains.has(p) {
			gains = append(gains, p)
		}
		if loss != of.losses.has(p) {
			losses = append(losses, p)
		}
	}
	return &difference{of.gains.toggled(gains), of.losses.toggled(losses)}, nil
}

// changedPart is what a change does to the groups and rules of a user that it concerns.
type changedPart struct {
	difference                          // for a user who has nothing else
	sides                               // of a user who has nothing else
	names      []Permission             // those that the rules name and on which their effect changes, sorted
	complete   bool                     // the effect changes on nothing else
	covered    map[Pattern][]Permission // see [changedPart.coveredBy]
	kept       int                      // how many permissions these list
}

// part returns the part of users with the same changed groups.
func (m *impacts) part(groups dividedGroups) (*changedPart, error) {
	key := groups.key(false)
	part, known := m.parts[key]
	if known {
		return part, nil
	}
	part, err := m.newPart(m.user(groups.was, nil), m.user(groups.is, nil))
	if err != nil {
		return nil, err
	}
	if m.collected += part.was.collected() + part.is.collected(); len(m.parts) == maxParts || m.collected > maxKept {
		clear(m.parts)
		clear(m.diffs)
		m.kept, m.collected = 0, part.was.collected()+part.is.collected()
	}
	m.parts[key] = part
	return part, nil
}

func (m *impacts) newPart(was, is *user) (*changedPart, error) {
	if err := m.pace.now(); err != nil {
		return nil, err
	}
	part := &changedPart{covered: map[Pattern][]Permission{}, sides: sides{impactUser{m.was, was, nil}, impactUser{m.is, is, nil}}}
	names, err := part.namesIn(m)
	if err != nil {
		return nil, err
	}
	if part.sides, err = m.sides(was, is, len(names)); err != nil {
		return nil, err
	}
	var gains, losses []Permission
	for _, p := range names {
		if err := m.pace.canceled(); err != nil {
			return nil, err
		}
		if !part.changes(p) {
			continue
		}
		part.names = append(part.names, p)
		gain, loss := part.change(p)
		if gain {
			gains = append(gains, p)
		}
		if loss {
			losses = append(losses, p)
		}
	}
	part.difference = difference{newPermissionSet(gains), newPermissionSet(losses)}
	return part, nil
}

// namesIn returns the permissions that the part's rules name, before or after, sorted. It notes whether their effects
// can change on these alone.
func (c *changedPart) namesIn(m *impacts) ([]Permission, error) {
	c.complete = c.was.isAdministrator() == c.is.isAdministrator()
	var names []Permission
	for _, side := range []impactUser{c.was, c.is} {
		c.complete = c.complete && side.view.s.wildcardsOf(side.user) == 0
		for rules := range side.view.s.ruleSetsOf(side.user) {
			var err error
			if names, err = m.appendNames(side.view, names, rules); err != nil {
				return nil, err
			}
		}
	}
	err := sortFunc(m.pace, names, cmp.Compare)
	return slices.Compact(names), err
}

// appendNames appends the permissions that rules name, those that their grants cover included.
func (m *impacts) appendNames(v *View, names []Permission, rules *ruleSet) ([]Permission, error) {
	for _, p := range rules.patterns(KindGrant) {
		names = v.appendListed(names, p, m.wildcards)
		if err := m.pace.canceled(); err != nil {
			return nil, err
		}
	}
	for _, p := range rules.patterns(KindRestriction) {
		if !p.isWild() {
			names = append(names, Permission(p))
		}
	}
	return names, nil
}

// sides are a user before and after a change.
type sides struct{ was, is impactUser }

// sides prepares for so many questions about a user before and after the change.
func (m *impacts) sides(was, is *user, questions int) (s sides, err error) {
	if s.was, err = m.was.impactUser(m.pace, was, questions); err != nil {
		return s, err
	}
	s.is, err = m.is.impactUser(m.pace, is, questions)
	return s, err
}

// change reports whether the user gains or loses a permission that can be listed.
func (s sides) change(p Permission) (gain, loss bool) {
	had, has := s.was.allows(p), s.is.allows(p)
	return has && !had && s.is.names(p), had && !has && s.was.names(p)
}

// changes reports whether the effect of the user's rules on a permission changes.
func (s sides) changes(p Permission) bool {
	if s.was.isAdministrator() != s.is.isAdministrator() {
		return true // restrictions begin or cease to apply
	}
	return s.was.effect(p) != s.is.effect(p)
}

// about returns the permissions on which the effect changes and about which other rules say something, sorted, and
// perhaps some about which they don't.
func (c *changedPart) about(m *impacts, rules []*ruleSet) (list []Permission, err error) {
	size := 0
	for _, r := range rules {
		size += r.size()
	}
	if c.complete && len(c.names) <= size {
		return c.names, nil
	}
	for _, r := range rules {
		for _, p := range slices.Concat(r.patterns(KindGrant), r.patterns(KindRestriction)) {
			if list, err = c.appendAbout(m, list, p); err != nil {
				return nil, err
			}
		}
	}
	err = sortFunc(m.pace, list, cmp.Compare)
	return slices.Compact(list), err
}

// appendAbout appends the permissions that a pattern covers and on which the effect changes.
func (c *changedPart) appendAbout(m *impacts, list []Permission, p Pattern) ([]Permission, error) {
	if err := m.pace.canceled(); err != nil {
		return nil, err
	}
	if p.isWild() {
		covered, err := c.coveredBy(m, p)
		return append(list, covered...), err
	}
	if _, named := slices.BinarySearch(c.names, Permission(p)); named || !c.complete && c.changes(Permission(p)) {
		list = append(list, Permission(p))
	}
	return list, nil
}

// coveredBy returns the permissions that a pattern with a wildcard covers and names, or that the part names, and on
// which the effect changes.
func (c *changedPart) coveredBy(m *impacts, p Pattern) (list []Permission, err error) {
	list, known := c.covered[p]
	if known {
		return list, nil
	}
	list = appendCovered(nil, c.names, p.target())
	if !c.complete {
		for _, name := range m.is.appendListed(m.was.appendListed(nil, p, m.wildcards), p, m.wildcards) {
			if err := m.pace.canceled(); err != nil {
				return nil, err
			}
			if c.changes(name) {
				list = append(list, name)
			}
		}
	}
	if c.kept += len(list); c.kept > maxKept {
		clear(c.covered)
		c.kept = len(list)
	}
	c.covered[p] = list
	return list, m.pace.now()
}
