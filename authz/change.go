package authz

import (
	"fmt"
	"slices"
	"time"
)

// Change is one committed change of the policy. In the result of a dry run, Revision, At and Hash are
// zero.
type Change struct {
	Revision Revision
	At       time.Time // UTC, to the microsecond
	Actor    Actor
	Channel  string // "go", "rest", "command", "start", "tables"
	Reason   string
	Action   Action
	Target   string // the group, the user or the reverted revision, in decimal
	Delta    Delta
	Hash     []byte // see [Record]

	// Fault says why the record can't be read, because something outside Rightful altered it. Delta is empty then, and the
	// rest is as it stands in the table. It is "" for every other change.
	Fault string

	// LeftOut is how many lines of an import were left out because their membership has ended. It isn't recorded.
	LeftOut int
	// DroppedEnds is how many memberships an import makes permanent: they had an end, and the file sets none for them,
	// such as one from a program that knows no ends. It isn't recorded.
	DroppedEnds int

	// View is the policy that the operation left, or would leave in a dry run. It is nil for a change that
	// was read from the records, and keeps the whole policy in memory: don't store it.
	View *View
	// Impact says which users gain or lose permissions. It is set only in the result of a dry run;
	// [Admin.Impact] computes it for a recorded change.
	Impact *Impact
}

// Impact says which users gain or lose permissions by a change.
type Impact struct {
	Gains, Losses        []UserImpact // the first 100 of each, by user
	GainCount, LossCount int          // the number of all users who gain or lose something
	// GainSets and LossSets group all these users by what they gain or lose alike: the first 20 sets, those with the
	// most users first.
	GainSets, LossSets []ImpactSet
	// GainSetCount and LossSetCount are the numbers of different sets. At most 1,000 are told apart; users
	// with others are in no set.
	GainSetCount, LossSetCount int
	// RevertNeedsAdministrators is true if the actor lacks the rights to revert the change; see
	// [Admin.Revert].
	RevertNeedsAdministrators bool
}

// UserImpact lists the permissions that one user gains or loses, sorted. A wildcard that covers nothing in the catalog is
// listed itself, such as clients.profiles.*:view for all profiles.
type UserImpact struct {
	User        UserID
	Permissions []Permission
}

// ImpactSet is the permissions that some users gain or lose alike.
type ImpactSet struct {
	Permissions []Permission // sorted
	Users       []UserID     // the first 20, sorted by folded id, then code point
	UserCount   int          // of all
}

// maxImpact is how many users an [Impact] lists; it counts all.
const maxImpact = 100

// record encodes c, still without a hash.
func (c Change) record() (Record, error) {
	delta, err := c.Delta.encode()
	if err != nil {
		return Record{}, fmt.Errorf("encode the change: %w", err)
	}
	if len(delta) > maxDelta {
		return Record{}, fmt.Errorf("the change is too large to be recorded: %d bytes, at most %d", len(delta), maxDelta)
	}
	return Record{
		Revision: c.Revision, At: c.At.UnixMicro(), Actor: c.Actor, Channel: c.Channel,
		Reason: c.Reason, Action: c.Action, Target: c.Target, Delta: delta,
	}, nil
}

// change decodes r.
func (r Record) change() (Change, error) {
	c := Change{
		Revision: r.Revision, At: timeOf(r.At), Actor: r.Actor, Channel: r.Channel,
		Reason: r.Reason, Action: r.Action, Target: r.Target, Hash: r.Hash,
	}
	if len(r.Delta) > maxDelta {
		return Change{}, fmt.Errorf("the record of revision %d is too large: %d bytes", r.Revision, len(r.Delta))
	}
	if err := decodeStrictly(r.Delta, &c.Delta); err != nil {
		return Change{}, fmt.Errorf("the record of revision %d can't be read: %w", r.Revision, err)
	}
	return c, nil
}

// unreadable is the Fault of a [Change].
const unreadable = "the record was altered outside Rightful and can't be read"

// shown is [Record.change] for those who look at changes: one that can't be read is worth showing.
func (r Record) shown() Change {
	c, err := r.change()
	if err != nil {
		r.Delta = []byte("{}")
		c, _ = r.change() // an empty delta can be read
		c.Fault = unreadable
	}
	return c
}

// fault returns [ErrRecordsDoNotFit] for a change whose record can't be read.
func (c Change) fault() error {
	if c.Fault == "" {
		return nil
	}
	return auditFault(c.Revision, c.Fault)
}

// head returns the head of the records after c.
func (c Change) head() Head { return Head{c.Revision, c.Hash} }

// undo returns the policy before the change that led to s.
func (s *snapshot) undo(c Change) (*snapshot, error) {
	err := c.Delta.check()
	if err == nil {
		var before *snapshot
		if before, err = s.apply(update{revision: c.Revision - 1, delta: c.Delta.inverse()}); err == nil {
			return before, nil
		}
	}
	return nil, auditFault(c.Revision, err.Error())
}

// update returns the change as what leads to its snapshot.
func (c Change) update() update {
	return update{revision: c.Revision, hash: c.Hash, at: c.At, actor: c.Actor, delta: c.Delta}
}

// detached returns a copy that shares nothing with c, whose owner may alter it, and that keeps no policy in memory.
func (c Change) detached() Change {
	c.View, c.Impact = nil, nil
	c.Delta = c.Delta.clone()
	c.Delta.Added, c.Delta.Removed = slices.Clone(c.Delta.Added), slices.Clone(c.Delta.Removed)
	c.Hash = slices.Clone(c.Hash)
	return c
}
