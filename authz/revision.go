package authz

import "bytes"

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

// Head is where a chain of records stands: the revision and the hash of its last record,
// which is empty before the first.
type Head struct {
	Revision Revision
	Hash     []byte
}

func (h Head) equal(other Head) bool {
	return h.Revision == other.Revision && bytes.Equal(h.Hash, other.Hash)
}
