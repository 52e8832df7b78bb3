package authz

import "slices"

// mergedDelta combines the deltas of changes that follow one another into the delta of all of them. What one adds
// and another removes is in none of the lists. No group may get a name that another of these changes takes from a
// group: so each group has a lasting name, which is the one before the changes, or the first one of a group that
// they create.
type mergedDelta struct {
	groups  []*GroupChange             // that the changes touch, in the order in which they first do
	byName  map[GroupName]*GroupChange // by every name that the group has had
	lasting map[GroupName]GroupName    // from every other name that the group has had

	added, removed []Rule // under the lasting names
	ends           map[membership]EndChange
}

func newMergedDelta() *mergedDelta {
	return &mergedDelta{
		byName: map[GroupName]*GroupChange{}, lasting: map[GroupName]GroupName{}, ends: map[membership]EndChange{},
	}
}

// add adds the next delta, which may have no bad rows.
func (m *mergedDelta) add(d Delta) {
	for _, g := range d.Groups {
		m.addGroup(g)
	}
	m.added = m.append(m.added, d.Added)
	m.removed = m.append(m.removed, d.Removed)
	for _, e := range d.Ends {
		key := membership{e.User, m.lastingName(e.Group)}
		if first, known := m.ends[key]; known {
			e.Before = first.Before
		}
		m.ends[key] = e
	}
}

func (m *mergedDelta) addGroup(g GroupChange) {
	if g.Before == nil {
		m.touch(g.After.Name, GroupChange{After: g.After.clone()})
		return
	}
	name := g.Before.Name
	c := m.byName[name]
	if c == nil {
		c = m.touch(name, GroupChange{Before: g.Before.clone()})
	}
	c.After = g.After.clone()
	if g.After != nil && g.After.Name != name {
		m.byName[g.After.Name] = c
		m.lasting[g.After.Name] = m.lastingName(name)
	}
}

func (m *mergedDelta) touch(name GroupName, g GroupChange) *GroupChange {
	m.groups = append(m.groups, &g)
	m.byName[name] = &g
	return &g
}

// lastingName returns the lasting name of a group.
func (m *mergedDelta) lastingName(name GroupName) GroupName {
	if lasting, renamed := m.lasting[name]; renamed {
		return lasting
	}
	return name
}

// nameBefore returns the name that a group had before the changes, and false if they created it.
func (m *mergedDelta) nameBefore(name GroupName) (GroupName, bool) {
	if g := m.byName[name]; g != nil && g.Before == nil {
		return "", false
	}
	return m.lastingName(name), true
}

// nameAfter returns the name that a delta uses for the group with a lasting name: the last one, or that of a group
// before it was deleted.
func (m *mergedDelta) nameAfter(lasting GroupName) GroupName {
	if g := m.byName[lasting]; g != nil && g.After != nil {
		return g.After.Name
	}
	return lasting
}

func (m *mergedDelta) append(list, rules []Rule) []Rule {
	for _, r := range rules {
		list = append(list, r.withNames(m.lastingName))
	}
	return list
}

// withNames returns the rule with other names for its groups. Patterns about members of groups stay.
func (r Rule) withNames(name func(GroupName) GroupName) Rule {
	if subject, ok := r.Subject.Group(); ok {
		r.Subject = name(subject).Subject()
	}
	if r.Group != "" {
		r.Group = name(r.Group)
	}
	return r
}

// delta returns the delta of all changes.
func (m *mergedDelta) delta(p *pace) (Delta, error) {
	var d Delta
	for _, g := range m.groups {
		created, deleted := g.Before == nil, g.After == nil
		if created && deleted || !created && !deleted && *g.Before == *g.After {
			continue
		}
		d.Groups = append(d.Groups, *g)
	}
	for _, list := range [][]Rule{m.added, m.removed} {
		for i, r := range list {
			list[i] = r.withNames(m.nameAfter)
		}
		if err := sortRules(p, list); err != nil {
			return Delta{}, err
		}
	}
	d.Added, d.Removed = withoutCommon(m.added, m.removed)
	for _, e := range m.ends {
		if e.Group = m.nameAfter(m.lastingName(e.Group)); e.Before != e.After {
			d.Ends = append(d.Ends, e)
		}
	}
	slices.SortFunc(d.Ends, EndChange.compare)
	return d, nil
}

// withoutCommon removes from two sorted lists of rules what is in both, as often as it is in both.
func withoutCommon(a, b []Rule) (onlyA, onlyB []Rule) {
	for len(a) > 0 && len(b) > 0 {
		switch order := compareForExport(a[0], b[0]); {
		case order < 0:
			onlyA, a = append(onlyA, a[0]), a[1:]
		case order > 0:
			onlyB, b = append(onlyB, b[0]), b[1:]
		default:
			a, b = a[1:], b[1:]
		}
	}
	return slices.Concat(onlyA, a), slices.Concat(onlyB, b)
}
