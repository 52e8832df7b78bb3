package authz

import (
	"context"
	"slices"
	"time"
)

// Losses are the changes by which a user lost permissions; see [Engine.Lost].
type Losses struct {
	List []Loss // in the order asked, without the permissions for which no loss was found
	// Since is the earliest revision that was examined, 0 for the whole history. A permission that
	// isn't listed was not held at that revision or later.
	Since Revision
}

// Loss is the last change by which a user lost a permission.
type Loss struct {
	Permission Permission
	Revision   Revision
	At         time.Time
	Actor      Actor
	Channel    string
	Reason     string
}

// maxLookBack bounds how many changes [Engine.Lost] undoes, to about a second with a million users.
const maxLookBack = 10_000

// Lost finds, for each of the permissions that the user doesn't hold in the view, the change by which
// they last lost it. It reads the store and undoes the changes before the view one by one, at most
// 10,000 of them, until all losses are found. It returns [ErrRecordsDoNotFit] if a past policy can't
// be restored; the losses found until then are returned with the error. It takes turns with other expensive
// work and can return [ErrBusy]; see [Admin].
func (e *Engine) Lost(ctx context.Context, v *View, user UserID, permissions ...Permission) (Losses, error) {
	recorded := v.s.inRecords() // what it allows has ended at most, and no change has removed it yet
	missing := slices.DeleteFunc(distinct(permissions), func(p Permission) bool { return v.s.can(user, p) || recorded.can(user, p) })
	losses := Losses{Since: v.s.revision}
	if len(missing) == 0 || v.s.revision == 0 {
		return losses, nil
	}
	leave, err := e.gate.enter(ctx)
	if err != nil {
		return losses, err
	}
	defer leave()
	found := map[Permission]Loss{}
	undone := 0
	err = e.undoEach(ctx, v.s.inRecords(), func(c Change, before *snapshot) bool {
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

// AllowedSince reports whether the policy of the view allows what a denial refused, and the revision
// of the change that last made it allowed. It reads the store and undoes the changes since the denial,
// at most 10,000 of them. The revision is 0 if these don't include that change, as when the policy of
// the denial allows it too. It takes turns with other expensive work; see [Admin]. If it waits too long for
// them ([ErrBusy]), the store can't be read or a past policy can't be restored ([ErrRecordsDoNotFit]), allowed is
// still correct.
func (e *Engine) AllowedSince(ctx context.Context, v *View, d Denial) (allowed bool, since Revision, err error) {
	if v.expired || !d.allowedBy(v.s) {
		return false, 0, nil
	}
	if v.s.revision <= d.Revision {
		return true, 0, nil
	}
	leave, err := e.gate.enter(ctx)
	if err != nil {
		return true, 0, err
	}
	defer leave()
	undone := 0
	err = e.undoEach(ctx, v.s.inRecords(), func(c Change, before *snapshot) bool {
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
