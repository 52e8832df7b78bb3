package authz

import (
	"context"
	"slices"
	"time"
)

// Losses say when a user stopped holding what they don't hold.
type Losses struct {
	List []Loss // in the order asked; what was never held isn't in it
	// Since is the earliest revision that was looked at, 0 where all were: what isn't listed
	// wasn't held from then on.
	Since Revision
}

// Loss is the last change by which a user stopped holding a permission.
type Loss struct {
	Permission Permission
	Revision   Revision
	At         time.Time
	Actor      Actor
	Channel    string
	Reason     string
}

// maxLookBack bounds how many changes [Engine.Lost] undoes: about a second at a million users.
const maxLookBack = 10_000

// Lost says of each permission that the user doesn't hold in the view when they last stopped
// holding it. It undoes the changes before the view one by one, in memory, until all are found,
// at most 10,000 of them. It reads the store; [ErrRecordsDoNotFit] where the policies of the
// past can't be worked out.
func (e *Engine) Lost(ctx context.Context, v *View, user UserID, permissions ...Permission) (Losses, error) {
	missing := slices.DeleteFunc(distinct(permissions), func(p Permission) bool { return v.s.can(user, p) })
	losses := Losses{Since: v.s.revision}
	if len(missing) == 0 || v.s.revision == 0 {
		return losses, nil
	}
	found := map[Permission]Loss{}
	undone := 0
	err := e.undoEach(ctx, v.s, func(c Change, before *snapshot) bool {
		for _, p := range missing {
			if _, known := found[p]; !known && before.can(user, p) {
				found[p] = Loss{p, c.Revision, c.At, c.Actor, c.Channel, c.Reason}
			}
		}
		losses.Since = before.revision
		undone++
		return undone < maxLookBack && len(found) < len(missing)
	})
	for _, p := range missing {
		if loss, ok := found[p]; ok {
			losses.List = append(losses.List, loss)
		}
	}
	return losses, err
}

// AllowedSince reports whether the policy of a view lets the user of a denial do what they
// were denied, and since which revision: that of the change by which it began to. It undoes the
// changes since the denial, at most 10,000 of them; the revision is 0 where that many don't
// tell, and where the user was never denied it by the policies since. It reads the store.
// Where that fails, or the policies of the past can't be worked out ([ErrRecordsDoNotFit]), what
// it says of the view is right all the same.
func (e *Engine) AllowedSince(ctx context.Context, v *View, d Denial) (allowed bool, since Revision, err error) {
	if v.expired || !d.allowedBy(v.s) {
		return false, 0, nil
	}
	if v.s.revision <= d.Revision {
		return true, 0, nil
	}
	undone := 0
	err = e.undoEach(ctx, v.s, func(c Change, before *snapshot) bool {
		if !d.allowedBy(before) {
			since = c.Revision
			return false
		}
		undone++
		return undone < maxLookBack && before.revision > d.Revision
	})
	return true, since, err
}

func (d Denial) allowedBy(s *snapshot) bool {
	if !d.OneIsEnough {
		return len(d.Required) > 0 && s.canAll(d.User, d.Required)
	}
	for _, p := range d.Required {
		if s.can(d.User, p) {
			return true
		}
	}
	return false
}
