package authz

// Admin carries out operations with the rights of one actor and records them under that actor. Get
// one from [Engine.As] or [Engine.AsCommand]. Its settings return copies, so they can be chained:
//
//	engine.As("ana").Because("ticket 12").Grant(ctx, "Finance", "finance.reports:export")
//
// Every operation returns the [Change] that it made. An operation that changes nothing returns a
// Change without a revision and leaves no record. Where several errors apply, the first of these is
// returned: [ErrForbidden], [ErrNotFound], [ErrRevisionConflict], [ErrProtectedGroup], [ErrInvalid]
// and [ErrUnknownPermission], [ErrEscalation], the other conflicts, [ErrStoreUnavailable].
//
// With an error, the Change is empty, with one exception: if the store failed and the engine can't
// find out whether the change was written, the Change has the revision and the hash of its record.
type Admin struct {
	engine   *Engine
	actor    Actor
	channel  string
	reason   string
	versions []Revision
	dryRun   bool
	observe  func(before, after *snapshot, c *Change) // completes the change of a dry run
	at       *snapshot                                // the policy that a dry run starts from; nil for the present
}

// As returns an Admin with the rights of a user.
func (e *Engine) As(user UserID) Admin {
	return Admin{engine: e, actor: Actor{ActorUser, string(user)}, channel: "go"}
}

// AsCommand returns an Admin with an administrator's rights, for an operator with access to the
// machine. The id is recorded as the operator's name; it may be empty.
func (e *Engine) AsCommand(id string) Admin {
	return Admin{engine: e, actor: Actor{ActorCommand, id}, channel: "command"}
}

// Because sets the reason to record, at most 500 code points. A longer reason, or one with
// invisible characters, makes the operation fail with [ErrInvalid].
func (a Admin) Because(reason string) Admin { a.reason = reason; return a }

// Via sets the channel to record, such as "rest"; the default is "go", or "command" after
// [Engine.AsCommand].
func (a Admin) Via(channel string) Admin { a.channel = channel; return a }

// IfVersion makes the operation fail with [ErrRevisionConflict] unless the group or user is at one
// of the versions (see [Group] and [Engine.ViewUser]).
func (a Admin) IfVersion(versions ...Revision) Admin { a.versions = versions; return a }

// atStart returns an Admin for the engine's own changes as it opens.
func (e *Engine) atStart(kind ActorKind) Admin {
	return Admin{engine: e, actor: Actor{Kind: kind}, channel: "start"}
}

// write is an operation to carry out: how to draft its change on a given policy, and where it
// departs from other operations.
type write struct {
	Operation
	draft func(*draft) error
	// prepare adds the requirements that depend on the policy.
	prepare    func(*requirement, *snapshot) error
	milestones func(*Milestones)
	// commit adjusts what the store writes, where the table already has part of it.
	commit func(*Commit)
}
