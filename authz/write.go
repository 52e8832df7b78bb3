package authz

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rightful-go/rightful/internal/textcheck"
)

// write is an operation on its way: how it drafts the change on a given policy, and what else is
// particular to it.
type write struct {
	Operation
	draft func(*draft) error
	// prepare adds to what is needed where that depends on the policy.
	prepare    func(*requirement, *snapshot) error
	milestones func(*Milestones)
	// commit adjusts what is written where the table already has part of it.
	commit func(*Commit)
}

// do carries out an operation: draft on the present policy, check, commit onto its
// revision, and again from the start when someone else was first.
func (a Admin) do(ctx context.Context, w write) (Change, error) {
	e := a.engine
	limit := e.options.WriteTimeout
	switch w.Action {
	case ActionPolicyImport, ActionPolicySeed, ActionPolicyAdopt, ActionChangeRevert:
		limit *= importFactor
	}
	ctx, cancel := withStoreTimeout(ctx, limit)
	defer cancel()
	if err := e.lock(ctx); err != nil {
		return Change{}, e.busy(err)
	}
	defer e.unlock()
	if e.closed.Load() {
		return Change{}, fmt.Errorf("%w: the engine is closed", ErrStoreUnavailable)
	}
	for compared := false; ; {
		c, err := a.attempt(ctx, w)
		var unwritten *unwrittenError
		switch {
		case errors.Is(err, ErrConflict):
			before := e.current.Load()
			if err = e.refresh(ctx); err == nil && e.current.Load() == before {
				pause(ctx, conflictPause)
			}
			if err == nil && ctx.Err() != nil {
				err = e.busy(ctx.Err())
			}
		case errors.As(err, &unwritten) && compared:
			return Change{}, e.unavailable(ctx, unwritten.cause)
		case errors.As(err, &unwritten): // perhaps the tables aren't what they were, and nobody counted
			compared = true
			err = e.compare(ctx)
		default:
			return c, err
		}
		if err != nil {
			return Change{}, err
		}
	}
}

// unwrittenError is why a commit failed that is known not to have been written.
type unwrittenError struct{ cause error }

func (e *unwrittenError) Error() string { return e.cause.Error() }

// attempt drafts, checks and commits once. It returns [ErrConflict] when someone was first.
func (a Admin) attempt(ctx context.Context, w write) (Change, error) {
	e := a.engine
	before := e.current.Load()
	if a.at != nil {
		before = a.at
	}
	d := a.newDraft(before)
	c := Change{
		Revision: before.revision + 1, At: time.Now().UTC().Truncate(time.Microsecond),
		Actor: a.actor, Channel: a.channel, Reason: a.reason, Action: w.Action, Target: w.target(),
	}
	after, err := a.check(ctx, w, d, &c)
	if err != nil {
		return Change{}, err
	}
	marks := after.milestones
	if w.milestones != nil {
		w.milestones(&marks)
	}
	nothing := c.Delta.isEmpty() && marks == before.milestones
	if nothing && !a.dryRun {
		if err := e.stillAt(ctx, before.position()); err != nil {
			return Change{}, err
		}
	}
	if nothing || a.dryRun {
		c.Revision, c.At = 0, time.Time{}
		if a.dryRun {
			a.observe(before, after, &c)
		}
		return c, nil
	}
	record, err := c.record(before.hash, e.options.RecordKey)
	if err != nil {
		return Change{}, err
	}
	c.Hash, after.hash, after.milestones = record.Hash, record.Hash, marks
	commit := newCommit(after, c.Delta, record)
	commit.Onto = before.position()
	if w.commit != nil {
		w.commit(&commit)
	}
	asked := time.Now()
	if err := e.store.Commit(ctx, commit); err != nil {
		if errors.Is(err, ErrConflict) {
			return Change{}, ErrConflict
		}
		if err := e.settle(ctx, record, err); err != nil {
			return c, err
		}
		e.announce(c)
		return c, nil
	}
	e.swap(after, asked)
	e.announce(c)
	return c, nil
}

// stillAt returns [ErrConflict] when the store has moved on. What is so already by a policy
// that was may not be so by the one that is: a revocation that another instance made
// necessary would be acknowledged and not made.
func (e *Engine) stillAt(ctx context.Context, position Position) error {
	present, err := e.store.Position(ctx)
	switch {
	case err != nil:
		return e.unavailable(ctx, err)
	case !present.equal(position):
		return ErrConflict
	}
	return nil
}

