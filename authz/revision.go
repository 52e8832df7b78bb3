package authz

import (
	"bytes"
	"slices"
)

// Revision numbers the states of a policy. Each [Change] increases it by one; 0 is the empty policy
// before the first change.
type Revision int64

// ActorKind says what kind of actor made a change.
type ActorKind string

// The kinds of actors.
const (
	ActorUser    ActorKind = "user"    // a signed-in user; Actor.ID is the user id
	ActorCommand ActorKind = "command" // the command rightful, run by an operator
	ActorSeed    ActorKind = "seed"    // the seed, applied to a new store
	ActorStart   ActorKind = "start"   // the engine, when it repairs or adopts a table at start
	ActorOutside ActorKind = "outside" // another program that wrote to the tables, or a person
)

// Actor is the user or program that made a change.
type Actor struct {
	Kind ActorKind `json:"kind"`
	ID   string    `json:"id,omitempty"`
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
