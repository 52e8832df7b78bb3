package authz

// textID is the number of a text in a lexicon.
type textID uint32

const (
	noText   textID = iota // a text that no rule and no entry has
	rootText               // the empty text: what stands before the "*" of "*"
	anyText                // "*" as an action
)

// lookup is one place that a matcher looks at: an object and an action, or what everything
// below begins with and an action. From the top: the number of the text, whether it is a
// beginning, the number of the action, and two bits free for the effect.
type key uint64

const (
	effectMask key = 3
	actionMask key = 1<<32 - 1 - effectMask
	belowBit   key = 1 << 32
)

func exactKey(object, action textID) key {
	return key(object)<<33 | key(action)<<2
}

func belowKey(prefix, action textID) key { return exactKey(prefix, action) | belowBit }

// anyAction returns the lookup for any action of the same object.
func (k key) anyAction() key { return k&^actionMask | exactKey(0, anyText) }

// below returns the lookup for the same action of everything below a beginning.
func (k key) below(prefix textID) key { return k&actionMask | belowKey(prefix, 0) }

// spread returns where a lookup may stand in any matcher, each but for the upper bits. What
// follows one another is spread by multiplicative hashing (Knuth 6.4).
func (k key) hashPair() (one, two uint64) {
	return uint64(k) * 0x9e3779b97f4a7c15, uint64(k) * 0xc2b2ae3d27d4eb4f
}

// wildcards says which kinds of patterns beyond exact ones there are, so that nothing else
// is looked up: bit 0 for any action of one object, bit 1+n for all below what stands at the
// n-th place of a [name]'s chain.
type wildcards uint64

const wildAction wildcards = 1

func (w wildcards) below(depth int) bool { return w>>(1+depth)&1 != 0 }

// ruleKey is what a matcher keeps of a pattern.
type patternKey struct {
	key  key
	wild wildcards
}

func belowPatternKey(prefix, action textID, depth int) patternKey {
	return patternKey{belowKey(prefix, action), 1 << (1 + depth)}
}