// check drafts the change and holds it against every promise. It returns the policy after.
func (a Admin) check(ctx context.Context, w write, d *draft, c *Change) (*snapshot, error) {
	e, before := a.engine, d.s
	required := w.requirement(UserID(a.actor.ID))
	if w.prepare != nil {
		if err := w.prepare(&required, before); err != nil {
			return nil, err
		}
	}
	if err := a.authorize(a.rights(before), required); err != nil {
		return nil, err
	}
	if err := a.checkVersion(ctx, w.Operation, before); err != nil {
		return nil, err
	}
	if err := textcheck.Check(a.reason, 0, maxReason); err != nil {
		d.invalid("", fmt.Errorf("the reason %w", err))
	}
	if err := w.draft(d); err != nil {
		return nil, err
	}
	if err := d.inputErr(); err != nil {
		return nil, err
	}
	c.Delta = d.sortedDelta()
	after, err := before.apply(*c)
	if err != nil {
		return nil, fmt.Errorf("this is a fault of Rightful's: %w", err)
	}
	if err := checkInheritance(after, c.Delta); errors.Is(err, ErrInvalid) {
		if w.Action != ActionChangeRevert {
			return nil, err
		}
		d.obstacle("it would make a chain of inheritance too long: %v", err) // nobody sent a value
	} else if err != nil && d.conflict == nil {
		d.conflict = err
	}
	if a.actor.Kind == ActorUser {
		if err := checkEscalation(a.rights(before), before, after, UserID(a.actor.ID), c.Delta); err != nil {
			return nil, err
		}
	}
	if d.conflict != nil {
		return nil, d.conflict
	}
	if err := checkPromises(before, after); err != nil {
		return nil, err
	}
	return after, checkLeaving(ctx, e.options.Directory, after, a.actor, c.Delta)
}

// rights returns the policy by which the actor acts: the present one where the past is asked.
func (a Admin) rights(before *snapshot) *snapshot {
	if a.at != nil {
		return a.engine.current.Load()
	}
	return before
}

// authorize checks that a user who acts has what is required.
func (a Admin) authorize(s *snapshot, r requirement) error {
	if a.actor.Kind != ActorUser {
		return nil
	}
	if a.engine.expired() {
		return fmt.Errorf("%w: the policy is older than the host allows", ErrStoreUnavailable)
	}
	view := &View{s: s, catalog: a.engine.catalog}
	return view.lacks(UserID(a.actor.ID), r)
}

func (a Admin) newDraft(s *snapshot) *draft {
	return &draft{s: s, catalog: a.engine.catalog, actor: a.actor, creates: map[GroupName]bool{}}
}

// checkVersion compares the version of what the operation is about, if the caller named one.
func (a Admin) checkVersion(ctx context.Context, o Operation, s *snapshot) error {
	if o.User == "" {
		g := s.group(o.Group)
		if o.Group != "" && g == nil && o.Action != ActionGroupCreate {
			return ErrNotFound
		}
		if len(a.versions) > 0 && a.at == nil && g != nil && !slices.Contains(a.versions, g.version) {
			return revisionConflict(g.version)
		}
		return nil
	}
	if len(a.versions) == 0 || a.at != nil { // of the past no versions are kept
		return nil
	}
	version, err := a.engine.userVersion(ctx, o.User)
	if err != nil {
		return err
	}
	if !slices.Contains(a.versions, version) {
		return revisionConflict(version)
	}
	return nil
}

// userVersion returns the revision at which the user's groups or rules last changed.
func (e *Engine) userVersion(ctx context.Context, id UserID) (Revision, error) {
	version, err := e.store.UserVersion(ctx, id)
	if err != nil {
		return 0, e.unavailable(ctx, err)
	}
	return version, nil
}

// ViewUser returns a view together with the version that the user has in it.
func (e *Engine) ViewUser(ctx context.Context, id UserID) (*View, Revision, error) {
	for range 3 {
		v := e.View()
		version, err := e.userVersion(ctx, id)
		if err != nil {
			return nil, 0, err
		}
		if version <= v.s.revision {
			return v, version, nil
		}
		if err := e.Refresh(ctx); err != nil { // another instance changed the user meanwhile
			return nil, 0, err
		}
	}
	return nil, 0, fmt.Errorf("%w: the versions of users are ahead of the policy", ErrStoreUnavailable)
}

// settle finds out whether a commit whose answer was lost was written after all.
func (e *Engine) settle(ctx context.Context, r Record, cause error) error {
	ctx, cancel := withStoreTimeout(context.WithoutCancel(ctx), e.options.WriteTimeout)
	defer cancel()
	records, err := e.store.Since(ctx, r.Revision-1, 1)
	switch {
	case err != nil:
		return e.unavailable(ctx, cause)
	case len(records) == 0:
		return &unwrittenError{cause}
	case string(records[0].Hash) != string(r.Hash):
		return ErrConflict // not ours: someone else was first
	}
	return e.refresh(ctx)
}
