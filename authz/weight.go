package authz

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// weight is the number of the group's own rules. A group with restrictions weighs more than any without.
func (g *group) weight() int {
	const heavy = 1_000_000
	if len(g.rules.patterns(KindRestriction)) > 0 {
		return g.rules.size() + heavy
	}
	return g.rules.size()
}

// weigh returns how much a membership of each group weighs: with all that the group inherits. Groups that inherit the same
// are weighed together, and so are up to 64 of these lots, one bit each: the links that they share are followed once.
func (s *snapshot) weigh(p *pace, ids []groupID) (map[groupID]int, error) {
	weights := make(map[groupID]int, len(ids))
	lots, known := [][]groupID{}, map[string]int{}
	for _, id := range ids {
		if err := p.canceled(); err != nil {
			return nil, err
		}
		weights[id] = s.groups[id].weight()
		if len(s.groups[id].inherits) == 0 {
			continue
		}
		key := keyOfGroups(s.groups[id].inherits)
		lot, found := known[key]
		if !found {
			lot, lots = len(lots), append(lots, nil)
			known[key] = lot
		}
		lots[lot] = append(lots[lot], id)
	}
	w := weigher{s: s, pace: p, marks: make([]uint64, len(s.groups))}
	for some := range slices.Chunk(lots, maskSize) {
		if err := w.weigh(some, weights); err != nil {
			return nil, err
		}
	}
	return weights, nil
}

// keyOfGroups returns a text that is the same for the same list only.
func keyOfGroups(ids []groupID) string {
	b := make([]byte, 0, 4*len(ids))
	for _, id := range ids {
		b = binary.BigEndian.AppendUint32(b, uint32(id))
	}
	return string(b)
}

// weigher weighs up to 64 lots of groups that inherit the same.
type weigher struct {
	s     *snapshot
	pace  *pace
	marks []uint64 // by groupID: the lots that reach the group; zero between two rounds
}

// weigh adds to the weights of the groups in some lots those of what they inherit.
func (w *weigher) weigh(lots [][]groupID, weights map[groupID]int) error {
	reached, err := w.mark(lots)
	if err != nil {
		return err
	}
	sums := map[uint64]int{} // of the groups that the same lots reach
	for _, id := range reached {
		sums[w.marks[id]] += w.s.groups[id].weight()
	}
	var total [maskSize]int
	for mark, sum := range sums {
		for left := mark; left != 0; left &= left - 1 {
			total[bits.TrailingZeros64(left)] += sum
		}
		if err := w.pace.canceled(); err != nil {
			return err
		}
	}
	for lot, ids := range lots {
		for _, id := range ids {
			weights[id] += total[lot]
			if w.marks[id]&(1<<lot) != 0 { // another program may have written a cycle
				weights[id] -= w.s.groups[id].weight()
			}
		}
	}
	for _, id := range reached {
		w.marks[id] = 0
	}
	return nil
}

// mark marks the groups that each lot reaches, and returns them.
func (w *weigher) mark(lots [][]groupID) (reached []groupID, err error) {
	var changed []groupID
	add := func(lots uint64, ids []groupID) error {
		for _, id := range ids {
			if err := w.pace.canceled(); err != nil {
				return err
			}
			if w.marks[id]|lots == w.marks[id] {
				continue
			}
			if w.marks[id] == 0 {
				reached = append(reached, id)
			}
			w.marks[id] |= lots
			changed = append(changed, id)
		}
		return nil
	}
	for lot, ids := range lots {
		if err := add(1<<lot, w.s.groups[ids[0]].inherits); err != nil {
			return nil, err
		}
	}
	for len(changed) > 0 { // once for each link of the longest chain
		now := sortedSetOf(changed)
		changed = nil
		for _, id := range now {
			if err := add(w.marks[id], w.s.groups[id].inherits); err != nil {
				return nil, err
			}
		}
	}
	return reached, nil
}
