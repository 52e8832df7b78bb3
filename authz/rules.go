package authz

import (
	"slices"
	"strings"
)

// effect is what the rules that match a question add up to. The zero value denies.
type effect uint8

const (
	granted effect = 1 << iota
	restricted
)

// ruleSet is an immutable set of grants and restrictions.
type ruleSet struct {
	grants, restrictions []Pattern // sorted, no doubles
}

func newRuleSet(grants, restrictions []Pattern) *ruleSet {
	if len(grants) == 0 && len(restrictions) == 0 {
		return nil
	}
	return &ruleSet{sortedSet(grants), sortedSet(restrictions)}
}

// patterns returns the grants or the restrictions; none of a nil set.
func (s *ruleSet) patterns(kind RuleKind) []Pattern {
	switch {
	case s == nil:
		return nil
	case kind == KindGrant:
		return s.grants
	default:
		return s.restrictions
	}
}

func (s *ruleSet) has(kind RuleKind, p Pattern) bool {
	_, found := slices.BinarySearch(s.patterns(kind), p)
	return found
}

// rules returns a copy for people, in the order they see.
func (s *ruleSet) rules() Rules {
	r := Rules{slices.Clone(s.patterns(KindGrant)), slices.Clone(s.patterns(KindRestriction))}
	sortFolded(r.Grants)
	sortFolded(r.Restrictions)
	return r
}

func sortedSet[S ~string](list []S) []S {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// matcher answers what a set of rules says about a permission, in a number of look-ups
// that depends on the segments of its object and not on the number of rules.
type matcher struct {
	exact map[objectAction]effect // by whole object
	below map[objectAction]effect // by what comes before the "*"
}

type objectAction struct{ object, action string }

// add takes the rules of one holder in.
func (m *matcher) add(s *ruleSet) {
	for _, p := range s.patterns(KindGrant) {
		m.put(p, granted)
	}
	for _, p := range s.patterns(KindRestriction) {
		m.put(p, restricted)
	}
}

func (m *matcher) put(p Pattern, e effect) {
	t := p.target()
	by := &m.exact
	if t.below {
		by = &m.below
	}
	if *by == nil {
		*by = make(map[objectAction]effect)
	}
	(*by)[objectAction{t.object, t.action}] |= e
}

// match returns the effects of all rules that cover the object and the action. The object
// is text: what Casbin's keyMatch says of it counts, not whether anyone declared it.
func (m *matcher) match(object, action string) effect {
	e := m.exact[objectAction{object, action}] | m.exact[objectAction{object, "*"}]
	if len(m.below) == 0 {
		return e
	}
	e |= m.below[objectAction{"", action}] | m.below[objectAction{"", "*"}]
	for i := 0; i < len(object); i++ {
		if c := object[i]; c == '.' || c == '/' {
			prefix := object[:i+1]
			e |= m.below[objectAction{prefix, action}] | m.below[objectAction{prefix, "*"}]
		}
	}
	return e
}

// coversPermission reports whether p covers the object and the action, asked as text.
func (p Pattern) coversPermission(object, action string) bool {
	t := p.target()
	if t.action != "*" && t.action != action {
		return false
	}
	if t.below {
		return strings.HasPrefix(object, t.object)
	}
	return t.object == object
}
