package authz

import (
	"hash/maphash"
	"math/bits"
	"sync/atomic"
)

// usageMarks remember which uses of a day are recorded already, so that a guarded request costs a hash and one read. A
// use has one slot, and another use that has the same one takes its place: then the first is recorded again, which changes
// nothing. A use that finds the 64 bits of another one in its slot is taken for it: the chance is one in 2^48.
type usageMarks struct {
	seed  maphash.Seed
	slots [1 << usageSlotBits]atomic.Uint64
}

const usageSlotBits = 16 // half a megabyte

// of returns the slot of a use, and its mark.
func (m *usageMarks) of(u UserID, p Permission, day Day) (slot *atomic.Uint64, mark uint64) {
	mark = maphash.String(m.seed, string(u)) ^ bits.RotateLeft64(maphash.String(m.seed, string(p))+uint64(day)*oddSpread, 1)
	mark *= oddSpread
	return &m.slots[mark>>(64-usageSlotBits)], mark
}

// oddSpread spreads the days, and the lower bits of a hash to the upper ones: 2^64 divided by the golden ratio.
const oddSpread = 0x9E3779B97F4A7C15
