package authz

import "context"

// Revert undoes the change that made a revision, all or nothing, as a new change to the present
// policy. It removes the rules that the change added and restores those that it removed. It deletes
// the groups that the change created, restores those that it deleted, and gives back names and
// descriptions. Groups that were renamed since are followed, and the rights to assign a group's
// members follow their group. Reverting twice is no error: the second time nothing changes.
//
// A revert doesn't undo later changes. Where these prevent it, it returns [ErrCannotRevert], which
// lists every obstacle:
//
//   - A group to delete, rename or describe as before was altered since, or a group that should get
//     something back was deleted since.
//   - The name that a group should get back is taken.
//   - A rule that replaced another was itself replaced since.
//   - A rule to restore names a permission that the catalog doesn't have.
//   - The change removed quarantined rows, which can't be restored.
//   - The record of the change can't be read.
//
// It returns [ErrNoSuchChange] if there is no such change, and [ErrProtectedGroup] for a change that
// altered Administrators itself, such as the first of a store. The actor needs [ViewChanges] and the
// permissions for every operation that the revert consists of, and must hold what it gives or lifts.
// It may take twelve times [Options.WriteTimeout].
func (a Admin) Revert(ctx context.Context, revision Revision) (Change, error) {
	ctx, cancel := withStoreTimeout(ctx, importFactor*a.engine.options.WriteTimeout)
	defer cancel()
	r, err := a.reversal(ctx, revision)
	if err != nil {
		return Change{}, err
	}
	var last requirement
	return a.do(ctx, write{
		Operation: Operation{Action: ActionChangeRevert, Revision: revision},
		prepare: func(ctx context.Context, required *requirement, s *snapshot) error {
			err := r.prepare(ctx, a, required, s)
			last = *required
			return err
		},
		required: func() requirement { return last },
		draft:    r.draft,
		reads:    r.reads,
	})
}

// reversal reads the change to revert, after it checked that the actor may see changes: others must
// not find out which exist.
func (a Admin) reversal(ctx context.Context, revision Revision) (*reversal, error) {
	e := a.engine
	if err := a.authorize(e.counted.Load(), Operation{Action: ActionChangeRevert}.requirement(UserID(a.actor.ID))); err != nil {
		return nil, err
	}
	c, err := e.Change(ctx, revision)
	switch {
	case err != nil:
		return nil, err
	case c.Fault != "":
		return nil, &Error{Kind: ErrCannotRevert, Faults: []Fault{{Detail: c.Fault}}, Count: 1}
	}
	if revision > e.revision() { // made on another instance a moment ago
		if err := e.Refresh(ctx); err != nil {
			return nil, err
		}
	}
	r := &reversal{change: c, history: newGroupHistory(revision)}
	r.wantEnds()
	return r, nil
}

// prepare follows the groups of the change to a snapshot, and adds the requirements of the revert
// there.
func (r *reversal) prepare(ctx context.Context, a Admin, required *requirement, s *snapshot) error {
	if s.revision < r.change.Revision { // a dry run on a policy before the change
		return ErrNoSuchChange
	}
	if err := a.engine.followGroups(ctx, r.history, s.revision); err != nil {
		return err
	}
	r.require(required, a.actor)
	return nil
}
