package authz

import (
	"encoding/json"
	"fmt"
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
	// RevertNeedsAdministrators is true if the actor lacks the rights to revert the change; see
	// [Admin.Revert].
	RevertNeedsAdministrators bool
}

// UserImpact lists the permissions that one user gains or loses, sorted.
type UserImpact struct {
	User        UserID
	Permissions []Permission
}

// maxImpact is how many users an [Impact] lists; it counts all.
const maxImpact = 100

// record encodes c. Before is the hash of the previous record.
func (c Change) record(before, key []byte) (Record, error) {
	delta, err := json.Marshal(c.Delta)
	if err != nil {
		return Record{}, fmt.Errorf("encode the change: %w", err)
	}
	r := Record{
		Revision: c.Revision, At: c.At.UnixMicro(), Actor: c.Actor, Channel: c.Channel,
		Reason: c.Reason, Action: c.Action, Target: c.Target, Delta: delta,
	}
	r.Hash = r.sum(before, key)
	return r, nil
}

// change decodes r.
func (r Record) change() (Change, error) {
	c := Change{
		Revision: r.Revision, At: time.UnixMicro(r.At).UTC(), Actor: r.Actor, Channel: r.Channel,
		Reason: r.Reason, Action: r.Action, Target: r.Target, Hash: r.Hash,
	}
	if err := json.Unmarshal(r.Delta, &c.Delta); err != nil {
		return Change{}, fmt.Errorf("the record of revision %d can't be read: %w", r.Revision, err)
	}
	return c, nil
}

// undo returns the policy before the change that led to s.
func (s *snapshot) undo(c Change) (*snapshot, error) {
	before, err := s.apply(update{revision: c.Revision - 1, delta: c.Delta.inverse()})
	if err != nil {
		return nil, auditFault(c.Revision, err.Error())
	}
	return before, nil
}

// update returns the change as what leads to its snapshot.
func (c Change) update() update {
	return update{revision: c.Revision, hash: c.Hash, at: c.At, actor: c.Actor, delta: c.Delta}
}
