package authz

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash"
	"io"
)

// Record is a [Change] in the form in which a store keeps it. Records are never updated, and deleted
// only by [Admin.Archive].
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

// maxDelta bounds the delta of a record, in bytes: that of a change with some millions of rules.
const maxDelta = 512 << 20

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

// batchSize says how many records to read at once: few at first, and then as many as fit into
// maxBatchBytes if the next ones are as large as the last.
type batchSize struct{ n int }

const (
	firstBatch    = 50
	maxBatch      = 500
	maxBatchBytes = 1 << 20
)

func (b *batchSize) next() int {
	if b.n == 0 {
		b.n = firstBatch
	}
	return b.n
}

// read adjusts the size to records that were read.
func (b *batchSize) read(records []Record) {
	each := (sizeOf(records) + 1) / max(len(records), 1)
	b.n = min(max(maxBatchBytes/(each+1), 1), 2*b.n, maxBatch)
}

// sizeOf returns how many bytes the deltas of records have.
func sizeOf(records []Record) (bytes int) {
	for _, r := range records {
		bytes += len(r.Delta)
	}
	return bytes
}

// decodeStrictly decodes one JSON value that has no members other than those of value.
func decodeStrictly(text []byte, value any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(value); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more follows the JSON value")
	}
	return nil
}
