package authz

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"time"
)

// Revision numbers the states of a policy. It grows by one with each [Change]; 0 is the
// empty policy before the first.
type Revision int64

// ActorKind tells what sort of actor made a change.
type ActorKind string

// The kinds of actors.
const (
	ActorUser    ActorKind = "user"    // a signed-in user, by id
	ActorCommand ActorKind = "command" // someone with access to the machine
	ActorSeed    ActorKind = "seed"    // the seed of a fresh store
	ActorStart   ActorKind = "start"   // what a start repairs or adopts
	ActorOutside ActorKind = "outside" // someone who wrote to the table past the engine
)

// Actor is who made a change.
type Actor struct {
	Kind ActorKind `json:"kind"`
	ID   string    `json:"id,omitempty"`
}

// Action names what a change was, in the words of the operation that made it.
type Action string

// The actions, one for each operation.
const (
	ActionGroupCreate            Action = "group.create"
	ActionGroupUpdate            Action = "group.update"
	ActionGroupDelete            Action = "group.delete"
	ActionGroupPermissionsSet    Action = "group.permissions.set"
	ActionGroupPermissionsChange Action = "group.permissions.change"
	ActionGroupMembersChange     Action = "group.members.change"
	ActionUserGroupsSet          Action = "user.groups.set"
	ActionUserPermissionsSet     Action = "user.permissions.set"
	ActionUserPermissionsChange  Action = "user.permissions.change"
	ActionUserDelete             Action = "user.delete"
	ActionPolicyImport           Action = "policy.import"
	ActionPolicySeed             Action = "policy.seed"
	ActionPolicyCreate           Action = "policy.create"
	ActionPolicyAdopt            Action = "policy.adopt"
	ActionPolicyRepair           Action = "policy.repair"
	ActionPolicyOutside          Action = "policy.outside" // see [ActorOutside]
	ActionBootstrap              Action = "administrators.bootstrap"
	ActionChangeRevert           Action = "change.revert"
)

// GroupChange is what became of a group itself: made (Before is nil), deleted (After is
// nil), described anew or renamed. A rename moves the group's rules, members and heirs with
// it; they are not listed again.
type GroupChange struct {
	Before *GroupInfo `json:"before,omitempty"`
	After  *GroupInfo `json:"after,omitempty"`
}

// Delta is what a change did, whole: enough to apply it, to undo it, and to replay history.
type Delta struct {
	Groups  []GroupChange `json:"groups,omitempty"`
	Removed []Rule        `json:"removed,omitempty"` // after the group's renames
	Added   []Rule        `json:"added,omitempty"`
	// RemovedRows are bad rows of the table that a repair removed, or someone else;
	// AddedRows are those that others put there. A repair of what came in may have the same in both.
	RemovedRows []BadRow `json:"removed_rows,omitempty"`
	AddedRows   []BadRow `json:"added_rows,omitempty"`
}

// IsEmpty reports whether d does nothing.
func (d Delta) IsEmpty() bool {
	return len(d.Groups) == 0 && len(d.Added) == 0 && len(d.Removed) == 0 && len(d.RemovedRows) == 0 && len(d.AddedRows) == 0
}

// Change is one committed administrative act. As the answer to a dry run it has neither
// revision nor time nor hash.
type Change struct {
	Revision Revision
	At       time.Time // UTC, to the microsecond
	Actor    Actor
	Channel  string // "go", "rest", "command", "start", "tables"
	Reason   string
	Action   Action
	Target   string // the group or user the operation was about, or the revision that it reverted
	Delta    Delta
	Hash     []byte // see [Record]
}

// Record is a [Change] as a store keeps it. Records are never updated or deleted.
//
// Hash is SHA-256 (HMAC-SHA-256, RFC 2104, where the host gives a key) over every other
// field, each preceded by its length, and over the hash of the record before. Without a key,
// or a head kept elsewhere, it shows accidents and not forgery: whoever can write to the
// database can compute a new chain.
type Record struct {
	Revision Revision
	At       int64 // microseconds since 1970, UTC
	Actor    Actor
	Channel  string
	Reason   string
	Action   Action
	Target   string
	Delta    []byte // the JSON of a Delta, byte for byte as it was hashed
	Hash     []byte
}

// record puts c into the form that is stored, hashed onto the record before it.
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

// Change decodes r.
func (r Record) Change() (Change, error) {
	c := Change{
		Revision: r.Revision, At: time.UnixMicro(r.At).UTC(), Actor: r.Actor, Channel: r.Channel,
		Reason: r.Reason, Action: r.Action, Target: r.Target, Hash: r.Hash,
	}
	if err := json.Unmarshal(r.Delta, &c.Delta); err != nil {
		return Change{}, fmt.Errorf("the record of revision %d can't be read: %w", r.Revision, err)
	}
	return c, nil
}

// sum computes the hash of r on top of the hash of the record before it.
func (r Record) sum(before, key []byte) []byte {
	h := sha256.New()
	if len(key) > 0 {
		h = hmac.New(sha256.New, key)
	}
	field(h, before)
	field(h, binary.BigEndian.AppendUint64(nil, uint64(r.Revision)))
	field(h, binary.BigEndian.AppendUint64(nil, uint64(r.At)))
	for _, s := range []string{
		string(r.Actor.Kind), r.Actor.ID, r.Channel, r.Reason, string(r.Action), r.Target,
	} {
		field(h, []byte(s))
	}
	field(h, r.Delta)
	return h.Sum(nil)
}

// Follows reports whether the hash of r is that of its fields, with a key if there is one, onto
// the hash of the record before, which is empty for the first.
func (r Record) Follows(before, key []byte) bool { return string(r.Hash) == string(r.sum(before, key)) }

func field(h hash.Hash, b []byte) {
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(b))))
	h.Write(b)
}

// HashText returns the hash of c in hexadecimal, empty for a dry run.
func (c Change) HashText() string { return hex.EncodeToString(c.Hash) }
