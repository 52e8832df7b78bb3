package authz

import (
	"context"
	"slices"
	"time"
)

// Usage says when permissions were last used; see [Engine.UsageOfUser] and [Engine.UsageOfGroup].
type Usage struct {
	Today Day // UTC
	// Recorded is the period in which uses were recorded, of all these users. It is zero if none were. If it ended before
	// yesterday, uses are no longer recorded.
	Recorded UsagePeriod
	// Permissions are sorted by folded form, then code point. Rightful's own are left out: their use isn't recorded.
	Permissions []PermissionUse

	MemberCount int // of a group: users who are in it or in a group that inherits it

	// The following are set if unused permissions were asked for.

	// NewMemberCount is how many of the members came during the days in question.
	NewMemberCount int
	// UnknownCount is how many permissions without a known use in those days are left out, because they were not
	// recorded, held or given on all of them.
	UnknownCount int
	// Removal are operations that take away what is unused, in this order; see [Engine.UsageOfUser]. [Admin.Batch] carries
	// them out as one change.
	Removal []Operation
}

// PermissionUse is a permission and when it was last used. Label and Category are empty if the catalog doesn't declare
// it.
type PermissionUse struct {
	Entry
	LastUsed Day // 0 if no use is known
}

// recordable removes Rightful's own permissions from a list.
func recordable(list []Permission) []Permission {
	return slices.DeleteFunc(list, func(p Permission) bool { return ownPattern.covers(Pattern(p)) })
}

// givenBy returns the permissions that a group gives to a member who is in no other group, as [View.PermissionsOf] lists
// them.
func (v *View) givenBy(g *group) []Permission {
	if v.expired {
		return nil
	}
	return v.named(v.s.holdingsOfMember(g))
}

// holdingsOfMember returns what a user holds who is only in a group.
func (s *snapshot) holdingsOfMember(g *group) holdings {
	reach, _ := s.reachOfGroup(nil, g) // without a pace, it never fails
	return holdings{reach, g != nil && g.id == s.administrators}
}

// usersReachedBy returns the users in a group or in a group that inherits it, each once.
func (s *snapshot) usersReachedBy(g *group) []UserID {
	seen := map[UserID]bool{}
	var list []UserID
	for _, id := range s.heirsOf([]groupID{g.id}) {
		for user := range s.membersOf(s.groups[id]) {
			if !seen[user] {
				seen[user] = true
				list = append(list, user)
			}
		}
	}
	return list
}

// knownUses are the uses of some users: the last day on which one of them used each permission.
type knownUses struct {
	today  Day
	period UsagePeriod // in which the uses of all of the users were recorded
	last   map[Permission]Day
}

// usesOf reads the uses of users.
func (e *Engine) usesOf(ctx context.Context, users []UserID) (knownUses, error) {
	uses := knownUses{today: DayOf(time.Now()), last: map[Permission]Day{}}
	store, ok := StoreAs[UsageStore](e.given)
	if !ok {
		return uses, nil
	}
	var deleted Day // up to which some uses were
	err := store.Uses(ctx, users, func(u Use) error {
		if u.Permission == "" {
			deleted = max(deleted, u.Day)
		} else {
			uses.last[u.Permission] = max(uses.last[u.Permission], u.Day)
		}
		return ctx.Err()
	})
	if err == nil { // afterward: it then says so if others were deleted meanwhile
		uses.period, err = store.UsagePeriod(ctx)
	}
	if err != nil {
		return uses, e.unavailable(ctx, err)
	}
	uses.period.Since = max(uses.period.Since, deleted)
	return uses, nil
}

// usage returns the last uses of permissions.
func (k knownUses) usage(v *View, permissions []Permission) Usage {
	u := Usage{Today: k.today, Recorded: k.period}
	for _, p := range permissions {
		entry, _ := v.entry(p)
		u.Permissions = append(u.Permissions, PermissionUse{entry, k.last[p]})
	}
	return u
}

// cover reports whether every use after a day is known.
func (k knownUses) cover(after Day) bool {
	return k.period.Since <= after && k.period.Until >= k.today-1
}
