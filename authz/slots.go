package authz

import (
	"crypto/rand"
	"encoding/binary"
	"math/bits"
)

// slots is a cuckoo hash table of entries (Pagh and Rodler, 2001): an entry is in one of two slots, and a lookup
// reads both without a branch. With random permissions, mispredicted branches would cost more than the reads.
// The number of slots is a power of two.
type slots []entry

// noSlots has no entry.
var noSlots = make(slots, 1)

// Secrets of this process, so that nobody can choose rules whose entries compete for the same slots.
var slotSecretA, slotSecretB = slotSecret(), slotSecret() | 1

func slotSecret() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // it never fails
	return binary.NativeEndian.Uint64(b[:])
}

// hash returns the hash of an id. Its halves select the two slots.
func (e entry) hash() uint64 {
	upper, lower := bits.Mul64(uint64(e)^slotSecretA, slotSecretB)
	return upper ^ lower
}

// get returns the effects of an id whose hash is h.
func (s slots) get(id entry, h uint64, effects entry) (found entry) {
	mask := uint64(len(s) - 1)
	// An entry that differs from the id only in the bits of effects is the id's.
	if a := s[h&mask] ^ id; a <= effects {
		found = a
	}
	if b := s[h>>32&mask] ^ id; b <= effects {
		found |= b
	}
	return found
}

// find is get without a hash.
func (s slots) find(id, effects entry) entry { return s.get(id, id.hash(), effects) }

// leastEntries is how many entries there are at least.
func (s slots) leastEntries() int { return len(s) / (4 * maxSpread) }

// maxSpread is how many times wider than usual a table gets before some entries are left over.
const maxSpread = 4

// newSlots places entries with distinct ids. In nearly all cases each finds a slot. Those that don't are left
// over, sorted.
func newSlots(list []entry, effects entry) (s slots, left []entry) {
	if len(list) == 0 {
		return noSlots, nil
	}
	width := 1 << bits.Len(uint(2*len(list)-1)) // at most half full: then the entries usually fit
	for spread := 1; spread <= maxSpread; spread *= 2 {
		s, left = make(slots, width*spread), nil
		for _, e := range list {
			if homeless := s.place(e, effects); homeless != 0 {
				left = append(left, homeless)
			}
		}
		if left == nil {
			return s, nil
		}
	}
	return s, combined(left, effects)
}

// place adds an entry, and returns an entry that is left without a slot, or 0. An entry that is displaced moves
// to its other slot, where it may displace another.
func (s slots) place(e, effects entry) (homeless entry) {
	const maxMoves = 100
	mask := uint64(len(s) - 1)
	at := (e &^ effects).hash() & mask
	for range maxMoves {
		e, s[at] = s[at], e
		if e == 0 {
			return 0
		}
		h := (e &^ effects).hash()
		at ^= h&mask ^ h>>32&mask
	}
	return e
}

// appendTo appends the entries to a list.
func (s slots) appendTo(list []entry) []entry {
	for _, e := range s {
		if e != 0 {
			list = append(list, e)
		}
	}
	return list
}
