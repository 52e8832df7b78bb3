package authz

import "context"

// Authorize returns nil if the actor has the permissions to try an operation, otherwise
// [ErrForbidden] with all that are missing. It doesn't check whether the target exists, nor whether
// the actor holds what the operation gives. The operation itself checks again, on the revision that
// it changes. Authorize reads memory alone, except for a revert: then it reads the store, and returns
// [ErrNoSuchChange] if there is no such change. It takes turns then with other expensive work; see [Admin].
func (a Admin) Authorize(ctx context.Context, o Operation) error {
	required := o.requirement(UserID(a.actor.ID))
	if o.Action != ActionChangeRevert {
		return a.authorize(a.engine.counted.Load(), required)
	}
	r, err := a.reversal(ctx, o.Revision)
	if err != nil {
		return err
	}
	leave, err := a.enterFor(ctx)
	if err != nil {
		return err
	}
	defer leave()
	s := a.engine.current.Load() // not before: another instance may have made the change a moment ago
	if err := r.prepare(ctx, a, &required, s); err != nil {
		return err
	}
	return a.authorize(a.engine.counted.Load(), required)
}
