package authz

// Admin carries out operations under the rights of one actor and records them as that actor's. Get
// one from [Engine.As] or [Engine.AsCommand]. Its settings return copies, so that
//
//	engine.As("ana").Because("ticket 12").Grant(ctx, "Finance", "finance.reports:export")
//
// reads as it acts.
//
// Every operation returns the [Change] that it made. One that changes nothing returns a Change
// without a revision and leaves no record. Where several errors apply, the first of these is
// returned: [ErrForbidden], [ErrNotFound], [ErrRevisionConflict], [ErrProtectedGroup], [ErrInvalid]
// and [ErrUnknownPermission], [ErrEscalation], the other conflicts, [ErrStoreUnavailable]. Beside an
// error the Change is empty, with one exception: where the store failed so that nobody knows whether
// the change was written, the Change has the revision and the hash that its record would have.
type Admin struct {
	engine   *Engine
	actor    Actor
	channel  string
	reason   string
	versions []Revision
	dryRun   bool
	observe  func(before, after *snapshot, c *Change) // completes the change of a dry run
	at       *snapshot                                // what a dry run starts from, if not the present
}

// As acts under a user's rights.
func (e *Engine) As(user UserID) Admin {
	return Admin{engine: e, actor: Actor{ActorUser, string(user)}, channel: "go"}
}

// AsCommand acts as an administrator for someone with access to the machine. The id says who, as far
// as that is known.
func (e *Engine) AsCommand(id string) Admin {
	return Admin{engine: e, actor: Actor{ActorCommand, id}, channel: "command"}
}

// Because sets the reason that is recorded, at most 500 code points.
func (a Admin) Because(reason string) Admin { a.reason = reason; return a }

// Via sets the channel that is recorded, such as "rest"; "go" when not set.
func (a Admin) Via(channel string) Admin { a.channel = channel; return a }

// IfVersion makes the operation fail with a [*RevisionConflictError] unless the group or
// user is at one of the versions.
func (a Admin) IfVersion(versions ...Revision) Admin { a.versions = versions; return a }

// atStart acts for the engine itself as it opens.
func (e *Engine) atStart(kind ActorKind) Admin {
	return Admin{engine: e, actor: Actor{Kind: kind}, channel: "start"}
}
