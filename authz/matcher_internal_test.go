package authz

import (
	"fmt"
	"math"
	"testing"
)

// A matcher finds what its patterns cover one by one, whether or not the permission has a
// symbol.
func TestMatcherAgainstBruteForce(t *testing.T) {
	t.Parallel()
	patterns, permissions := patternUniverse()
	for i, p := range patterns {
		other := patterns[(i*7+3)%len(patterns)]
		edit := (&symbols{}).edit()
		m := newMatcher(newRuleSet(edit, []Pattern{p}, []Pattern{other}).entries)
		unnamed := edit.done()
		edit = unnamed.edit()
		for _, q := range permissions {
			edit.symbol(q)
		}
		named := edit.done()
		for _, q := range permissions {
			var want effect
			if inPattern(p, q) {
				want |= granted
			}
			if inPattern(other, q) {
				want |= restricted
			}
			object, action, _ := q.Split()
			spelt := unnamed.symbolOf(object, action, m.kinds())
			if got := m.match(&spelt); got != want {
				t.Fatalf("grant %q, restriction %q, asked %q: %b, want %b", p, other, q, got, want)
			}
			if got := m.match(named.names.Find(string(q)).More()); got != want {
				t.Fatalf("grant %q, restriction %q, asked %q by name: %b, want %b", p, other, q, got, want)
			}
		}
	}
}

// Nobody can choose rules that need a large matcher: neither by the multipliers of an earlier version, which
// were fixed, nor by those of this process (A7).
func TestMatcherSizeIsBounded(t *testing.T) {
	t.Parallel()
	const each = 3000
	edit := (&symbols{}).edit()
	text := func(kind string, i int) string { return fmt.Sprint(kind, i) }
	for i := range each { // objects have the numbers from 3 on, in steps of 2, and actions those from 6,003 on
		edit.idOf(text("o", i))
		edit.idOf(text("o", i) + ".")
	}
	for i := range each {
		edit.idOf(text("a", i))
	}
	for name, pattern := range map[string]func(object, action int) Pattern{
		"permissions": func(o, a int) Pattern { return Pattern(text("o", o) + ":" + text("a", a)) },
		"wildcards":   func(o, a int) Pattern { return Pattern(text("o", o) + ".*:" + text("a", a)) },
	} {
		objects, actions := collidingSteps(each / 2)
		for i := range 100 {
			var rules []Pattern
			for n := range 3 {
				rules = append(rules, pattern(i+n*objects, i+n*actions))
			}
			m := newMatcher(newRuleSet(edit, rules, nil).entries)
			slots := len(m.blocks)
			if m.more != nil {
				slots += len(m.more.wildcards)
			}
			if slots > 16*len(rules)+1 {
				t.Fatalf("%s: %d slots for the rules %v", name, slots, rules)
			}
		}
	}
}

// collidingSteps returns steps in the numbers of objects and actions for which keys in both slots of the old
// matchers nearly coincide.
func collidingSteps(limit int) (objects, actions int) {
	best := uint64(math.MaxUint64)
	for o := range limit {
		for a := range limit {
			k := uint64(2*o)<<33 + uint64(a)<<2
			one, two := int64(k*0x9e3779b97f4a7c15), int64(k*0xc2b2ae3d27d4eb4f)
			if worse := uint64(max(max(one, -one), max(two, -two))); k != 0 && worse < best {
				best, objects, actions = worse, o, a
			}
		}
	}
	return objects, actions
}
