package authz

import (
	"context"
	"errors"
	"fmt"
	"time"
)

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
// Imports, reverts, and dry runs with more than 1,000 rules and members in their input take turns with large
// exports and what reads the past, such as [Engine.ViewAt]: as many of them run at once as there are cores but one, at least one. Other
// dry runs, and [Admin.Fixes], do so once they have taken a tenth of a second.
// Callers take turns; see [WithCaller]. The rights are checked first. After waiting for five seconds the operation
// returns [ErrBusy], and nothing was done.
//
// With an error, the Change is empty, with one exception: if the store failed and the engine can't
// find out whether the change was written, the Change has the revision and the hash of its record.
type Admin struct {
	engine   *Engine
	actor    Actor
	channel  string
	reason   string
	versions []Version
	term     term
	dryRun   bool
	observe  func(ctx context.Context, before, after *snapshot, c *Change) error // completes the change of a dry run
	at       *snapshot                                                           // the policy that a dry run starts from; nil for the present
	key      string                                                              // see [Admin.Idempotent]
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

// Until makes the memberships that an operation adds end at a time, cut to the microsecond: for
// [Admin.Assign], [Admin.ChangeMembers] and [Admin.SetUserGroups]. A membership that stands gets that end, unless
// [Admin.ChangeMembers] would shorten it. The zero time makes memberships that don't end. Without Until, a
// membership that stands keeps its end, and a new one doesn't end.
//
// An end must lie in the future, by the store's clock, and within ten years; otherwise the operation fails with
// [ErrInvalid]. From then on no decision counts the membership, within 100 ms, and a change by [ActorClock] removes
// it.
func (a Admin) Until(end time.Time) Admin {
	a.term = term{given: true, until: UntilTime(end)}
	return a
}

// IfVersion makes the operation fail with [ErrRevisionConflict] unless the group or user is at one
// of the versions (see [Group] and [Engine.ViewUser]).
func (a Admin) IfVersion(versions ...Version) Admin { a.versions = versions; return a }

// Idempotent makes repeating a [Admin.Batch] safe: if the same actor has made the same batch with the same key
// within the last 24 hours, on any instance, the change of then is returned and nothing is done. Its View is nil.
// If the actor has made another batch with the key, it is [ErrInvalid]. A batch that failed or changed nothing, and
// a dry run, aren't remembered.
//
// The key is 1 to 255 visible ASCII characters, such as a random UUID. Only a batch can have one.
func (a Admin) Idempotent(key string) Admin { a.key = key; return a }

// maxIdempotencyKey is how many characters an idempotency key can have.
const maxIdempotencyKey = 255

// CheckIdempotencyKey returns an error unless [Admin.Idempotent] accepts the key.
func CheckIdempotencyKey(key string) error {
	if len(key) < 1 || len(key) > maxIdempotencyKey {
		return fmt.Errorf("has %d characters; it must have 1 to %d", len(key), maxIdempotencyKey)
	}
	for _, c := range []byte(key) {
		if c <= ' ' || c > '~' {
			return errors.New("has a character that isn't visible ASCII")
		}
	}
	return nil
}

// atStart returns an Admin for the engine's own changes as it opens.
func (e *Engine) atStart(kind ActorKind) Admin {
	return Admin{engine: e, actor: Actor{Kind: kind}, channel: "start"}
}

// write is an operation to carry out: how to draft its change on a given policy, and where it
// departs from other operations.
type write struct {
	Operation
	// begin runs once, before the first draft and after the rights were checked.
	begin func(context.Context) error
	draft func(*draft) error
	// verify checks the policy that the draft leads to, before the promises are.
	verify func(d *draft, after *snapshot, c *Change) error
	// prepare adds the requirements that depend on the policy, and required returns all of the last draft.
	prepare    func(context.Context, *requirement, *snapshot) error
	required   func() requirement
	milestones func(*Milestones)
	// unchanged does what is left to do if the policy is already as the change would leave it.
	unchanged func(context.Context) error
	// reads adds what the draft reads beside what the operation and its delta name.
	reads func(f footprint, compared bool)
	// commit adjusts what the store writes, where the table already has part of it.
	commit func(*Commit)
}
