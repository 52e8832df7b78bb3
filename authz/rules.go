package authz

// rules yields every rule of the snapshot, in no particular order. The restrictions that bad rows cause
// are not among them.
func (s *snapshot) rules(yield func(Rule) bool) {
	for _, g := range s.groups {
		if g != nil && !s.rulesOf(g.subject, g.rules, KindInherit, g.inherits, yield) {
			return
		}
	}
	var few [8]groupID
	for id, u := range usersOf(s.users.All()) {
		if !s.rulesOf(id.subject(), u.rules(), KindMember, u.groupIDs(few[:0]), yield) {
			return
		}
	}
}

// patternRules yields the grants and restrictions of the snapshot, in no particular order. Its cost doesn't
// grow with the number of memberships.
func (s *snapshot) patternRules(yield func(Rule) bool) {
	for _, g := range s.groups {
		if g != nil && !s.rulesOf(g.subject, g.rules, KindInherit, nil, yield) {
			return
		}
	}
	for id, u := range s.usersInSet(s.withRules) {
		if !s.rulesOf(id.subject(), u.rules(), KindMember, nil, yield) {
			return
		}
	}
}

// rulesOf yields the rules of one subject, including memberships or inheritance.
func (s *snapshot) rulesOf(h Subject, rules *ruleSet, link RuleKind, groups []groupID, yield func(Rule) bool) bool {
	for _, kind := range []RuleKind{KindGrant, KindRestriction} {
		for _, p := range rules.patterns(kind) {
			if !yield(Rule{Kind: kind, Subject: h, Pattern: p}) {
				return false
			}
		}
	}
	for _, id := range groups {
		if !yield(Rule{Kind: link, Subject: h, Group: s.groups[id].info.Name}) {
			return false
		}
	}
	return true
}
