package authz

import "math/bits"

// effect combines the rules that match a permission. The zero value denies.
type effect uint8

const (
	granted effect = 1 << iota
	restricted
)

// matcher returns the effect of a set of rules on a permission. The number of lookups depends on the
// kinds of wildcards in the rules, not on the number of rules.
//
// It is a cuckoo hash table (Pagh and Rodler, 2001): a key is in one of two slots, and a lookup reads
// both without a branch. With random permissions, mispredicted branches would cost more than the reads.
type matcher struct {
	slots []key // their number is a power of two
	shift uint8
	wild  wildcards
}

// noRules matches nothing.
var noRules = matcher{slots: make([]key, 2), shift: 63}

// newMatcher compiles sets of rules. If blocked is true, it restricts everything as well.
func newMatcher(sets []*ruleSet, blocked bool) matcher {
	rules := 0
	for _, s := range sets {
		rules += s.size()
	}
	if blocked {
		rules++
	}
	if rules == 0 {
		return noRules
	}
	for width := bits.Len(uint(2*rules - 1)); ; width++ { // at most half full: then the rules usually fit
		m := matcher{slots: make([]key, 1<<width), shift: uint8(64 - width)}
		if m.fill(sets) && (!blocked || m.add(belowPatternKey(rootText, anyText, 0), restricted)) {
			return m
		}
	}
}

// fill adds all rules. It returns false if one doesn't fit.
func (m *matcher) fill(sets []*ruleSet) bool {
	for _, s := range sets {
		if s == nil {
			continue
		}
		for i, k := range s.keys {
			e := granted
			if i >= len(s.grants) {
				e = restricted
			}
			if !m.add(k, e) {
				return false
			}
		}
	}
	return true
}

func (m *matcher) add(k patternKey, e effect) bool {
	m.wild |= k.wild
	one, two := m.slotsOf(k.key)
	for _, at := range []uint64{one, two} {
		if m.slots[at]&^effectMask == k.key {
			m.slots[at] |= key(e)
			return true
		}
	}
	// An entry that is displaced moves to its other slot, where it may displace another.
	const maxMoves = 100
	entry := k.key | key(e)
	at := one
	for range maxMoves {
		entry, m.slots[at] = m.slots[at], entry
		if entry == 0 {
			return true
		}
		one, two = m.slotsOf(entry &^ effectMask)
		at ^= one ^ two
	}
	return false
}

// slotsOf returns the indexes of the two slots of a key.
func (m *matcher) slotsOf(k key) (one, two uint64) {
	one, two = k.hashPair()
	return one >> (m.shift & 63), two >> (m.shift & 63)
}

// at returns the effect of a key whose hashes are one and two.
func (m *matcher) at(k key, one, two uint64) (e key) {
	// An entry that differs from the key only in the bits of the effect is the key's.
	if a := m.slots[one>>(m.shift&63)] ^ k; a <= effectMask {
		e = a
	}
	if b := m.slots[two>>(m.shift&63)] ^ k; b <= effectMask {
		e |= b
	}
	return e
}

func (m *matcher) get(k key) effect {
	one, two := k.hashPair()
	return effect(m.at(k, one, two))
}

// match returns the effect of all rules that cover a permission.
func (m *matcher) match(n *symbol) effect {
	return m.get(n.exact) | m.matchWild(n)
}

// matchWild returns the effect of the rules with a wildcard that cover a permission.
func (m *matcher) matchWild(n *symbol) effect {
	var e effect
	if m.wild&wildAction != 0 {
		e |= m.get(n.exact.anyAction())
	}
	for depths := m.wild >> 1; depths != 0; depths &= depths - 1 {
		depth := bits.TrailingZeros64(uint64(depths))
		if depth >= len(*n.prefixes) {
			break
		}
		k := n.exact.below((*n.prefixes)[depth])
		e |= m.get(k) | m.get(k.anyAction())
	}
	return e
}
