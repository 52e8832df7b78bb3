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
	missing := slices.DeleteFunc(withoutDoubles(permissions), func(p Permission) bool { return v.s.can(user, p) })
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

// ViewAt returns the policy as it was at a revision, to ask what was decided then. It is the
// present with every later change undone, which takes some tens of microseconds for each; bound
// it by the context. Versions of groups are not kept. It reads the store. [ErrNoSuchChange] where
// there is no such revision,
// [ErrRecordsDoNotFit] where the policy of that time can't be worked out, because a record is
// gone or because someone wrote to the table past the engine.
func (e *Engine) ViewAt(ctx context.Context, revision Revision) (*View, error) {
	if revision > e.Revision() { // made on another instance a moment ago
		if err := e.Refresh(ctx); err != nil {
			return nil, err
		}
	}
	if revision < 1 || revision > e.Revision() {
		return nil, ErrNoSuchChange
	}
	s, err := e.rewind(ctx, revision)
	if err == nil && s.revision != revision { // the store went back meanwhile
		err = ErrNoSuchChange
	}
	if err != nil {
		return nil, err
	}
	return &View{s: s, catalog: e.catalog}, nil
}

func withoutDoubles[T comparable](list []T) []T {
	var once []T
	for _, x := range list {
		if !slices.Contains(once, x) {
			once = append(once, x)
		}
	}
	return once
}
