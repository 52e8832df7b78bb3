package authz

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Admin carries out operations under the rights of one actor, on record as theirs. Get one
// from [Engine.As] or [Engine.AsCommand]; its methods return copies, so that
//
//	engine.As("ana").Because("ticket 12").Grant(ctx, "Finance", "finance.reports:export")
//
// reads as it acts. Every operation returns the [Change] that it made; one that changes
// nothing returns a Change without a revision and leaves no record. The errors are those of
// the package, in this order: [ErrForbidden], [ErrNotFound], [ErrRevisionConflict],
// [ErrProtectedGroup], [ErrInvalid] and [ErrUnknownPermission], [ErrEscalation], the other
// conflicts, [ErrStoreUnavailable].
type Admin struct {
	engine   *Engine
	actor    Actor
	channel  string
	reason   string
	versions []Revision
	dryRun   bool
	observe  func(before, after *snapshot, d Delta) // of a dry run
	at       *snapshot                              // what a dry run starts from, if not the present
	then     func(*View)
}

// As acts under a user's rights.
func (e *Engine) As(user UserID) Admin {
	return Admin{engine: e, actor: Actor{ActorUser, string(user)}, channel: "go"}
}

// AsCommand acts for someone who has the machine, as an administrator. The id says who, as
// far as that is known.
func (e *Engine) AsCommand(id string) Admin {
	return Admin{engine: e, actor: Actor{ActorCommand, id}, channel: "command"}
}

// Because sets the reason that goes on record, at most 500 code points.
func (a Admin) Because(reason string) Admin { a.reason = reason; return a }

// Via names the channel that goes on record, such as "rest"; "go" when not set.
func (a Admin) Via(channel string) Admin { a.channel = channel; return a }

// IfVersion makes the operation fail with a [*RevisionConflictError] unless the group or
// user is at one of the versions.
func (a Admin) IfVersion(versions ...Revision) Admin { a.versions = versions; return a }

// DryRun makes every check and returns the change that would be made, without making it.
func (a Admin) DryRun() Admin { a.dryRun = true; return a }

// Then has f called with the policy as the operation leaves it, before this engine's next
// change: for whoever answers with what they changed. It isn't called for an operation that
// fails, nor for a dry run, and must not change anything itself.
func (a Admin) Then(f func(*View)) Admin { a.then = f; return a }

// operation is one administrators' operation: what it is, what it is about, and how it
// drafts the change on a given policy.
type operation struct {
	action Action
	group  GroupName // the group it is about, if one
	user   UserID    // the user it is about, if one
	// revision is that of the change it is about, if one.
	revision   Revision
	draft      func(*draft) error
	milestones func(*Milestones)
	// needs are rights beyond those of the action; administrators alone where that is set.
	needs          []Permission
	administrators bool
	// moves are groups for whose members the right to assign does instead of UpdateUsers.
	moves []GroupName
	// prepare adds what can only be said of a given policy.
	prepare func(*operation, *snapshot) error
	// commit adjusts what is written where the table already has part of it.
	commit func(*Commit)
}

func (o operation) target() string {
	switch {
	case o.user != "":
		return string(o.user)
	case o.revision != 0:
		return strconv.FormatInt(int64(o.revision), 10)
	}
	return string(o.group)
}

