package authz

import "math/bits"

// matcher returns the effect of a set of rules on a permission. The number of lookups depends on the
// kinds of wildcards in the rules, not on the number of rules.
type matcher struct {
	blocks slots
	more   *matcherMore // nil for most
}

// matcherMore is what most matchers don't have. It is immutable.
type matcherMore struct {
	wildcards slots
	named     wildcards // the kinds of wildcards for one action
	any       wildcards // the kinds of wildcards for any action

	// leftBlocks and leftWildcards are the entries that found no slot; see [newSlots].
	leftBlocks, leftWildcards []entry

	// givers are groups whose rules apply as well, see [snapshot.compile].
	givers []groupID
	kinds  wildcards // named and any, and those of the givers
}

// noRules matches nothing.
var noRules = matcher{blocks: noSlots}

// newMatcher compiles rules.
func newMatcher(of entries) matcher {
	if of.size() == 0 {
		return noRules
	}
	var m matcher
	more := matcherMore{named: of.named, any: of.any, kinds: of.named | of.any}
	m.blocks, more.leftBlocks = newSlots(of.blocks, blockEffects)
	more.wildcards, more.leftWildcards = newSlots(of.wildcards, wildcardEffects)
	if more.kinds != 0 || more.leftBlocks != nil {
		m.more = &more
	}
	return m
}

// kinds returns the kinds of wildcards in the rules, those of givers included.
func (m *matcher) kinds() wildcards {
	if m.more == nil {
		return 0
	}
	return m.more.kinds
}

// refers reports whether rules of givers apply as well.
func (m *matcher) refers() bool { return m.more != nil && m.more.givers != nil }

// leastEntries is how many entries there are at least, without those of givers.
func (m *matcher) leastEntries() int {
	n := m.blocks.leastEntries()
	if m.more != nil {
		n += m.more.wildcards.leastEntries()
	}
	return n
}

// entries returns the rules, without those of givers.
func (m *matcher) entries() entries {
	e := entries{blocks: m.blocks.appendTo(nil)}
	if more := m.more; more != nil {
		e.named, e.any = more.named, more.any
		e.blocks = append(e.blocks, more.leftBlocks...)
		e.wildcards = append(more.wildcards.appendTo(nil), more.leftWildcards...)
	}
	return e
}

// match returns the effect of all rules that cover a permission, without those of givers.
func (m *matcher) match(n *symbol) effect {
	found := n.id.in(m.blocks.find(n.id.block(), blockEffects))
	if m.more != nil {
		found |= matchMore(m.more, nil, n)
	}
	return found
}

// noMore is for a matcher that has nothing more.
var noMore = matcherMore{wildcards: noSlots}

// matchMore returns the effect of the rules with a wildcard that cover a permission, and that of the rules without
// a slot, of two matchers. They usually have the same kinds of wildcards, so it hashes each key once for both.
func matchMore(a, b *matcherMore, n *symbol) effect {
	if a == nil {
		a = &noMore
	}
	if b == nil {
		b = &noMore
	}
	var e entry
	named, any := a.named|b.named, a.any|b.any
	if any&wildAction != 0 {
		e = wildcardsOf(a, b, n.exact.anyAction())
	}
	for depths := (named | any) >> 1; depths != 0; depths &= depths - 1 {
		depth := bits.TrailingZeros64(uint64(depths))
		if depth >= len(*n.prefixes) {
			break
		}
		k := n.exact.below((*n.prefixes)[depth])
		if named.below(depth) {
			e |= wildcardsOf(a, b, k)
		}
		if any.below(depth) {
			e |= wildcardsOf(a, b, k.anyAction())
		}
	}
	found := effect(e)
	if a.leftBlocks != nil || b.leftBlocks != nil {
		block := n.id.block()
		found |= n.id.in(find(a.leftBlocks, block, blockEffects) | find(b.leftBlocks, block, blockEffects))
	}
	return found
}

// wildcardsOf returns the effects of a key in two matchers.
func wildcardsOf(a, b *matcherMore, k key) entry {
	id := entry(k)
	h := id.hash()
	found := a.wildcards.get(id, h, wildcardEffects) | b.wildcards.get(id, h, wildcardEffects)
	if a.leftWildcards != nil || b.leftWildcards != nil {
		found |= find(a.leftWildcards, id, wildcardEffects) | find(b.leftWildcards, id, wildcardEffects)
	}
	return found
}
