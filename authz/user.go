package authz

import "slices"

// user is one user's part in the policy: never empty, a user without groups and rules isn't
// in the snapshot. A million of them must be cheap, so that what few have lies apart.
//
// Its methods take nil for nobody.
type user struct {
	groups [2]groupID // those with the lowest ids, in their order; noGroup where there are fewer
	more   *userMore
}

// userMore is the part of a user that most don't have. It never changes.
type userMore struct {
	groups  []groupID // the others, in the order of their ids
	rules   *ruleSet
	blocked bool    // by a bad row, which denies them everything
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
func (u *user) groupIDs(list []groupID) []groupID { return slices.AppendSeq(list, u.inGroups) }

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

// firstOf returns the first of the user's groups that is wanted, noGroup where none is.
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

// setGroups makes the user a member of exactly these groups, which are in the order of their
// ids. list stays the caller's.
func (u *user) setGroups(list []groupID) {
	u.groups = [2]groupID{}
	rest := list[copy(u.groups[:], list):]
	if len(rest) > 0 || u.more != nil && len(u.more.groups) > 0 {
		u.change(func(more *userMore) { more.groups = slices.Clone(rest) })
	}
}

// change edits the part of the user that most don't have, in a copy.
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
