package authz

import "slices"

// compile rebuilds the matchers of groups. With the error with which the pace ends, the snapshot is of no use.
func (s *snapshot) compile(p *pace, ids []groupID) error {
	if len(ids) == 0 && len(s.matchers) == len(s.groups) {
		return nil
	}
	matchers := make([]matcher, len(s.groups))
	copy(matchers, s.matchers)
	s.matchers = matchers
	for _, id := range s.freeIDs {
		matchers[id] = noRules
	}
	c := compiler{s, make(map[groupID]compiling, len(ids))}
	for _, id := range ids {
		c.state[id] = waiting
	}
	for _, id := range ids {
		c.group(id)
		if err := p.canceled(); err != nil {
			return err
		}
	}
	return nil
}

// compiler compiles matchers, those of a group's givers before that of the group.
//
// A matcher that copied all rules that the group inherits would be the fastest, but then a few thousand groups
// that inherit the same ten thousand rules would take gigabytes. So a group without rules of its own shares the
// matcher of the group that it inherits; a group that inherits few rules copies them; and any other refers to
// the groups that it inherits. Memory follows the number of rules and links.
type compiler struct {
	s     *snapshot
	state map[groupID]compiling // of the groups to compile; those that it lacks are compiled
}

type compiling uint8

const (
	compiled compiling = iota
	waiting
	begun
)

func (c *compiler) group(id groupID) {
	if c.state[id] != waiting {
		return
	}
	c.state[id] = begun
	g, cyclic := c.s.groups[id], false
	for _, giver := range g.inherits {
		c.group(giver)
		cyclic = cyclic || c.state[giver] == begun // another program may have written a cycle
	}
	own := g.rules.withBlock(len(c.s.blocked) > 0 && c.s.blocked[g.subject])
	c.s.matchers[id] = c.matcher(own, g.inherits, cyclic)
	c.state[id] = compiled
}

func (c *compiler) matcher(own entries, givers []groupID, cyclic bool) matcher {
	if cyclic {
		return c.referring(own, givers, ^wildcards(0))
	}
	if own.size() == 0 && len(givers) == 1 {
		return c.s.matchers[givers[0]]
	}
	if all, few := c.copied(own, givers); few {
		return newMatcher(all)
	}
	kinds := own.named | own.any
	for _, id := range givers {
		kinds |= c.s.matchers[id].kinds()
	}
	return c.referring(own, givers, kinds)
}

// referring returns a matcher of own rules that refers to the groups that it inherits.
func (c *compiler) referring(own entries, givers []groupID, kinds wildcards) matcher {
	m, more := newMatcher(own), matcherMore{wildcards: noSlots}
	if m.more != nil {
		more = *m.more
	}
	more.givers, more.kinds = slices.Clone(givers), kinds
	m.more = &more
	return m
}

// A matcher has copies of inherited entries if in total it has at most copiedAlways entries, and copiedPerRule
// for each rule of its own and each link. A catalog of 500 permissions has at most 32 entries.
const (
	copiedAlways  = 32
	copiedPerRule = 4
)

// copied returns a group's own rules together with those that it inherits, and false if they are too many.
func (c *compiler) copied(own entries, givers []groupID) (all entries, few bool) {
	limit := copiedAlways + copiedPerRule*(own.size()+len(givers))
	all.append(own)
	for _, id := range givers {
		m := &c.s.matchers[id]
		if m.refers() || m.leastEntries() > limit {
			return entries{}, false
		}
		if all.append(m.entries()); all.size() > 4*limit { // givers may have the same
			return entries{}, false
		}
	}
	all.sort()
	return all, all.size() <= limit
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
	_ = s.compile(nil, s.heirsOf(s.groupIDs()))
	edit := s.users.Edit()
	for e := range s.users.All() {
		u, id := userOf(e), UserID("")
		if len(s.blocked) > 0 {
			id = UserID(e.Key())
		}
		blocked := s.blocked[id.subject()]
		if !blocked && u.more == nil {
			continue
		}
		u.change(func(more *userMore) { more.rules, more.blocked = renew(more.rules), blocked })
		edit.Put(e.Key(), u.word(), u.more)
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
