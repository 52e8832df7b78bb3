package authz

import (
	"cmp"
	"maps"
	"slices"
)

// differences returns the change that leads from one policy to another, in canonical order. It matches
// groups by name, so the two need not share history.
func differences(before, after *snapshot) Delta {
	c := comparison{before: before, after: after, idBefore: make([]groupID, len(after.groups))}
	for name, id := range after.byName {
		idBefore, there := before.byName[name]
		if !there {
			idBefore = newGroup
		}
		c.idBefore[id] = idBefore
	}
	c.compareGroups()
	c.compareUsers()
	c.compareEnds()
	slices.SortFunc(c.delta.Added, compareForExport)
	slices.SortFunc(c.delta.Removed, compareForExport)
	c.delta.AddedRows = without(after.badRows, before.badRows)
	c.delta.RemovedRows = without(before.badRows, after.badRows)
	return c.delta
}

type comparison struct {
	before, after *snapshot
	idBefore      []groupID // indexed by the id after; newGroup if the group is new
	delta         Delta
}

const newGroup = ^noGroup

func (c *comparison) compareGroups() {
	names := slices.Sorted(maps.Keys(c.after.byName))
	for _, name := range names {
		was, is := c.before.group(name), c.after.group(name)
		switch {
		case was == nil:
			c.delta.Groups = append(c.delta.Groups, GroupChange{After: &is.info})
			was = &group{}
		case was.info != is.info:
			c.delta.Groups = append(c.delta.Groups, GroupChange{Before: &was.info, After: &is.info})
		}
		c.compareRules(is.subject, was.rules, is.rules, KindInherit, c.before.groupNames(was.inherits), c.after.groupNames(is.inherits))
	}
	for _, name := range slices.Sorted(maps.Keys(c.before.byName)) {
		if was := c.before.group(name); c.after.group(name) == nil {
			c.delta.Groups = append(c.delta.Groups, GroupChange{Before: &was.info})
			c.compareRules(was.subject, was.rules, nil, KindInherit, c.before.groupNames(was.inherits), nil)
		}
	}
}

func (c *comparison) compareUsers() {
	for id, is := range usersOf(c.after.users.All()) {
		if was := c.before.user(id); !c.alike(was, is) {
			c.compareUser(id, was, is)
		}
	}
	for id, was := range usersOf(c.before.users.All()) {
		if c.after.user(id) == nil {
			c.compareUser(id, was, nil)
		}
	}
}

// alike reports whether a user has no rules of their own and is in the same groups as before. It is a
// quick check that holds for most users.
func (c *comparison) alike(was, is *user) bool {
	if was == nil || was.more != nil || is.more != nil {
		return false
	}
	first, second := c.idBefore[is.first], c.idBefore[is.second]
	return first == was.first && second == was.second || first == was.second && second == was.first
}

func (c *comparison) compareUser(id UserID, was, is *user) {
	c.compareRules(id.subject(), was.rules(), is.rules(), KindMember,
		c.before.groupNames(was.groupIDs(nil)), c.after.groupNames(is.groupIDs(nil)))
}

// compareRules adds the differences between the rules and the groups of one subject.
func (c *comparison) compareRules(h Subject, was, is *ruleSet, link RuleKind, wasIn, isIn []GroupName) {
	for _, kind := range []RuleKind{KindGrant, KindRestriction} {
		rule := func(p Pattern) Rule { return Rule{Kind: kind, Subject: h, Pattern: p} }
		c.note(onlyIn(is.patterns(kind), was.patterns(kind), rule), onlyIn(was.patterns(kind), is.patterns(kind), rule))
	}
	rule := func(g GroupName) Rule { return Rule{Kind: link, Subject: h, Group: g} }
	c.note(onlyIn(isIn, wasIn, rule), onlyIn(wasIn, isIn, rule))
}

func (c *comparison) note(added, removed []Rule) {
	c.delta.Added = append(c.delta.Added, added...)
	c.delta.Removed = append(c.delta.Removed, removed...)
}

// onlyIn returns the elements of one list that the other doesn't have, as rules.
func onlyIn[S cmp.Ordered](one, other []S, rule func(S) Rule) []Rule {
	if slices.Equal(one, other) {
		return nil
	}
	have := make(map[S]bool, len(other))
	for _, s := range other {
		have[s] = true
	}
	var more []Rule
	for _, s := range one {
		if !have[s] {
			more = append(more, rule(s))
		}
	}
	return more
}

func (c *comparison) compareEnds() {
	if c.before.ends.Len() == 0 && c.after.ends.Len() == 0 {
		return
	}
	ends := map[EndChange]EndChange{} // by user and group
	for id, end := range c.before.allEnds {
		key := EndChange{User: id, Group: c.before.groups[end.group].info.Name}
		ends[key] = EndChange{key.User, key.Group, end.until, 0}
	}
	for id, end := range c.after.allEnds {
		key := EndChange{User: id, Group: c.after.groups[end.group].info.Name}
		ends[key] = EndChange{key.User, key.Group, ends[key].Before, end.until}
	}
	for _, change := range ends {
		if change.Before != change.After {
			c.delta.Ends = append(c.delta.Ends, change)
		}
	}
	slices.SortFunc(c.delta.Ends, EndChange.compare)
}
