package authz

import "slices"

// compile rebuilds the matchers of groups. Each combines the rules of the group and of every group that
// it inherits.
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

// compileAll rebuilds every matcher, in copies, because readers use the present ones. It passes every
// set of rules through renew.
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

// symbolsAreStale reports whether more than half of the symbols are unused.
func (s *snapshot) symbolsAreStale() bool {
	const slack = 1000
	return s.symbols.added > 2*s.ruleCount+slack
}

// renewSymbols builds a symbol table of what is in use and recompiles everything with it.
func (s *snapshot) renewSymbols() {
	symbols := s.newSymbols()
	s.compileAll(func(r *ruleSet) *ruleSet {
		return newRuleSet(symbols, r.patterns(KindGrant), r.patterns(KindRestriction))
	})
	s.symbols = symbols.done()
}
