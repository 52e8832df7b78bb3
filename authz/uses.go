package authz

import "context"

// RecordUse records that a user used the permissions of an allowed decision today (UTC), for [Engine.UsageOfUser]. It
// does nothing unless [Options.Usage] is on. Guards call it for each request that they let through; call it for a
// decision that you act on yourself. [Engine.Can] records nothing, since handlers also call it for what to show. Where
// one permission is enough, the first that the user holds is recorded.
//
// It does no I/O, waits for nothing, and costs about 12 ns beside a decision of a hundred. It allocates only for the first
// use of a day. Uses are written within about two seconds. While the store can't be reached, each instance keeps up to 65,000; later
// ones are lost. Rightful's own permissions, malformed ones and users that no policy can have are left out.
func (e *Engine) RecordUse(d Decision) {
	if e.usage == nil || !d.Allowed {
		return
	}
	used := d.Permissions
	if d.OneIsEnough && d.first < len(used) {
		used = used[d.first : d.first+1]
	}
	for _, p := range used {
		e.usage.record(d.User, p)
	}
}

// UsageOfUser says when a user last used each of the permissions that they hold in the view. Uses are those that
// [Engine.RecordUse] recorded, on any instance. It reads the store, and returns [ErrStoreUnavailable] if that fails.
//
// With unusedFor, at least 1, only those permissions are listed that are known to be unused on that many days up to
// today, and operations that take them away are proposed. A permission is known to be unused if uses were recorded and
// the user held it on all those days without a break. For that, UsageOfUser reads the changes since then, at most 10,000,
// takes turns with other expensive work and can return [ErrBusy]; see [Admin].
//
// The operations take the user out of groups and revoke the user's own grants, if these were there on all those days too.
// Together they take away unused permissions alone, and give none: a membership whose restrictions would end with it
// stays. A permission stays if another grant or group of the user gives it as well, and that has to stay. Nothing is
// proposed for members of Administrators. Whether an actor may carry out the operations, a dry run tells.
func (e *Engine) UsageOfUser(ctx context.Context, v *View, user UserID, unusedFor int) (Usage, error) {
	uses, err := e.usesOf(ctx, []UserID{user})
	if err != nil {
		return Usage{}, err
	}
	held := recordable(v.PermissionsOf(user))
	if unusedFor < 1 {
		return uses.usage(v, held), nil
	}
	q := unusedQuery{engine: e, view: v, uses: uses, after: uses.today - Day(unusedFor)}
	found, err := q.ofUser(ctx, user, held)
	if err != nil {
		return Usage{}, err
	}
	u := uses.usage(v, found.permissions)
	u.UnknownCount, u.Removal = found.unknown, found.removal
	return u, nil
}

// UsageOfGroup says when a user of the group last used each of the permissions that the group gives in the view, its
// inherited ones included. A user of the group is in it or in a group that inherits it. Through which of their groups or
// grants they held what they used is not recorded: a use counts for all. [ErrNotFound] if there is no such group.
// Otherwise it is like [Engine.UsageOfUser]. For more than 1,000 users of the group, it takes turns with other expensive
// work in any case.
//
// With unusedFor, a permission is known to be unused if uses were recorded and the group gave it on all those days,
// some of the present members were members at their beginning, and no present member used it. The operation that is
// proposed revokes grants of the group, at most 1,000, that were there on all those days and of which no member used
// anything. Nothing is proposed for Administrators.
func (e *Engine) UsageOfGroup(ctx context.Context, v *View, name GroupName, unusedFor int) (Usage, error) {
	g := v.s.group(name)
	if g == nil {
		return Usage{}, ErrNotFound
	}
	members := v.s.usersReachedBy(g)
	if unusedFor > 0 || len(members) > manyListed {
		leave, err := e.gate.enter(ctx)
		if err != nil {
			return Usage{}, err
		}
		defer leave()
	}
	uses, err := e.usesOf(ctx, members)
	if err != nil {
		return Usage{}, err
	}
	given := recordable(v.givenBy(g))
	if unusedFor < 1 {
		u := uses.usage(v, given)
		u.MemberCount = len(members)
		return u, nil
	}
	q := unusedQuery{engine: e, view: v, uses: uses, after: uses.today - Day(unusedFor)}
	found, err := q.ofGroup(ctx, g, members, given)
	if err != nil {
		return Usage{}, err
	}
	u := uses.usage(v, found.permissions)
	u.MemberCount, u.NewMemberCount = len(members), found.newMembers
	u.UnknownCount, u.Removal = found.unknown, found.removal
	return u, nil
}
