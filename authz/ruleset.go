package authz

import (
	"slices"

	"github.com/rightful-go/rightful/internal/fold"
)

// ruleSet is an immutable set of grants and restrictions.
type ruleSet struct {
	grants, restrictions []Pattern    // sorted, without duplicates
	keys                 []patternKey // of the grants, followed by those of the restrictions
}

func newRuleSet(symbols *symbolsEdit, grants, restrictions []Pattern) *ruleSet {
	if len(grants) == 0 && len(restrictions) == 0 {
		return nil
	}
	s := &ruleSet{grants: sortedSet(grants), restrictions: sortedSet(restrictions)}
	s.keys = make([]patternKey, 0, len(s.grants)+len(s.restrictions))
	for _, p := range s.grants {
		s.keys = append(s.keys, symbols.patternKey(p))
	}
	for _, p := range s.restrictions {
		s.keys = append(s.keys, symbols.patternKey(p))
	}
	return s
}

// patterns returns the grants or the restrictions. A nil set has none.
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

// size is the number of rules.
func (s *ruleSet) size() int {
	if s == nil {
		return 0
	}
	return len(s.keys)
}

func (s *ruleSet) has(kind RuleKind, p Pattern) bool {
	_, found := slices.BinarySearch(s.patterns(kind), p)
	return found
}

// rules returns a copy in display order.
func (s *ruleSet) rules() Rules {
	r := Rules{slices.Clone(s.patterns(KindGrant)), slices.Clone(s.patterns(KindRestriction))}
	fold.Sort(r.Grants)
	fold.Sort(r.Restrictions)
	return r
}
