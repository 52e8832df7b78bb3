package authz

import "slices"

// compile makes the matchers of groups anew: each is what the group's own rules and those of
// every group it reaches add up to.
func (s *snapshot) compile(ids []groupID) {
	if len(ids) == 0 && len(s.matchers) == len(s.groups) {
		return
	}
	matchers := make([]matcher, len(s.groups))
	copy(matchers, s.matchers)
	for _, id := range s.freeIDs {
		matchers[id] = noRules
	}
	for _, id := range ids {
		var sets []*ruleSet
		blocked := false
		s.walk(id, func(g *group) {
			sets = append(sets, g.rules)
			blocked = blocked || len(s.blocked) > 0 && s.blocked[g.subject]
		})
		matchers[id] = newMatcher(sets, blocked)
	}
	s.matchers = matchers
}

// compileAll makes every matcher anew, in copies: readers have those that there are. Every
// set of rules goes through renew.
func (s *snapshot) compileAll(renew func(*ruleSet) *ruleSet) {
	s.groups = slices.Clone(s.groups)
	for i, g := range s.groups {
		if g != nil {
			clone := *g
			clone.rules = renew(g.rules)
			s.groups[i] = &clone
		}
	}
	s.compile(s.heirsOf(s.groupIDs()))
	edit := s.users.Edit()
	for id, u := range s.users.All() {
		blocked := s.blocked[id.subject()]
		if !blocked && u.more == nil {
			continue
		}
		edit.Set(id).change(func(more *userMore) { more.rules, more.blocked = renew(more.rules), blocked })
	}
	s.users = edit.Done()
}

// lexiconIsStale reports whether more than half of the lexicon is out of use.
func (s *snapshot) symbolsAreStale() bool {
	const slack = 1000
	return s.symbols.added > 2*s.ruleCount+slack
}

// renewLexicon begins a new lexicon with what is in use, and compiles everything with it.
func (s *snapshot) renewSymbols() {
	l := s.newSymbols()
	s.compileAll(func(r *ruleSet) *ruleSet {
		return newRuleSet(l, r.patterns(KindGrant), r.patterns(KindRestriction))
	})
	s.symbols = l.done()
}
