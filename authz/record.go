package authz

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// Record is a [Change] in the form in which a store keeps it. Records are never updated or deleted.
//
// Hash is the SHA-256 of the previous record's hash and every other field, each preceded by its length;
// with a key from the host it is the HMAC-SHA-256 (RFC 2104). Without a key, or a copy of the last hash
// kept elsewhere, the hashes reveal accidents but not forgery: someone who can write to the database can
// compute new ones.
type Record struct {
	Revision Revision
	At       int64 // microseconds since 1970, UTC
	Actor    Actor
	Channel  string
	Reason   string
	Action   Action
	Target   string
	Delta    []byte // the JSON of a [Delta]; its exact bytes are hashed
	Hash     []byte
}

// sum computes the hash of r. Before is the hash of the previous record.
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

// Follows reports whether r has the right hash: before is the hash of the previous record, empty for the
// first record, and key the host's key, empty if there is none.
func (r Record) Follows(before, key []byte) bool { return string(r.Hash) == string(r.sum(before, key)) }

// field hashes a field and its length, so that no two lists of fields are hashed as the same bytes.
func field(h hash.Hash, b []byte) {
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(b))))
	h.Write(b)
}
