package authz

import (
	"slices"
	"strings"

	"github.com/rightful-go/rightful/internal/fold"
)

// ruleSet is an immutable set of grants and restrictions.
type ruleSet struct {
	grants, restrictions []Pattern // sorted, without duplicates
	entries              entries
}

func newRuleSet(symbols *symbolsEdit, grants, restrictions []Pattern) *ruleSet {
	if len(grants) == 0 && len(restrictions) == 0 {
		return nil
	}
	s := &ruleSet{grants: sortedSet(grants), restrictions: sortedSet(restrictions)}
	for _, p := range s.grants {
		s.entries.add(symbols.patternKey(p), granted)
	}
	for _, p := range s.restrictions {
		s.entries.add(symbols.patternKey(p), restricted)
	}
	s.entries.sort()
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
	return len(s.grants) + len(s.restrictions)
}

// withBlock returns what the rules say. If blocked is true, they restrict everything as well.
func (s *ruleSet) withBlock(blocked bool) (of entries) {
	if s != nil {
		of = s.entries
	}
	if blocked {
		of.wildcards = slices.Clip(of.wildcards)
		of.add(everythingKey, restricted)
		of.sort()
	}
	return of
}

// divided returns the rules with wildcards and those without, nil if there are none.
func (s *ruleSet) divided() (wild, exact *ruleSet) {
	if len(s.entries.wildcards) == 0 {
		return nil, s
	}
	exact = &ruleSet{entries: entries{blocks: s.entries.blocks}}
	wild = &ruleSet{entries: entries{wildcards: s.entries.wildcards, named: s.entries.named, any: s.entries.any}}
	divide := func(list []Pattern) (wild, exact []Pattern) {
		for _, p := range list {
			if p.isWild() {
				wild = append(wild, p)
			} else {
				exact = append(exact, p)
			}
		}
		return wild, exact
	}
	wild.grants, exact.grants = divide(s.grants)
	wild.restrictions, exact.restrictions = divide(s.restrictions)
	return wild, exact
}

func (s *ruleSet) has(kind RuleKind, p Pattern) bool {
	_, found := slices.BinarySearch(s.patterns(kind), p)
	return found
}

// touchesOwn reports whether a grant or a restriction overlaps [ownPattern]: its object begins like those of Rightful's
// own permissions, or is "*". There can be a million rules, and they are sorted.
func (s *ruleSet) touchesOwn() bool {
	own := ownPattern.target().object
	for _, list := range [][]Pattern{s.patterns(KindGrant), s.patterns(KindRestriction)} {
		for _, beginning := range []string{"*:", own} {
			at, _ := slices.BinarySearch(list, Pattern(beginning))
			if at < len(list) && strings.HasPrefix(string(list[at]), beginning) {
				return true
			}
		}
	}
	return false
}

// rules returns a copy in display order.
func (s *ruleSet) rules() Rules {
	r := Rules{slices.Clone(s.patterns(KindGrant)), slices.Clone(s.patterns(KindRestriction))}
	fold.Sort(r.Grants)
	fold.Sort(r.Restrictions)
	return r
}
