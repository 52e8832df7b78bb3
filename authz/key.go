package authz

// textID is the number of a text in a table of [symbols].
type textID uint32

const (
	noText   textID = iota // the text is in no rule and no entry of the catalog
	rootText               // the empty text: the prefix of the pattern "*"
	anyText                // "*" as an action
)

// permissionID is the number of a permission in a table of [symbols].
type permissionID uint32

// noPermission is the number of the permissions that no rule and no entry of the catalog names.
const noPermission permissionID = 0

// key is an object and an action, or a prefix of objects and an action. From the top, its bits are: the number
// of the object or prefix (31), whether it is a prefix (1), the number of the action (30), and two bits that
// are free for the effect.
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

// anyAction returns the key for any action on the same object or prefix.
func (k key) anyAction() key { return k&^actionMask | exactKey(0, anyText) }

// below returns the key for the same action on everything that begins with a prefix.
func (k key) below(prefix textID) key { return k&actionMask | belowKey(prefix, 0) }

// wildcards says which kinds of wildcards a set of patterns contains, so that nothing else is looked up:
// bit 0 for any action on one object, bit 1+n for everything that begins with the n-th of an object's
// [prefixes].
type wildcards uint64

const wildAction wildcards = 1

func (w wildcards) below(depth int) bool { return w>>(1+depth)&1 != 0 }

// patternKey is what a matcher stores of a pattern: the number of a permission, or else the key and the kind of
// a wildcard.
type patternKey struct {
	permission permissionID
	key        key
	kind       wildcards
}

func belowPatternKey(prefix, action textID, depth int) patternKey {
	return patternKey{key: belowKey(prefix, action), kind: 1 << (1 + depth)}
}

// everythingKey is the key of [Everything].
var everythingKey = belowPatternKey(rootText, anyText, 0)
