package authz

import "math/bits"

// effect is what the rules that match a question add up to. The zero value denies.
type effect uint8

const (
	granted effect = 1 << iota
	restricted
)

// matcher answers what a set of rules says about a permission, in a number of look-ups that
// depends on the wildcards among them and not on how many rules there are.
//
// It is a cuckoo hash table (Pagh and Rodler, 2001): a lookup stands in one of two places, so
// that asking reads both and has nothing to guess. What costs time at random questions is not
// the reading but the wrong guesses of the processor.
type matcher struct {
	slots []key // a power of two of them
	shift uint8
	wild  wildcards
}

// noRules is the matcher of nothing.
var noRules = matcher{slots: make([]key, 2), shift: 63}

// newMatcher compiles sets of rules; everything is restricted as well where blocked is true.
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
	for width := bits.Len(uint(2*rules - 1)); ; width++ { // at most half full, where it mostly fits
		m := matcher{slots: make([]key, 1<<width), shift: uint8(64 - width)}
		if m.fill(sets) && (!blocked || m.add(belowPatternKey(rootText, anyText, 0), restricted)) {
			return m
		}
	}
}

// fill takes all rules in, and reports whether there was a place for each.
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
	one, two := m.places(k.key)
	for _, at := range []uint64{one, two} {
		if m.slots[at]&^effectMask == k.key {
			m.slots[at] |= key(e)
			return true
		}
	}
	// Whoever was in the place goes to their other one, and so on.
	const enough = 100
	entry := k.key | key(e)
	at := one
	for range enough {
		entry, m.slots[at] = m.slots[at], entry
		if entry == 0 {
			return true
		}
		one, two = m.places(entry &^ effectMask)
		at ^= one ^ two
	}
	return false
}

// places returns the two places where a lookup may stand.
func (m *matcher) places(k key) (one, two uint64) {
	one, two = k.hashPair()
	return one >> (m.shift & 63), two >> (m.shift & 63)
}

// at returns the effect of a lookup that spreads to one and two.
func (m *matcher) at(k key, one, two uint64) (e key) {
	// What differs from a lookup by no more than the bits of an effect is its entry.
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

// match returns the effects of all rules that cover a permission.
func (m *matcher) match(n *symbol) effect {
	return m.get(n.exact) | m.matchWild(n)
}

// matchWild returns the effects of the rules with a wildcard that cover a permission.
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
