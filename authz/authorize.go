package authz

import "context"

// Authorize says whether the actor may try an operation at all, and otherwise returns a
// [*ForbiddenError] with all that is missing. It doesn't look at whether the target exists, and it
// reserves nothing: the engine asks again on the revision that the change is committed onto. For a
// revert it reads the store, and returns [ErrNoSuchChange] where there is no such change.
func (a Admin) Authorize(ctx context.Context, o Operation) error {
	s, required := a.engine.current.Load(), o.requirement(UserID(a.actor.ID))
	if o.Action == ActionChangeRevert {
		r, err := a.reversal(ctx, o.Revision)
		if err != nil {
			return err
		}
		if err := r.prepare(ctx, a, &required, s); err != nil {
			return err
		}
	}
	return a.authorize(s, required)
}
