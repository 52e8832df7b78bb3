package authz

import "slices"

// user is the part of the policy about one user: groups and rules. A user who has neither is not in the
// snapshot; the methods accept nil for such a user. Because there can be millions, what few users have is
// in a separate struct.
type user struct {
	groups [2]groupID // those with the lowest ids, in order; noGroup if there are fewer than two
	more   *userMore
}

// userMore is what most users don't have. It is immutable.
type userMore struct {
	groups  []groupID // all but the first two, in the order of their ids
	rules   *ruleSet
	blocked bool    // a bad row denies the user everything
	all     matcher // compiled from rules and blocked
}

// inGroups yields the groups that the user is directly in, in the order of their ids.
func (u *user) inGroups(yield func(groupID) bool) {
	if u == nil {
		return
	}
	for _, id := range u.groups {
		if id != noGroup && !yield(id) {
			return
		}
	}
	if u.more == nil {
		return
	}
	for _, id := range u.more.groups {
		if !yield(id) {
			return
		}
	}
}

// groupIDs appends the groups that the user is directly in to list, in the order of their ids.
func (u *user) groupIDs(list []groupID) []groupID {
	for id := range u.inGroups {
		list = append(list, id)
	}
	return list
}

// in reports whether the user is directly in a group.
func (u *user) in(id groupID) bool {
	switch {
	case u == nil || id == noGroup:
		return false
	case u.groups[0] == id || u.groups[1] == id:
		return true
	}
	return u.more != nil && slices.Contains(u.more.groups, id)
}

// firstOf returns the first of the user's groups that is wanted, and noGroup if there is none.
func (u *user) firstOf(wanted []bool) groupID {
	for id := range u.inGroups {
		if wanted[id] {
			return id
		}
	}
	return noGroup
}

// rules returns the user's own grants and restrictions.
func (u *user) rules() *ruleSet {
	if u == nil || u.more == nil {
		return nil
	}
	return u.more.rules
}

func (u *user) isEmpty() bool { return u.groups[0] == noGroup && u.rules() == nil }

// setGroups makes the user a member of exactly these groups, which must be in the order of their ids. It
// doesn't retain list.
func (u *user) setGroups(list []groupID) {
	u.groups = [2]groupID{}
	rest := list[copy(u.groups[:], list):]
	if len(rest) > 0 || u.more != nil && len(u.more.groups) > 0 {
		u.change(func(more *userMore) { more.groups = slices.Clone(rest) })
	}
}

// change edits a copy of userMore.
func (u *user) change(edit func(*userMore)) {
	var more userMore
	if u.more != nil {
		more = *u.more
	}
	edit(&more)
	u.more = nil
	if len(more.groups) > 0 || more.rules != nil || more.blocked {
		more.all = newMatcher([]*ruleSet{more.rules}, more.blocked)
		u.more = &more
	}
}
