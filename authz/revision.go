package authz

import (
	"bytes"
	"fmt"
	"slices"
)

// Revision numbers the states of a policy. Each [Change] increases it by one; 0 is the empty policy
// before the first change.
type Revision int64

// Version identifies one state of a group or user: the revision of the change that made it, and the
// beginning of a hash. That is the hash of the change's record if the group inherits nothing, or the user is in no
// group, and otherwise the hash of that hash and the names of those groups: a rename of a group changes how its
// members and heirs are read, and who reads them by the old name must not write by it. After a restore from a backup a
// revision can come again, with another change; its versions have another hash then. The zero Version is the version of
// what never changed.
type Version struct {
	Revision Revision
	Hash     [4]byte
}

// NewVersion returns the version of a change, by its revision and the hash of its record. A store keeps it for each group
// and user that the change is about, and passes the part of the hash that it kept. For [Admin.IfVersion], see
// [Group.Version], [Engine.ViewUser] and [Change.UserVersion].
func NewVersion(r Revision, hash []byte) Version {
	v := Version{Revision: r}
	copy(v.Hash[:], hash)
	return v
}

// String returns the revision in decimal and the hash in hexadecimal, such as "17-3f9a61c2". The zero Version is "0".
func (v Version) String() string {
	if v == (Version{}) {
		return "0"
	}
	return fmt.Sprintf("%d-%x", v.Revision, v.Hash)
}

// ActorKind says what kind of actor made a change.
type ActorKind string

// The kinds of actors.
const (
	ActorUser    ActorKind = "user"    // a signed-in user; Actor.ID is the user id
	ActorCommand ActorKind = "command" // the command rightful, run by an operator
	ActorSeed    ActorKind = "seed"    // the seed, applied to a new store
	ActorStart   ActorKind = "start"   // the engine, when it repairs or adopts a table at start
	ActorOutside ActorKind = "outside" // another program that wrote to the tables, or a person
	ActorClock   ActorKind = "clock"   // the end of memberships has come
)

// Actor is the user or program that made a change.
type Actor struct {
	Kind ActorKind `json:"kind"`
	ID   string    `json:"id,omitempty"`
}

// readable returns the actor with texts that every screen can show: another program may have written them.
func (a Actor) readable() Actor {
	const most = 1000
	return Actor{ActorKind(printable(string(a.Kind), most)), printable(a.ID, most)}
}

// Head identifies the last record of a policy by its revision and hash. The hash is empty before the
// first record.
type Head struct {
	Revision Revision
	Hash     []byte
}

func (h Head) equal(other Head) bool {
	return h.Revision == other.Revision && bytes.Equal(h.Hash, other.Hash)
}

func (h Head) clone() Head { return Head{h.Revision, slices.Clone(h.Hash)} }
