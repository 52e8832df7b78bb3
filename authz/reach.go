package authz

// reach is the grants and restrictions that apply to a subject, its own and inherited ones.
type reach struct{ grants, restrictions map[Pattern]bool }

func newReach() reach { return reach{map[Pattern]bool{}, map[Pattern]bool{}} }

func (r reach) add(rules *ruleSet) {
	for _, p := range rules.patterns(KindGrant) {
		r.grants[p] = true
	}
	for _, p := range rules.patterns(KindRestriction) {
		r.restrictions[p] = true
	}
}

// holds reports whether one grant covers p and no restriction overlaps it.
func (r reach) holds(p Pattern) bool {
	for q := range r.restrictions {
		if q.overlaps(p) {
			return false
		}
	}
	for q := range r.grants {
		if q.covers(p) {
			return true
		}
	}
	return false
}

func (s *snapshot) reachOfGroup(g *group) reach {
	r := newReach()
	if g != nil {
		s.reachInto(r, g.id)
	}
	return r
}

func (s *snapshot) reachInto(r reach, id groupID) {
	s.walk(id, func(g *group) {
		r.add(g.rules)
		if s.blocked[g.subject] {
			r.restrictions[Everything] = true
		}
	})
}

// reachOfUser returns what applies to a user, ignoring the groups in without.
func (s *snapshot) reachOfUser(id UserID, without map[GroupName]bool) reach {
	r := newReach()
	if s.blockedAll || s.blocked[id.subject()] {
		r.restrictions[Everything] = true
	}
	u := s.user(id)
	r.add(u.rules())
	for _, g := range u.groupIDs(nil) {
		if !without[s.groups[g].info.Name] {
			s.reachInto(r, g)
		}
	}
	return r
}
