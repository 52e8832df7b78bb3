package authz

import (
	"context"
	"maps"
	"slices"
)

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
	return a.do(ctx, operation{
		action: ActionChangeRevert, revision: revision,
		prepare: func(o *operation, s *snapshot) error { return r.prepare(ctx, a, o, s) },
		draft:   r.draft,
	})
}

// MayRevert says whether the actor may try to revert a change, and otherwise returns a
// [*ForbiddenError] with all that is missing; [ErrNoSuchChange] if there is none. It is to
// [Admin.Revert] what [View.Authorize] is to the other operations.
func (a Admin) MayRevert(ctx context.Context, revision Revision) error {
	r, err := a.reversal(ctx, revision)
	if err != nil {
		return err
	}
	o, s := operation{action: ActionChangeRevert}, a.engine.current.Load()
	if err := r.prepare(ctx, a, &o, s); err != nil {
		return err
	}
	return a.authorize(s, o)
}

// reversal is a change that is to be reverted, and what became of its groups.
type reversal struct {
	change  Change
	history *groupHistory
}

// reversal reads the change, for whoever may know whether there is one.
func (a Admin) reversal(ctx context.Context, revision Revision) (*reversal, error) {
	e := a.engine
	if err := a.authorize(e.current.Load(), operation{action: ActionChangeRevert}); err != nil {
		return nil, err
	}
	c, err := e.Change(ctx, revision)
	if err != nil {
		return nil, err
	}
	if revision > e.Revision() { // made on another instance a moment ago
		if err := e.Refresh(ctx); err != nil {
			return nil, err
		}
	}
	return &reversal{c, newGroupHistory(revision)}, nil
}

// prepare follows the groups up to a snapshot, and adds to the operation what the inverse
// needs there.
func (r *reversal) prepare(ctx context.Context, a Admin, o *operation, s *snapshot) error {
	if s.revision < r.change.Revision { // asked of a policy before it
		return ErrNoSuchChange
	}
	if err := a.engine.followGroups(ctx, r.history, s.revision); err != nil {
		return err
	}
	o.needs, o.moves = r.rights(a.actor)
	return nil
}

// rights lists what the operations need that make the inverse up, and the groups for whose
// members the right to assign will do instead of [UpdateUsers].
func (r *reversal) rights(actor Actor) (needs []Permission, moves []GroupName) {
	all, moved, own := map[Permission]bool{ViewGroups: true}, map[GroupName]bool{}, map[GroupName]bool{}
	for _, g := range r.change.Delta.Groups {
		switch {
		case g.Before == nil:
			all[DeleteGroups], own[g.After.Name] = true, true
		case g.After == nil:
			all[CreateGroups], own[g.Before.Name] = true, true
		default:
			all[UpdateGroups] = true
		}
	}
	for _, rule := range slices.Concat(r.change.Delta.Added, r.change.Delta.Removed) {
		if r.goesAlong(rule) {
			continue
		}
		group, isGroup := rule.Subject.Group()
		switch {
		case isGroup && own[group]: // made or deleted with its rules
		case isGroup:
			all[UpdateGroups] = true
		case rule.Kind == KindMember && rule.Subject != Subject(actor.ID):
			all[ViewUsers] = true
			now, _ := r.history.now(rule.Group)
			moved[now] = true // a group that is gone nobody may assign
		default:
			all[ViewUsers], all[UpdateUsers] = true, true
		}
	}
	return slices.Sorted(maps.Keys(all)), slices.Sorted(maps.Keys(moved))
}

// goesAlong reports whether a rule is a right to assign that goes where its group goes: with
// a new name, or with a group that is deleted again.
func (r *reversal) goesAlong(rule Rule) bool {
	name, ok := assigns(rule.Pattern)
	return ok && slices.ContainsFunc(r.change.Delta.Groups, func(g GroupChange) bool {
		switch {
		case g.After == nil:
			return false
		case g.Before == nil:
			return g.After.Name == name && rule.Subject != name.Subject()
		}
		return g.Before.Name != g.After.Name && (g.Before.Name == name || g.After.Name == name)
	})
}

// succession follows the groups of one revision through what became of them since.
type groupHistory struct {
	revision Revision                // up to which they were followed
	origin   map[GroupName]GroupName // by present name; "" for a group made since, absent where it is the same
	names    map[GroupName]GroupName // the present ones; "" for a group deleted since, absent where it is the same
}

func newGroupHistory(revision Revision) *groupHistory {
	return &groupHistory{revision, map[GroupName]GroupName{}, map[GroupName]GroupName{}}
}

// now returns the present name of a group, and false if it was deleted since.
func (s *groupHistory) now(name GroupName) (GroupName, bool) {
	if now, changed := s.names[name]; changed {
		return now, now != ""
	}
	return name, true
}

// note takes in what the next change did to a group.
func (s *groupHistory) note(g GroupChange) {
	if g.Before == nil {
		s.origin[g.After.Name] = ""
		return
	}
	origin, known := s.origin[g.Before.Name]
	if !known {
		origin = g.Before.Name
	}
	delete(s.origin, g.Before.Name)
	now := GroupName("")
	if g.After != nil {
		now = g.After.Name
		s.origin[now] = origin
	}
	if origin != "" {
		s.names[origin] = now
	}
}

// follows reads what became of groups up to a revision.
func (e *Engine) followGroups(ctx context.Context, s *groupHistory, to Revision) error {
	for s.revision < to {
		records, err := e.recordsAfter(ctx, s.revision)
		if err != nil {
			return err
		}
		for _, record := range records {
			if s.revision == to {
				break
			}
			c, err := record.Change()
			if err != nil {
				return err
			}
			for _, g := range c.Delta.Groups {
				s.note(g)
			}
			s.revision = record.Revision
		}
	}
	return nil
}

// mayRevert reports whether the actor has the rights to revert a change, that to give what
// comes back included. What else stands in the way isn't asked.
func (a Admin) mayRevert(s *snapshot, r *reversal) bool {
	actor := UserID(a.actor.ID)
	if a.actor.Kind != ActorUser || s.isAdministrator(actor) {
		return true
	}
	o := operation{action: ActionChangeRevert}
	o.needs, o.moves = r.rights(a.actor)
	if a.authorize(s, o) != nil {
		return false
	}
	d := a.newDraft(s)
	if r.draft(d) != nil { // protected, whoever asks
		return true
	}
	c := Change{Revision: s.revision + 1, Delta: d.finish()}
	after, err := s.apply(c)
	return err == nil && checkEscalation(s, s, after, actor, c.Delta) == nil
}
