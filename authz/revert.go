package authz

import "context"

// Revert applies the inverse of the change that made a revision to the present policy, all or
// nothing, as a change of its own: rules that it added go, rules that it removed come back,
// and groups that it made, deleted, renamed or described anew are again as they were. It names
// groups as they are called now, and the right to assign a group's members goes where the
// group goes.
//
// What is so already is no error, so that reverting twice changes nothing the second time.
// What was built on the change since is not pulled down with it: then the error is a
// [*CannotRevertError] that lists everything in the way.
//
//   - A group that is to be deleted, renamed or described as before was altered since, or one
//     that is to get something back was deleted since.
//   - A name that is to come back is taken.
//   - A rule that was put in place of another has itself made way for something else.
//   - A rule that is to come back names a permission that the catalog lacks.
//   - Rows that were no rules don't come back.
//
// [ErrNoSuchChange] if there is none. Needs [ViewChanges], what the operations need that make
// the inverse up, and what it gives or lifts. A change that altered Administrators itself,
// such as the first of a store, is [ErrProtectedGroup].
func (a Admin) Revert(ctx context.Context, revision Revision) (Change, error) {
	ctx, cancel := withStoreTimeout(ctx, importFactor*a.engine.options.WriteTimeout)
	defer cancel()
	r, err := a.reversal(ctx, revision)
	if err != nil {
		return Change{}, err
	}
	return a.do(ctx, write{
		Operation: Operation{Action: ActionChangeRevert, Revision: revision},
		prepare:   func(required *requirement, s *snapshot) error { return r.prepare(ctx, a, required, s) },
		draft:     r.draft,
	})
}

// reversal reads the change, for whoever may know whether there is one.
func (a Admin) reversal(ctx context.Context, revision Revision) (*reversal, error) {
	e := a.engine
	if err := a.authorize(e.current.Load(), Operation{Action: ActionChangeRevert}.requirement(UserID(a.actor.ID))); err != nil {
		return nil, err
	}
	c, err := e.Change(ctx, revision)
	if err != nil {
		return nil, err
	}
	if revision > e.revision() { // made on another instance a moment ago
		if err := e.Refresh(ctx); err != nil {
			return nil, err
		}
	}
	return &reversal{c, newGroupHistory(revision)}, nil
}

// prepare follows the groups up to a snapshot, and adds to the operation what the inverse
// needs there.
func (r *reversal) prepare(ctx context.Context, a Admin, required *requirement, s *snapshot) error {
	if s.revision < r.change.Revision { // asked of a policy before it
		return ErrNoSuchChange
	}
	if err := a.engine.followGroups(ctx, r.history, s.revision); err != nil {
		return err
	}
	r.require(required, a.actor)
	return nil
}