// do carries out an operation: draft on the present policy, check, commit onto its
// revision, and again from the start when someone else was first.
func (a Admin) do(ctx context.Context, o operation) (Change, error) {
	e := a.engine
	limit := e.options.WriteTimeout
	switch o.action {
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
		c, err := a.attempt(ctx, o)
		if err == nil && a.then != nil && !a.dryRun {
			a.then(e.View()) // nobody else has a turn yet
		}
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

// busy is the error of an operation that got no turn in time.
func (e *Engine) busy(err error) error {
	return fmt.Errorf("%w in time: another change is still being written (%w)", ErrStoreUnavailable, err)
}

// attempt drafts, checks and commits once. It returns [ErrConflict] when someone was first.
func (a Admin) attempt(ctx context.Context, o operation) (Change, error) {
	e := a.engine
	before := e.current.Load()
	if a.at != nil {
		before = a.at
	}
	d := a.newDraft(before)
	c := Change{
		Revision: before.revision + 1, At: time.Now().UTC().Truncate(time.Microsecond),
		Actor: a.actor, Channel: a.channel, Reason: a.reason, Action: o.action, Target: o.target(),
	}
	after, err := a.check(ctx, o, d, &c)
	if err != nil {
		return Change{}, err
	}
	if a.dryRun && a.observe != nil {
		a.observe(before, after, c.Delta)
	}
	marks := after.milestones
	if o.milestones != nil {
		o.milestones(&marks)
	}
	nothing := c.Delta.IsEmpty() && marks == before.milestones
	if nothing && !a.dryRun {
		if err := e.stillAt(ctx, before.position()); err != nil {
			return Change{}, err
		}
	}
	if nothing || a.dryRun {
		return Change{Actor: c.Actor, Channel: c.Channel, Reason: c.Reason, Action: c.Action, Target: c.Target, Delta: c.Delta}, nil
	}
	record, err := c.record(before.hash, e.options.RecordKey)
	if err != nil {
		return Change{}, err
	}
	c.Hash, after.hash, after.milestones = record.Hash, record.Hash, marks
	commit := newCommit(after, c.Delta, record)
	commit.Onto = before.position()
	if o.commit != nil {
		o.commit(&commit)
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
func (a Admin) check(ctx context.Context, o operation, d *draft, c *Change) (*snapshot, error) {
	e, before := a.engine, d.s
	if o.prepare != nil {
		if err := o.prepare(&o, before); err != nil {
			return nil, err
		}
	}
	if err := a.authorize(a.rights(before), o); err != nil {
		return nil, err
	}
	if err := a.checkVersion(ctx, o, before); err != nil {
		return nil, err
	}
	if err := checkText(a.reason, 0, maxReason); err != nil {
		d.invalid("", fmt.Errorf("the reason %w", err))
	}
	if err := o.draft(d); err != nil {
		return nil, err
	}
	if err := d.faults(); err != nil {
		return nil, err
	}
	c.Delta = d.finish()
	after, err := before.apply(*c)
	if err != nil {
		return nil, fmt.Errorf("this is a fault of Rightful's: %w", err)
	}
	if err := checkInheritance(after, c.Delta); errors.Is(err, ErrInvalid) {
		if o.action != ActionChangeRevert {
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
	return after, e.checkLeaving(ctx, after, a.actor, c.Delta)
}

// rights returns the policy by which the actor acts: the present one where the past is asked.
func (a Admin) rights(before *snapshot) *snapshot {
	if a.at != nil {
		return a.engine.current.Load()
	}
	return before
}

// authorize checks the rights of a user who acts.
func (a Admin) authorize(s *snapshot, o operation) error {
	if a.actor.Kind != ActorUser {
		return nil
	}
	if a.engine.expired() {
		return fmt.Errorf("%w: the policy is older than the host allows", ErrStoreUnavailable)
	}
	view := &View{s: s, catalog: a.engine.catalog}
	return view.authorize(UserID(a.actor.ID), o)
}

func (a Admin) newDraft(s *snapshot) *draft {
	return &draft{s: s, catalog: a.engine.catalog, actor: a.actor, makes: map[GroupName]bool{}}
}

// checkVersion compares the version of what the operation is about, if the caller named one.
func (a Admin) checkVersion(ctx context.Context, o operation, s *snapshot) error {
	if o.user == "" {
		g := s.group(o.group)
		if o.group != "" && g == nil && o.action != ActionGroupCreate {
			return ErrNotFound
		}
		if len(a.versions) > 0 && a.at == nil && g != nil && !slices.Contains(a.versions, g.version) {
			return &RevisionConflictError{Version: g.version}
		}
		return nil
	}
	if len(a.versions) == 0 || a.at != nil { // of the past no versions are kept
		return nil
	}
	version, err := a.engine.userVersion(ctx, o.user)
	if err != nil {
		return err
	}
	if !slices.Contains(a.versions, version) {
		return &RevisionConflictError{Version: version}
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

// newCommit says what the store is to write for a change.
func newCommit(after *snapshot, d Delta, record Record) Commit {
	c := Commit{Record: record, Milestones: after.milestones}
	for _, g := range d.Groups {
		switch {
		case g.After == nil:
			c.DeleteGroups = append(c.DeleteGroups, g.Before.Name)
		case g.Before != nil && g.Before.Name != g.After.Name:
			c.Renames = append(c.Renames, Rename{g.Before.Name, g.After.Name})
		}
	}
	for _, r := range d.Removed {
		c.RemoveRows = append(c.RemoveRows, r.row())
	}
	for _, r := range d.Added {
		c.AddRows = append(c.AddRows, r.row())
	}
	for _, g := range after.groups {
		if g != nil && g.version == after.revision {
			c.PutGroups = append(c.PutGroups, GroupRow{
				GroupInfo: g.info, Version: g.version, UpdatedAt: g.updatedAt.UnixMicro(), UpdatedBy: g.updatedBy,
			})
		}
	}
	for id := range userMoves(d) {
		c.Users = append(c.Users, id)
	}
	slices.Sort(c.Users)
	return c
}

// announce tells the log and the other instances of a change that counts on this one.
func (e *Engine) announce(c Change) {
	e.log.Info("policy changed", "revision", c.Revision, "actor_kind", c.Actor.Kind, "actor", c.Actor.ID,
		"channel", c.Channel, "action", c.Action, "target", c.Target,
		"added", len(c.Delta.Added), "removed", len(c.Delta.Removed), "head", hex.EncodeToString(c.Hash))
	if e.options.Notifier == nil {
		return
	}
	e.tasks.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), e.options.WriteTimeout)
		defer cancel()
		if err := e.options.Notifier.Publish(ctx, c.Revision); err != nil {
			e.log.Warn("the other instances could not be notified; they poll", "revision", c.Revision, "error", err)
		}
	})
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
