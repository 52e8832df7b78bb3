package authz

import (
	"cmp"
	"slices"
)

// effect combines the rules that match a permission. The zero value denies.
type effect uint8

const (
	granted effect = 1 << iota
	restricted
)

// entry is an id and the effects of the rules with this id. There are two kinds:
//
//	a block of permissions:  number of the block (32 bits) | effects of its 16 permissions (2 bits each)
//	a wildcard:              key (62 bits)                 | effect (2 bits)
//
// A block is 16 permissions with consecutive numbers. Rules that were made together usually name neighbors, so
// a group with a hundred rules has about seven blocks.
type entry uint64

const (
	blockSize              = 16
	blockEffects     entry = 1<<(2*blockSize) - 1
	wildcardEffects        = entry(effectMask)
	effectBits             = 2
	blockNumberShift       = effectBits * blockSize
)

// block returns the id of a permission's block.
func (p permissionID) block() entry { return entry(p/blockSize) << blockNumberShift }

// in returns the effect on the permission in its block.
func (p permissionID) in(block entry) effect {
	return effect(block>>(effectBits*(p%blockSize))) & (granted | restricted)
}

// with returns the entry of a block in which the permission has an effect.
func (p permissionID) with(e effect) entry {
	return p.block() | entry(e)<<(effectBits*(p%blockSize))
}

// entries is what a set of rules says: which effect on which permissions and wildcards. Both lists are sorted
// and have each id once.
type entries struct {
	blocks    []entry
	wildcards []entry
	named     wildcards // the kinds of wildcards for one action
	any       wildcards // the kinds of wildcards for any action
}

// add adds a rule. The entries need to be sorted afterwards.
func (e *entries) add(k patternKey, is effect) {
	switch {
	case k.permission != noPermission:
		e.blocks = append(e.blocks, k.permission.with(is))
		return
	case k.key == k.key.anyAction():
		e.any |= k.kind
	default:
		e.named |= k.kind
	}
	e.wildcards = append(e.wildcards, entry(k.key)|entry(is))
}

// append adds other entries. They need to be sorted afterwards.
func (e *entries) append(other entries) {
	e.blocks = append(e.blocks, other.blocks...)
	e.wildcards = append(e.wildcards, other.wildcards...)
	e.named |= other.named
	e.any |= other.any
}

// sort sorts the entries and combines those with the same id.
func (e *entries) sort() {
	e.blocks, e.wildcards = combined(e.blocks, blockEffects), combined(e.wildcards, wildcardEffects)
}

// combined returns a sorted list in which entries with the same id are combined.
func combined(list []entry, effects entry) []entry {
	list = slices.Sorted(slices.Values(list))
	kept := list[:0]
	for _, e := range list {
		if last := len(kept) - 1; last >= 0 && kept[last]&^effects == e&^effects {
			kept[last] |= e
		} else {
			kept = append(kept, e)
		}
	}
	return slices.Clone(kept) // without the memory of what was combined
}

// size is the number of entries.
func (e *entries) size() int { return len(e.blocks) + len(e.wildcards) }

// find returns the effects of an id in a sorted list.
func find(list []entry, id, effects entry) entry {
	at, found := slices.BinarySearchFunc(list, id, func(e, id entry) int { return cmp.Compare(e&^effects, id) })
	if !found {
		return 0
	}
	return list[at] & effects
}
