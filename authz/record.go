package authz

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash"
	"time"
)

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
