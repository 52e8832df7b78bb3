package authz

import (
	"iter"
	"slices"

	"github.com/rightful-go/rightful/authz/internal/table"
)

// user is the part of the policy about one user: groups and rules. A user who has neither is not in the
// snapshot; the methods accept nil for such a user. Because there can be millions, a table has only one word
// for each, and what few users have is in a separate struct.
type user struct {
	first, second groupID // the groups with the lowest ids, in order; noGroup if there are fewer than two
	more          *userMore
}

// userMore is what most users don't have. It is immutable.
type userMore struct {
	groups  []groupID // all but the first two, in the order of their ids
	rules   *ruleSet
	blocked bool    // a bad row denies the user everything
	folded  string  // the id in its folded form, if [fold.Grows]: folding it for each list takes too long
	all     matcher // compiled from rules and blocked
}

// userOf returns the user of an entry.
func userOf(e table.Entry[userMore]) user {
	u := user{groupID(e.Word), groupID(e.Word >> 32), nil}
	if e.HasMore() {
		u.more = e.More()
	}
	return u
}

// word is what a table has of the user besides more.
func (u *user) word() uint64 { return uint64(u.first) | uint64(u.second)<<32 }

// usersOf yields the users of entries. A user is valid until the next one.
func usersOf(entries iter.Seq[table.Entry[userMore]]) iter.Seq2[UserID, *user] {
	return func(yield func(UserID, *user) bool) {
		var u user
		for e := range entries {
			if u = userOf(e); !yield(UserID(e.Key()), &u) {
				return
			}
		}
	}
}

// inGroups yields the groups that the user is directly in, in the order of their ids.
func (u *user) inGroups(yield func(groupID) bool) {
	if u == nil {
		return
	}
	if u.first == noGroup || !yield(u.first) || u.second == noGroup || !yield(u.second) || u.more == nil {
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
	case u.first == id || u.second == id:
		return true
	}
	if u.more == nil {
		return false
	}
	_, found := slices.BinarySearch(u.more.groups, id)
	return found
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

func (u *user) isEmpty() bool { return u.first == noGroup && u.rules() == nil }

// setGroups makes the user a member of exactly these groups, which must be in the order of their ids. It
// doesn't retain list.
func (u *user) setGroups(list []groupID) {
	var first [2]groupID
	rest := list[copy(first[:], list):]
	u.first, u.second = first[0], first[1]
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
	if len(more.groups) > 0 || more.rules != nil || more.blocked || more.folded != "" {
		more.all = newMatcher(more.rules.withBlock(more.blocked))
		u.more = &more
	}
}

// matcher returns what the user's own rules are compiled to, nil if there are none.
func (u *user) matcher() *matcher {
	if u == nil || u.more == nil {
		return nil
	}
	return &u.more.all
}
